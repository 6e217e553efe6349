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
from data.frames import moments, numbers
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
        tape = _tape(bars.iloc[rows], rows)
        at = np.searchsorted(tape.until, panel.times, side="left")
        there = at < len(tape.until)
        out[there, column] = tape.price[at[there]]
    return out


class FillTapes:
    """Checked bars (COLUMNS[BARS]) of every symbol as arrays, to be asked for the fills of many decisions."""

    def __init__(self, bars: pd.DataFrame) -> None:
        self._bars = bars
        codes, symbols = pd.factorize(bars["symbol"])
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(symbols)))
        self._rows = {
            str(name): order[end - n : end]
            for name, end, n in zip(symbols, ends, np.diff(ends, prepend=0), strict=True)
        }
        self._numbers = {name: numbers(bars, name) for name in ("open", "high", "low", "close", "volume")}
        self._moments = {name: moments(bars, name) for name in ("start", "event_time")}
        self._tapes: dict[str, _Tape] = {}

    def next_bar(self, symbol: str, after: datetime) -> NextBar | None:
        """The fill of a decision taken at `after`; None while there is no later bar of the symbol."""
        if symbol not in self._rows:
            return None
        if symbol not in self._tapes:
            self._tapes[symbol] = _tape(self._bars.iloc[self._rows[symbol]], self._rows[symbol])
        tape = self._tapes[symbol]
        at = int(np.searchsorted(tape.until, to_datetime64(after), side="left"))
        if at == len(tape.until):
            return None
        row = int(tape.rows[at])
        opened = not np.isnan(self._numbers["open"][row])
        time = to_datetime(self._moments["start" if opened else "event_time"][row])
        high, low, volume = (_known(self._numbers[name][row]) for name in ("high", "low", "volume"))
        volatility = _volatility(self._numbers["close"], tape, at)
        return NextBar(
            float(tape.price[at]), time, "next_open" if opened else "next_close", high, low, volume, volatility
        )


def next_bar(bars: pd.DataFrame, symbol: str, after: datetime) -> NextBar | None:
    """The fill of a decision taken at `after`; None while `bars` hold no later bar of the symbol."""
    return FillTapes(bars).next_bar(symbol, after)


def _known(number: float) -> float:
    """The number, or the one NaN, which equals itself wherever bars are compared."""
    return math.nan if np.isnan(number) else float(number)


def _volatility(close: FloatArray, tape: _Tape, at: int) -> float:
    if at < VOLATILITY_BARS:
        return 0.0
    closes = close[tape.rows[at - VOLATILITY_BARS : at + 1]]
    return float(np.std(closes[1:] / closes[:-1] - 1.0, ddof=1))


def _tape(bars: pd.DataFrame, rows: IntArray) -> _Tape:
    """Of the `bars` of one symbol, which are at `rows` of the frame they were taken from."""
    event, start, known = (moments(bars, name) for name in ("event_time", "start", "known_at"))
    order = np.lexsort((known, event))
    first = np.r_[True, event[order][1:] != event[order][:-1]] if len(order) else np.zeros(0, np.bool_)
    order = order[first]
    opens, closes = (numbers(bars, name)[order] for name in ("open", "close"))
    no_open = np.isnan(opens)
    until = np.where(no_open, event[order] - _TICK, start[order])
    by_time = np.argsort(until, kind="stable")
    return _Tape(until[by_time], np.where(no_open, closes, opens)[by_time], rows[order][by_time])
