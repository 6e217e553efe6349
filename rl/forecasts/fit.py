"""Walk-forward fits: each calendar year has classifiers that saw only outcomes known before it began."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.history import History
from data.market import BoolArray, FloatArray, IntArray
from rl.forecasts.forecaster import Forecaster, calendar_years, forecast_columns
from rl.observation import FORECAST_HORIZONS, bars_a_year

PRIOR_SD = 0.1
"""Coefficients are drawn, a priori, from a normal of this deviation: ten of them at one unit each move the odds by as
much as a coin that falls heads 58 % of the time. Markets promise less."""
LEAST_SLOTS = 252
"""Slots with a known outcome before there is a first fit: a year of daily bars."""
_STEPS = 200
"""Most steps of the solver; a fit takes about ten."""


class _Sample(NamedTuple):
    """Cells of all symbols in the order of time."""

    columns: FloatArray
    """(N, K)"""
    slot: IntArray
    """(N,)"""
    symbol: IntArray
    """(N,)"""


def fit_forecaster(history: History) -> Forecaster:
    """Classifiers for every calendar year that begins after LEAST_SLOTS slots with known outcomes.

    The outcome of t over h bars is the sign of close[t + h] / close[t] - 1; the fit for a year whose first slot is r
    takes t + h < r. Cells of one slot move together and outcomes of h bars overlap, so a slot weighs 1 / h in all.
    """
    panel = history.panel
    block = forecast_columns(history.features, panel.instruments, per_year=bars_a_year(panel.times))
    usable = history.ready & np.isfinite(block).all(axis=2) & np.isfinite(panel.close)
    slot, symbol = np.nonzero(usable)
    sample = _Sample(block[slot, symbol].astype(np.float64), slot, symbol)
    years = calendar_years(panel.times)
    fits: dict[int, tuple[FloatArray, FloatArray]] = {}
    outcomes = [_outcomes(panel.close, sample, bars) for bars in FORECAST_HORIZONS]
    for first in np.flatnonzero(np.diff(years, prepend=years[:1])).tolist():
        found = [
            _fit(sample, up, weight, int(np.searchsorted(slot, first - bars)))
            for bars, (up, weight) in zip(FORECAST_HORIZONS, outcomes, strict=True)
        ]
        complete = [f for f in found if f is not None]
        if len(complete) == len(found):
            fits[int(years[first])] = np.array([w for w, _ in complete]), np.array([b for _, b in complete])
    shape = (len(fits), len(FORECAST_HORIZONS))
    weights = np.array([w for w, _ in fits.values()], dtype=np.float32).reshape(*shape, block.shape[2])
    biases = np.array([b for _, b in fits.values()], dtype=np.float32).reshape(shape)
    return Forecaster(np.array(list(fits), dtype=np.int64), weights, biases)


def _outcomes(close: FloatArray, sample: _Sample, bars: int) -> tuple[BoolArray, FloatArray]:
    """Whether each cell's price rose over `bars`, and its weight, each (N,); unknown and unmoved ones weigh 0."""
    later = np.full(close.shape, np.nan)
    later[:-bars] = close[bars:]
    move = later[sample.slot, sample.symbol] / close[sample.slot, sample.symbol] - 1.0
    told = np.isfinite(move) & (move != 0.0)
    cells = np.bincount(sample.slot, told, minlength=len(close))
    return move > 0.0, told / (bars * np.maximum(cells[sample.slot], 1.0))


def _fit(sample: _Sample, up: BoolArray, weight: FloatArray, cells: int) -> tuple[FloatArray, float] | None:
    """Coefficients (K,) and intercept from the first `cells` cells; None where they are too few to tell anything."""
    told = weight[:cells] > 0.0
    seen = up[:cells][told]
    if len(np.unique(sample.slot[:cells][told])) < LEAST_SLOTS or seen.all() or not seen.any():
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=PRIOR_SD**2, max_iter=_STEPS, tol=1e-6)
    # One thread: how sums are split must not depend on the machine.
    with threadpool_limits(1):
        model.fit(sample.columns[:cells], up[:cells], sample_weight=weight[:cells])
    coefficients: FloatArray = np.asarray(model.coef_, dtype=np.float64)
    return coefficients[0], float(np.asarray(model.intercept_)[0])
