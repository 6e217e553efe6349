"""Bars onto slots: what each symbol's last known bar was at each slot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from data.frames import moments, numbers, where, words
from data.market import BoolArray, FloatArray, Instrument, IntArray, TimeArray
from data.panel import Panel
from data.quality import Checked

_PRICES = ("open", "high", "low", "close", "volume")


def build_panel(bars: pd.DataFrame, instruments: tuple[Instrument, ...], slots: TimeArray) -> Panel:
    """The panel of checked bars (COLUMNS[BARS]) at `slots` (T,).

    A cell is the bar with the latest event_time among those with known_at <= slot (of its revisions the last known);
    a bar known after the last slot has no influence. Bars of other symbols are passed over.
    """
    shape = (len(instruments), len(slots))
    cells: dict[str, FloatArray] = {name: np.full(shape, np.nan) for name in _PRICES}
    age = np.full(shape, -1, np.int64)
    closes_only = np.ones(len(instruments), np.bool_)
    columns = {name: numbers(bars, name) for name in _PRICES}
    event, known = moments(bars, "event_time"), moments(bars, "known_at")
    for column, rows in by_symbol(bars, instruments):
        rows = leaders(rows, event, known)
        last = np.searchsorted(known[rows], slots, side="right") - 1
        first = int(np.searchsorted(last, 0))
        if first == len(slots):
            continue
        picked = rows[last[first:]]
        for name in _PRICES:
            cells[name][column, first:] = columns[name][picked]
        age[column, first:] = _age(event[rows], known[rows], last[first:], slots, first)
        closes_only[column] = bool(np.isnan(columns["open"][rows[: last[-1] + 1]]).all())
    price = {name: np.ascontiguousarray(cell.T) for name, cell in cells.items()}
    return Panel(instruments, slots, **price, age=np.ascontiguousarray(age.T), closes_only=closes_only)


def by_symbol(frame: pd.DataFrame, instruments: tuple[Instrument, ...]) -> Iterator[tuple[int, IntArray]]:
    """Column number and row numbers (in the frame's order) of each instrument that has rows."""
    codes = pd.Index([i.symbol for i in instruments]).get_indexer(pd.Index(frame["symbol"]))
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(instruments) + 1))
    for column in range(len(instruments)):
        rows = order[edges[column] : edges[column + 1]]
        if len(rows):
            yield column, rows


def leaders(rows: IntArray, event: TimeArray, known: TimeArray) -> IntArray:
    """Rows of one symbol, by known_at, without those that were already superseded when they became known.

    `rows` index `event` and `known`. A late revision of an older bar is never the last bar of any slot.
    """
    rows = rows[np.lexsort((event[rows], known[rows]))]
    return rows[event[rows] >= np.maximum.accumulate(event[rows])]


def refused_cells(checked: Checked, instruments: tuple[Instrument, ...], slots: TimeArray) -> BoolArray:
    """(T, S): the latest bar known at the slot is one that was refused; the panel shows an older one there."""
    out = np.zeros((len(slots), len(instruments)), np.bool_)
    if checked.refused.empty:
        return out
    touched = np.isin(words(checked.clean, "symbol"), sorted(set(words(checked.refused, "symbol"))))
    # Refused ones first: of two bars known at once for the same time the good one is the later row, and counts.
    both = pd.concat([checked.refused, where(checked.clean, touched)], ignore_index=True)
    bad = np.arange(len(both)) < len(checked.refused)
    event, known = moments(both, "event_time"), moments(both, "known_at")
    for column, rows in by_symbol(both, instruments):
        rows = leaders(rows, event, known)
        last = np.searchsorted(known[rows], slots, side="right") - 1
        out[:, column] = (last >= 0) & bad[rows[last]]
    return out


def fresh(panel: Panel, max_age: int) -> BoolArray:
    """(T, S): there is a bar, and it is at most `max_age` slots old."""
    return (panel.age >= 0) & (panel.age <= max_age)


def _age(event: TimeArray, known: TimeArray, last: IntArray, slots: TimeArray, first: int) -> IntArray:
    """Slots since the bar at each slot arrived; a revision of it is no new arrival."""
    new = np.r_[True, event[1:] != event[:-1]]
    debut = np.maximum.accumulate(np.where(new, np.arange(len(event)), 0))
    arrived = np.searchsorted(slots, known[debut], side="left")
    return np.arange(first, len(slots)) - arrived[last]
