"""Risk measures of a set of weights, from the past returns of what they hold.

They are of what the present weights would have returned in each bar of the window, without a distribution assumed;
tails.py holds those that assume one.
"""

from __future__ import annotations

import math

import numpy as np

from data.market import BoolArray, FloatArray, TimeArray
from data.panel import Panel

SECONDS_PER_YEAR = 365.25 * 24 * 3600
LEVEL = 0.95
"""The confidence of every limit that is called `_95`."""


def window_returns(panel: Panel, bars: int) -> FloatArray:
    """The last `bars` simple returns (R, S), R <= bars; NaN before a symbol's second bar."""
    close = panel.close[-(bars + 1) :]
    return close[1:] / close[:-1] - 1.0


def complete_rows(returns: FloatArray, active: BoolArray) -> BoolArray:
    """(R,) True where every active column (S,) has a return."""
    known = np.isfinite(returns)
    return np.logical_and.reduce(known | ~active, axis=1)


def weighted(returns: FloatArray, weights: FloatArray) -> FloatArray:
    """Portfolio returns (R,) of fixed weights (S,), cash at 0; columns without weight are not looked at.

    Summed element by element rather than by BLAS, whose last bits depend on the machine.
    """
    active = weights != 0.0
    return (returns[:, active] * weights[active]).sum(axis=1)


def value_at_risk(returns: FloatArray, level: float = LEVEL) -> float:
    """The loss that is exceeded in a share 1 - `level` of the bars (R,); positive is a loss (linear percentile)."""
    return historical_tail(returns, level)[0]


def conditional_value_at_risk(returns: FloatArray, level: float = LEVEL) -> float:
    """The mean loss in the worst share 1 - `level` of the bars (R,), the one at the cut-off included."""
    return historical_tail(returns, level)[1]


def historical_tail(returns: FloatArray, level: float = LEVEL) -> tuple[float, float]:
    """Both of these, for little more than the price of one."""
    at = (returns.size - 1) * (1.0 - level)
    below, worst = historical_place(returns.size, level), worst_bars(returns.size, level)
    above = min(below + 1, returns.size - 1)
    ordered = np.partition(returns, (below, above, worst - 1))
    quantile = ordered[below] + (ordered[above] - ordered[below]) * (at - below)
    return -float(quantile), -float(ordered[:worst].mean())


def historical_place(bars: int, level: float = LEVEL) -> int:
    """How many of `bars` returns are surely worse than the value at risk, which lies between the next two."""
    return math.floor((bars - 1) * (1.0 - level))


def worst_bars(bars: int, level: float = LEVEL) -> int:
    """How many of `bars` returns the mean loss beyond the value at risk is taken of."""
    return int((bars - 1) * (1.0 - level) + 1e-9) + 1


def volatility(returns: FloatArray) -> float:
    """Sample standard deviation per bar (R,)."""
    return float(returns.std(ddof=1))


def beta(returns: FloatArray, benchmark: FloatArray) -> float:
    """Slope of returns (R,) on those of a benchmark (R,); NaN where the benchmark did not move."""
    centred = benchmark - benchmark.mean()
    spread = float((centred * centred).sum())
    return float((centred * returns).sum()) / spread if spread > 0.0 else np.nan


def equal_weighted(returns: FloatArray) -> FloatArray:
    """Mean return in each bar (R,) of the columns (R, S) that have one; NaN where none has."""
    known = np.isfinite(returns)
    counts = known.sum(axis=1)
    return np.where(counts > 0, np.where(known, returns, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def bars_per_year(times: TimeArray) -> float:
    """Slots a year, from the slots themselves (T,); NaN for fewer than two."""
    if times.size < 2:
        return np.nan
    seconds = float((times[-1] - times[0]) / np.timedelta64(1, "s"))
    return (times.size - 1) * SECONDS_PER_YEAR / seconds


def average_traded(panel: Panel, bars: int) -> FloatArray:
    """Money traded in a symbol in an average slot of the last `bars` (S,), in the currency of its prices.

    A slot without a new bar trades nothing. NaN where volume is not known in each of the slots, or is 0 in all of them:
    sources write 0 for what is not reported, as in forex.
    """
    volume, close, age = panel.volume[-bars:], panel.close[-bars:], panel.age[-bars:]
    known = np.logical_and.reduce(np.isfinite(volume) & np.isfinite(close) & (age >= 0), axis=0)
    money = np.where(age == 0, volume * close, 0.0).sum(axis=0) / bars
    return np.where(known & (money > 0.0) & (panel.volume.shape[0] >= bars), money, np.nan)
