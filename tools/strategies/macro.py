"""Macro: one appetite for risk for the whole market, felt the more the more volatile a symbol is.

Releases (growth up is good; wider credit spreads, higher volatility and higher rates are bad), the breadth of the
market and its regime are three voices of equal weight. A symbol's rank of volatility stands in for its exposure.
"""

from __future__ import annotations

import numpy as np

from data.features.spec import Features
from data.market import FloatArray
from tools.strategies.scores import Scores, agreement, paired

SIGNS = {"macro_growth": 1.0, "macro_credit": -1.0, "macro_volatility": -1.0, "macro_rate": -0.5}
"""What a rise (z-score) of each role's series means for risky assets."""


def macro(features: Features) -> Scores:
    """The same sign for every symbol; unknown while no release is known or all are stale."""
    releases = sum((sign * features.market(name) for name, sign in SIGNS.items()), start=_zeros(features))
    breadth = 2.0 * features.market("breadth") - 1.0
    regime = features.market("regime_calm") - features.market("regime_turbulent")
    voices = np.stack([np.tanh(0.5 * releases), breadth, regime])[:, :, None]
    known = features.market("macro_known")[:, None]
    exposure = 0.75 + 0.25 * features["rank_vol_21"]
    return paired(voices.mean(axis=0) * exposure, np.where(known > 0.0, known * agreement(voices), np.nan))


def _zeros(features: Features) -> FloatArray:
    return np.zeros(features.shared.shape[0])
