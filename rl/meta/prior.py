"""The priors of many worlds at once: those of `tools.portfolio.prior`, batched, before anything is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import numpy as np

from data.errors import CorruptFile
from data.market import BoolArray, FloatArray, IntArray, TimeArray
from tools.portfolio.balance import balanced
from tools.portfolio.covariance import correlations, rebalanced
from tools.portfolio.prior import CASH_SHARE, PriorName

PRIOR_VOL_FLOOR = 0.01
"""Annualised vol_63; no symbol is taken for safer than this."""
DEFAULT: PriorName = "inverse_volatility"


class Correlations(NamedTuple):
    """`matrices` (K, S, S) float32, one for each slot at which weights are rebalanced; `newest` (T,) which is known."""

    matrices: np.ndarray
    newest: IntArray


def correlations_through(times: TimeArray, to_fill: FloatArray, to_close: FloatArray) -> Correlations:
    """What is known of correlations at each slot, from the returns (T, S) that follow each slot's close."""
    moves = np.zeros_like(to_close)
    moves[1:] = ((1.0 + to_fill) * (1.0 + to_close) - 1.0)[:-1]
    slots, newest = np.unique(rebalanced(times), return_inverse=True)
    return Correlations(correlations(moves, slots).astype(np.float32), newest.astype(np.int64))


def known_correlation(times: TimeArray, close: FloatArray) -> FloatArray:
    """The last of `correlations_through`, (S, S), from closes (T, S), NaN where unknown: what a cycle knows."""
    moves = np.zeros_like(close)
    moves[1:] = np.nan_to_num(close[1:] / close[:-1] - 1.0)
    return correlations(moves, rebalanced(times)[-1:])[0]


def prior_named(config: Mapping[str, Any]) -> PriorName:
    """The prior that a manifest's config names: DEFAULT where it says nothing; CorruptFile where there is no such."""
    name = config.get("meta", {}).get("prior", DEFAULT)
    if name not in get_args(PriorName):
        raise CorruptFile(f"the policy's prior is {name!r}", f"one of {', '.join(get_args(PriorName))}")
    return name


def priors(
    name: PriorName, volatility: FloatArray, tradable: BoolArray, at: IntArray, chosen: IntArray,
    known: Correlations | None,
) -> FloatArray:  # fmt: skip
    """Weights (W, N + 1), cash last: of the columns `chosen` (W, N) at the slots `at` (W,).

    `volatility` (W, N): the feature vol_63, finite where `tradable` (W, N). A subset's prior is that of its part of the
    covariance. Over tradable symbols and cash only: `tilt` freezes the others. All cash where nothing is tradable. A
    test keeps it equal to the single forms.
    """
    if name == "inverse_volatility":
        return inverse_volatility(volatility, tradable)
    if name == "equal_weight":
        return _invested(tradable.astype(np.float64))
    assert known is not None, "a tape with this prior holds correlations (rl.meta.tape.with_prior)"
    floored = np.maximum(np.where(tradable, volatility, 1.0), PRIOR_VOL_FLOOR)
    return _invested(balanced(name, known.matrices, known.newest[at], chosen, floored, tradable))


def inverse_volatility(volatility: FloatArray, tradable: BoolArray) -> FloatArray:
    """Weights (..., S + 1), cash last, from `volatility` (..., S), as `priors` gives them."""
    return _invested(np.where(tradable, 1.0 / np.maximum(np.where(tradable, volatility, 1.0), PRIOR_VOL_FLOOR), 0.0))


def _invested(shares: FloatArray) -> FloatArray:
    """Cash and, in proportion to `shares` (..., S), the rest."""
    total = shares.sum(axis=-1, keepdims=True)
    any_open = total > 0.0
    invested = (1.0 - CASH_SHARE) * shares / np.where(any_open, total, 1.0)
    return np.concatenate([invested, np.where(any_open, CASH_SHARE, 1.0)], axis=-1)
