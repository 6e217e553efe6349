"""The market's regime, filtered: how likely each state is given what was known at each slot, and never later.

The market is the equal-weight mean return of the symbols with a new bar. Each calendar year has a model fitted on
everything before it, and only the model's forward recursion is used: smoothed probabilities would look ahead.
"""

from __future__ import annotations

import math

import numpy as np
import talib

from data.features.regime_fit import STATES, RegimeFit, RegimeFits
from data.market import FloatArray, TimeArray
from data.panel import Panel

NAMES = ("regime_calm", "regime_normal", "regime_turbulent")
VOL_WINDOW = 21
MIN_SPAN = np.timedelta64(690, "D")
MIN_OBSERVATIONS = 400
"""Two years, less the year's first weeks and the window of the volatility."""
WARMUP = 252
"""Observations before a year on which its filter settles."""


def regime_features(panel: Panel, returns: FloatArray, fits: RegimeFits) -> dict[str, FloatArray]:
    """Filtered probabilities of the three states, each (T,); NaN before two years of data and where no model fits.

    `returns` (T, S) are one-slot returns. A slot on which no symbol has a new bar keeps the state of the slot before.
    """
    observations, at = market_observations(panel, returns)
    out = np.full((len(panel.times), STATES), np.nan)
    times = panel.times[at]
    fit: RegimeFit | None = None
    for first, end in _years(times):
        if first < MIN_OBSERVATIONS or times[first - 1] - times[0] < MIN_SPAN:
            continue
        fit = fits.fit(observations[:first], fit)
        if fit is not None:
            begin = first - WARMUP
            out[at[first:end]] = filtered(fit, observations[begin:end])[WARMUP:]
    return dict(zip(NAMES, _carried(out, panel.times, at).T, strict=True))


def market_observations(panel: Panel, returns: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """[return, its 21-slot standard deviation] of the equal-weight market (N, 2), and the slot of each row (N,)."""
    new = (panel.age == 0) & ~np.isnan(returns)
    count = new.sum(axis=1)
    rows = np.flatnonzero(count)
    total = np.ascontiguousarray(np.where(new, returns, 0.0)).sum(axis=1)
    market = total[rows] / count[rows]
    if len(market) < VOL_WINDOW:
        return np.zeros((0, 2)), rows[:0]
    volatility = talib.STDDEV(market, VOL_WINDOW, 1.0)
    keep = slice(VOL_WINDOW - 1, None)
    return np.column_stack([market[keep], volatility[keep]]), rows[keep]


def filtered(fit: RegimeFit, observations: FloatArray) -> FloatArray:
    """P(state at n | observations up to n), (N, 3): the forward recursion, normalised at each step."""
    x = (observations - np.array(fit.centre)) / np.array(fit.scale)
    means, variances = np.array(fit.means), np.array(fit.variances)
    distance = ((x[:, None, :] - means) ** 2 / variances).sum(axis=2)
    log_density = (-0.5 * (distance + np.log(variances).sum(axis=1))).tolist()
    states = range(STATES)
    columns = [[fit.transition[i][j] for i in states] for j in states]
    belief, out = fit.start, []
    for n, row in enumerate(log_density):
        expected = belief if n == 0 else [sum(belief[i] * column[i] for i in states) for column in columns]
        peak = max(row)
        weight = [expected[j] * math.exp(row[j] - peak) for j in states]
        total = sum(weight)
        belief = [w / total for w in weight] if total > 0.0 else expected
        out.append(belief)
    return np.array(out)


def _years(times: TimeArray) -> list[tuple[int, int]]:
    """[first, end) observation of each calendar year."""
    if not len(times):
        return []
    starts = np.flatnonzero(np.diff(times.astype("datetime64[Y]").astype(np.int64), prepend=-1_000_000)).tolist()
    return list(zip(starts, [*starts[1:], len(times)], strict=True))


def _carried(out: FloatArray, times: TimeArray, at: np.ndarray) -> FloatArray:
    """Slots without an observation keep the value of the last one before them."""
    last = np.full(len(times), -1)
    last[at] = at
    last = np.maximum.accumulate(last)
    return np.where((last >= 0)[:, None], out[last], np.nan)
