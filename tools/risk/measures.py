"""Risk measures of a set of weights, from the past returns of what they hold.

Historical, without a distribution assumed: what the present weights would have returned in each bar of the window.
"""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, FloatArray, TimeArray
from data.panel import Panel

SECONDS_PER_YEAR = 365.25 * 24 * 3600


def window_returns(panel: Panel, bars: int) -> FloatArray:
    """The last `bars` simple returns (R, S), R <= bars; NaN before a symbol's second bar."""
    close = panel.close[-(bars + 1) :]
    return close[1:] / close[:-1] - 1.0


def complete_rows(returns: FloatArray, active: BoolArray) -> BoolArray:
    """(R,) True where every active column (S,) has a return."""
    return np.logical_and.reduce(np.isfinite(np.where(active, returns, 0.0)), axis=1)


def weighted(returns: FloatArray, weights: FloatArray) -> FloatArray:
    """Portfolio returns (R,) of fixed weights (S,), cash at 0; columns without weight are not looked at.

    Summed element by element rather than by BLAS, whose last bits depend on the machine.
    """
    active = weights != 0.0
    return (returns[:, active] * weights[active]).sum(axis=1)


def value_at_risk(returns: FloatArray, level: float = 0.95) -> float:
    """The loss that is exceeded in a share 1 - `level` of the bars (R,); positive is a loss (linear percentile)."""
    return -float(np.percentile(returns, 100.0 * (1.0 - level)))


def conditional_value_at_risk(returns: FloatArray, level: float = 0.95) -> float:
    """The mean loss in the worst share 1 - `level` of the bars (R,), the one at the cut-off included."""
    last = int((returns.size - 1) * (1.0 - level) + 1e-9)
    return -float(np.partition(returns, last)[: last + 1].mean())


def volatility(returns: FloatArray) -> float:
    """Sample standard deviation per bar (R,)."""
    return float(returns.std(ddof=1))


def bars_per_year(times: TimeArray) -> float:
    """Slots a year, from the slots themselves (T,); NaN for fewer than two."""
    if times.size < 2:
        return np.nan
    seconds = float((times[-1] - times[0]) / np.timedelta64(1, "s"))
    return (times.size - 1) * SECONDS_PER_YEAR / seconds
