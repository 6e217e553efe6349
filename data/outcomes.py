"""Outcomes: the price at which a decision is filled. Later than the decision, and so never part of a Snapshot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from data.alignment import by_symbol
from data.clock import to_datetime, to_datetime64
from data.frames import equal, moments, numbers
from data.market import FloatArray, IntArray, TimeArray
from data.panel import Panel

_TICK = np.timedelta64(1, "ns")
VOLATILITY_BARS = 21
"""Returns in a bar's volatility: a month of trading days."""


@dataclass(frozen=True, slots=True)
class NextBar:
    """The price a paper fill is made at, and the instant it stood at; beside it what the rest of its bar came to."""

    price: float
    time: datetime
    convention: Literal["next_open", "next_close"]
    high: float = math.nan
    low: float = math.nan
    volume: float = math.nan
    """Units traded in the bar; NaN where unknown, as are high and low."""
    volatility: float = 0.0
    """Sample standard deviation of the last VOLATILITY_BARS simple returns through the bar; 0 before there are any."""


@dataclass(frozen=True, slots=True)
class _Tape:
    """Prices of one symbol that can be traded at, by the first instant after which a decision is too late (N,)."""

    until: TimeArray
    price: FloatArray
    rows: IntArray


def fill_prices(bars: pd.DataFrame, panel: Panel) -> FloatArray:
    """(T, S): the first open at or after each slot, or the first close after it where a bar has no open.

    NaN where no such bar is among `bars` (checked ones, COLUMNS[BARS]). Revisions do not count: a fill is made at
    the price that was first reported.
    """
    out = np.full(panel.close.shape, np.nan)
    for column, rows in by_symbol(bars, panel.instruments):
        tape = _tape(bars, rows)
        at = np.searchsorted(tape.until, panel.times, side="left")
        there = at < len(tape.until)
        out[there, column] = tape.price[at[there]]
    return out


def next_bar(bars: pd.DataFrame, symbol: str, after: datetime) -> NextBar | None:
    """The fill of a decision taken at `after`; None while `bars` hold no later bar of the symbol."""
    tape = _tape(bars, np.flatnonzero(equal(bars, "symbol", symbol)))
    at = int(np.searchsorted(tape.until, to_datetime64(after), side="left"))
    if at == len(tape.until):
        return None
    row = bars.iloc[[int(tape.rows[at])]]
    opened = not np.isnan(numbers(row, "open")[0])
    time = to_datetime(moments(row, "start" if opened else "event_time")[0])
    high, low, volume = (_known(numbers(row, name)[0]) for name in ("high", "low", "volume"))
    convention = "next_open" if opened else "next_close"
    return NextBar(float(tape.price[at]), time, convention, high, low, volume, _volatility(bars, tape, at))


def _known(number: float) -> float:
    """The number, or the one NaN, which equals itself wherever bars are compared."""
    return math.nan if np.isnan(number) else float(number)


def _volatility(bars: pd.DataFrame, tape: _Tape, at: int) -> float:
    if at < VOLATILITY_BARS:
        return 0.0
    closes = numbers(bars, "close")[tape.rows[at - VOLATILITY_BARS : at + 1]]
    return float(np.std(closes[1:] / closes[:-1] - 1.0, ddof=1))


def _tape(bars: pd.DataFrame, rows: IntArray) -> _Tape:
    event, start, known = (moments(bars, name)[rows] for name in ("event_time", "start", "known_at"))
    order = np.lexsort((known, event))
    first = np.r_[True, event[order][1:] != event[order][:-1]] if len(order) else np.zeros(0, np.bool_)
    order = order[first]
    opens, closes = (numbers(bars, name)[rows][order] for name in ("open", "close"))
    no_open = np.isnan(opens)
    until = np.where(no_open, event[order] - _TICK, start[order])
    by_time = np.argsort(until, kind="stable")
    return _Tape(until[by_time], np.where(no_open, closes, opens)[by_time], rows[order][by_time])
