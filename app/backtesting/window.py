"""The stretch of history a run looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from data.arrays import features_from, panel_from
from data.clock import parse_as_of, to_datetime, to_datetime64
from data.errors import OutOfRange
from data.history import History

if TYPE_CHECKING:
    from datetime import datetime

    from app.runtime import Market

FEWEST = 3
"""Slots below which nothing can be said."""


@dataclass(frozen=True, slots=True)
class Window:
    """A history from the first slot of a run to its last, with features that looked further back."""

    history: History
    first: datetime
    last: datetime


def open_window(market: Market, start: str, end: str) -> Window:
    """The history between two dates (ISO text, "" for the ends of the data).

    Without a start the run begins where half of the symbols have every feature: before that there is nothing to decide
    on. OutOfRange for dates outside the data or a window that is too short.
    """
    begins, ends = market.source.span()
    last = parse_as_of(end, market.slots)[0] if end else market.slots.at_or_before(ends)
    whole = market.builder.history(begins, last)
    times = whole.panel.times
    if start:
        first = int(np.searchsorted(times, to_datetime64(parse_as_of(start, market.slots)[0]), side="left"))
    else:
        known = whole.ready.mean(axis=1) >= 0.5
        first = int(np.argmax(known)) if known.any() else len(times)
    if len(times) - first < FEWEST:
        remedy = f"the source has {begins:%Y-%m-%d} to {ends:%Y-%m-%d}; choose a longer window"
        raise OutOfRange(f"there are {max(0, len(times) - first)} slots to trade in", remedy)
    cut = replace(
        whole,
        panel=panel_from(whole.panel, first),
        features=features_from(whole.features, first),
        fill=whole.fill[first:],
        ready=whole.ready[first:],
    )
    return Window(cut, to_datetime(times[first]), last)
