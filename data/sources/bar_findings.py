"""What a source says of the bars that will not be used: those given twice, and those that data.quality refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from data.frames import words
from data.snapshot import Finding

NAMED_BARS = 20
"""So many refused bars are named one by one for a symbol; the others are counted."""

_KEY = ["symbol", "event_time"]
_VALUES = ["open", "high", "low", "close", "volume"]


def drop_repeats(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Drop bars that say again what an earlier row said; one "duplicate" finding a symbol counts them."""
    if not frame.duplicated(_KEY).any():
        return frame, ()
    again = frame.duplicated([*_KEY, *_VALUES])
    counts = frame.loc[again].groupby("symbol").size().sort_index()
    found = tuple(Finding("duplicate", str(s), f"{n} bars given twice with the same values") for s, n in counts.items())
    return frame.loc[~again], found


def name_refused(refused: pd.DataFrame) -> tuple[Finding, ...]:
    """One "refused" finding for each bar (COLUMNS[BARS] and `reason`), by symbol and time; those of a symbol beyond
    the first NAMED_BARS are counted."""
    return tuple(_refusals(refused.sort_values(_KEY)))


def _refusals(ordered: pd.DataFrame) -> Iterator[Finding]:
    for symbol, rows in ordered.groupby("symbol", sort=True):
        named = rows.head(NAMED_BARS)
        for when, close, reason in zip(named["event_time"], named["close"], words(named, "reason"), strict=True):
            day = pd.Timestamp(when).strftime("%Y-%m-%dT%H:%MZ")
            yield Finding("refused", str(symbol), f"bar of {day} with close {close:g}: {reason}")
        if len(rows) > NAMED_BARS:
            yield Finding("refused", str(symbol), f"and {len(rows) - NAMED_BARS} more bars")
