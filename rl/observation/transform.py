"""How a feature becomes a column: declared here, fitted on nothing, so that a column depends on its own slot alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from data.features.spec import Features
from data.features.technical import SLOTS_PER_YEAR
from data.market import FloatArray, TimeArray

DAILY: Final = SLOTS_PER_YEAR
"""Bars of a year of daily bars."""
BAR_FRACTION: Final = DAILY**-0.5
"""The volatility features times this are the volatility of one bar: they are stated for a year of 252 bars, whatever
the frequency (data.features.technical)."""
VOL_FLOOR: Final = 0.01
"""A year's volatility; keeps pegged prices from dividing by nothing."""


@dataclass(frozen=True, slots=True)
class Transform:
    """column = clip((x - center) / scale, -limit, limit); with `bars`, scale is in volatilities of that many bars.

    `log` is for volatilities: x is the logarithm of a year's volatility, at the book's own number of bars a year.
    """

    feature: str
    center: float = 0.0
    scale: float = 1.0
    bars: float = 0.0
    log: bool = False
    limit: float = 3.0


def bars_a_year(times: TimeArray) -> float:
    """Bars of a year of 252 trading days, from the slots `times` (T,): 252 for daily bars, 1764 for seven a day.

    The typical number of slots on a date (UTC) that has any counts; so a few more slots change nothing.
    """
    if not len(times):
        return DAILY
    counts = np.unique(times.astype("datetime64[D]"), return_counts=True)[1]
    return DAILY * float(np.sort(counts)[len(counts) // 2])


def bar_volatility(features: Features, rows: slice = slice(None), per_year: float = DAILY) -> FloatArray:
    """Volatility of one bar known at each slot, (T, S), a fraction; NaN where unknown.

    It is at least VOL_FLOOR a year of `per_year` bars.
    """
    return np.maximum(features["vol_21"][rows], VOL_FLOOR * (DAILY / per_year) ** 0.5) * BAR_FRACTION


def transformed(column: Transform, values: FloatArray, volatility: FloatArray, per_year: float) -> FloatArray:
    """A feature's `values` as a column, same shape; `volatility` is that of one bar."""
    x = np.log(np.maximum(values * (per_year / DAILY) ** 0.5, VOL_FLOOR)) if column.log else values
    unit = volatility * np.sqrt(column.bars) if column.bars else 1.0
    return np.clip((x / unit - column.center) / column.scale, -column.limit, column.limit)
