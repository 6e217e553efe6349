"""The prior of many worlds at once: `tools.portfolio.prior.inverse_volatility`, batched, before anything is frozen."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, FloatArray
from tools.portfolio.prior import CASH_SHARE

PRIOR_VOL_FLOOR = 0.01
"""Annualised vol_63; no symbol is taken for safer than this."""


def inverse_volatility(volatility: FloatArray, tradable: BoolArray) -> FloatArray:
    """Weights (..., S + 1), cash last, from `volatility` (..., S): the feature vol_63, finite where tradable.

    Over tradable symbols and cash only: `tilt` freezes the others. All cash where nothing is tradable. A test keeps it
    equal to the single form.
    """
    safety = np.where(tradable, 1.0 / np.maximum(np.where(tradable, volatility, 1.0), PRIOR_VOL_FLOOR), 0.0)
    total = safety.sum(axis=-1, keepdims=True)
    any_open = total > 0.0
    invested = (1.0 - CASH_SHARE) * safety / np.where(any_open, total, 1.0)
    return np.concatenate([invested, np.where(any_open, CASH_SHARE, 1.0)], axis=-1)
