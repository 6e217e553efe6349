"""Corporate actions: what changes a holding without a trade, and on which slot of a tape it does so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from data.clock import slot_text, to_datetime
from data.errors import BadBar
from data.market import BoolArray, FloatArray, Instrument, IntArray, TimeArray
from data.universe import select

LARGEST_RATIO = 1000.0
"""Of units after and before a split, either way: above it is an error of scale."""
SHOWN_FROM = 1.5
"""Splits of at least this ratio must be seen in the prices; smaller ones drown in a day's move."""


@dataclass(frozen=True, slots=True)
class Split:
    """`ratio` units for each one held, from the open of `day` (the ex-date, UTC) on. Prices are as quoted."""

    symbol: str
    day: date
    ratio: float


@dataclass(frozen=True, slots=True)
class Dividend:
    """`amount` a unit, in the symbol's currency, to whoever holds before the open of `day` (the ex-date, UTC); a short
    pays it. Tax is not modelled, and cash comes on the ex-date, not on the pay date."""

    symbol: str
    day: date
    amount: float


@dataclass(frozen=True, slots=True)
class Delisting:
    """The last bar ever is that of `day` (UTC) or before it; what is left is paid out by the rules of the run."""

    symbol: str
    day: date


Action = Split | Dividend | Delisting


@dataclass(frozen=True, slots=True)
class Placed:
    """Actions on the slots of a tape: the arrays of that name of a Tape."""

    split: FloatArray
    """(T, S)"""
    dividend: FloatArray
    """(T, S)"""
    delisted: IntArray
    """(S,)"""


def place(actions: Sequence[Action], instruments: tuple[Instrument, ...], times: TimeArray, fresh: BoolArray) -> Placed:
    """Each action on the first slot after the start of its day; one outside the slots changes nothing in them, nor does
    one at the first slot, before which nothing is held.

    Raises UnknownSymbol for a symbol that is not among `instruments`, BadBar for an amount that cannot be, for one
    kind of action twice on a day, and for a bar after a delisting.
    """
    columns = {i.symbol: n for n, i in enumerate(instruments)}
    shape = (len(times), len(instruments))
    out = Placed(np.ones(shape), np.zeros(shape), np.full(shape[1], -1, np.int64))
    seen: set[tuple[type[Action], str, date]] = set()
    for action in sorted(actions, key=lambda each: each.day):
        column = columns[select(instruments, (action.symbol,), "the tape")[0].symbol]
        _check(action, seen)
        start = np.datetime64(action.day, "ns")
        if isinstance(action, Delisting):
            out.delisted[column] = _last_bar(action, times, fresh[:, column])
            continue
        slot = int(np.searchsorted(times, start, side="right"))
        if 0 < slot < len(times):
            if isinstance(action, Split):
                out.split[slot, column] *= action.ratio
                out.dividend[slot, column] /= action.ratio
            else:
                out.dividend[slot, column] += action.amount
    return out


def check_shown(split: FloatArray, close: FloatArray, fresh: BoolArray, names: Sequence[str], times: TimeArray) -> None:
    """BadBar where a split of SHOWN_FROM or more is not in `close` (T, S): the prices are adjusted for it already, or
    its day is wrong. What is compared is the move from the last bar before it to the first from it on."""
    for slot, column in np.argwhere((split >= SHOWN_FROM) | (split <= 1.0 / SHOWN_FROM)).tolist():
        before = np.flatnonzero(fresh[:slot, column])
        after = np.flatnonzero(fresh[slot:, column])
        if len(before) and len(after):
            move = math.log(close[slot + after[0], column] / close[before[-1], column])
            if abs(move + math.log(split[slot, column])) > abs(move):
                remedy = "leave out splits for which the prices are adjusted, and give ex-dates"
                raise BadBar(
                    names[column],
                    slot_name(times, slot),
                    f"the prices show no split of {split[slot, column]:g}",
                    remedy,
                )


def slot_name(times: TimeArray, row: int) -> str:
    """The slot at `row` of `times` (T,), as it is written everywhere."""
    return slot_text(to_datetime(times[row]))


def _check(action: Action, seen: set[tuple[type[Action], str, date]]) -> None:
    key = (type(action), action.symbol, action.day)
    if key in seen:
        raise BadBar(action.symbol, action.day, f"two {type(action).__name__.lower()}s on a day", "keep one of them")
    seen.add(key)
    if isinstance(action, Split) and not 1.0 / LARGEST_RATIO <= action.ratio <= LARGEST_RATIO:
        raise BadBar(action.symbol, action.day, f"a split of {action.ratio:g}", "give units after over units before")
    if isinstance(action, Dividend) and not (math.isfinite(action.amount) and action.amount >= 0.0):
        raise BadBar(action.symbol, action.day, f"a dividend of {action.amount:g}", "give cash a unit, not negative")


def _last_bar(action: Delisting, times: TimeArray, fresh: BoolArray) -> int:
    """The slot of the last bar; -1 where the delisting comes after the slots, or no bar was there at all."""
    start = np.datetime64(action.day, "ns")
    bars = np.flatnonzero(fresh)
    if start > times[-1] or not len(bars):
        return -1
    late = bars[times[bars] > start + np.timedelta64(1, "D")]
    if len(late):
        when = slot_name(times, int(late[0]))
        raise BadBar(action.symbol, when, f"a bar after the delisting of {action.day}", "correct the day")
    return int(bars[-1])
