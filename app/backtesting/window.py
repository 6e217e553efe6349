"""The stretch of history a run trades in, with all of the past before it to look back on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from data.clock import parse_as_of, slot_text, to_datetime, to_datetime64
from data.errors import OutOfRange
from data.history import History
from tools.backtest.conditions import Conditions
from tools.backtest.result import Result
from tools.backtest.tape import Tape
from tools.backtest.taping import tape_from_history

if TYPE_CHECKING:
    from app.runtime import Market

FEWEST = 3
"""Slots below which nothing can be said."""


@dataclass(frozen=True, slots=True)
class Window:
    """`history` begins with the data; trading begins at its row `first` and ends with its last."""

    history: History
    first: int

    @property
    def opens(self) -> str:
        """ISO time of the first slot traded in."""
        return slot_text(to_datetime(self.history.panel.times[self.first]))

    @property
    def closes(self) -> str:
        """ISO time of the last slot."""
        return slot_text(to_datetime(self.history.panel.times[-1]))

    def tape(self, history: History, conditions: Conditions) -> Tape:
        """The tape of a history of the window's slots (its own, or one with more features).

        While trading has not begun cash earns nothing, and a bar in which nothing was traded is nobody's concern.
        """
        panel, begun = history.panel, np.arange(history.panel.times.size) > self.first
        volume = np.where(begun[:, None] | (panel.volume != 0.0), panel.volume, np.nan)
        whole = tape_from_history(replace(history, panel=replace(panel, volume=volume)), conditions)
        return replace(whole, interest=np.where(begun, whole.interest, 0.0))

    def of(self, result: Result) -> Result:
        """The part of a run over the whole history that lies in the window."""
        trades, first = result.trades, self.first
        return replace(
            result,
            times=result.times[first:],
            equity=result.equity[first:],
            cash=result.cash[first:],
            units=result.units[first:],
            trades=replace(trades, slot=trades.slot - first),
            refused=tuple(replace(refusal, slot=refusal.slot - first) for refusal in result.refused),
        )


def open_window(market: Market, start: str, end: str) -> Window:
    """The window between two dates (ISO text, "" for the ends of the data).

    Without a start the run begins where half of the symbols have every feature: before that there is nothing to decide
    on. OutOfRange for dates outside the data or a window that is too short.
    """
    begins, ends = market.source.span()
    last = parse_as_of(end, market.slots)[0] if end else market.slots.at_or_before(ends)
    history = market.builder.history(begins, last)
    times = history.panel.times
    if start:
        first = int(np.searchsorted(times, to_datetime64(parse_as_of(start, market.slots)[0]), side="left"))
    else:
        known = history.ready.mean(axis=1) >= 0.5
        first = int(np.argmax(known)) if known.any() else len(times)
    if len(times) - first < FEWEST:
        remedy = f"the source has {begins:%Y-%m-%d} to {ends:%Y-%m-%d}; choose a longer window"
        raise OutOfRange(f"there are {max(0, len(times) - first)} slots to trade in", remedy)
    return Window(history, first)
