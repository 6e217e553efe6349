"""What a bar must be to be believed: pure checks that a source of files or a live one runs on what it was given.

A refused bar is taken out and named; nothing is repaired and nothing is filled.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from data.market import BoolArray, FloatArray
from data.snapshot import Finding

LARGEST_PRICE = 1e7
"""Above this a price is an error of scale, not a price."""
RANGE_SLACK = 1e-4
"""By what fraction open and close may leave [low, high]: rounding of adjusted and float32 prices."""
NAMED_BARS = 20
"""So many refused bars are named one by one for a symbol; the others are counted."""

_VALUES = ["open", "high", "low", "close", "volume"]


def check_bars(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Separate the bars that can be used from those that cannot.

    `frame` has symbol, event_time, open, high, low, close, volume; all three of open, high and low may be NaN
    (closes only), and volume may be NaN (unknown). Returns the usable rows in their order, and one "refused" finding
    for each other row, in order of symbol and time (the first NAMED_BARS of a symbol, then a count).
    """
    reasons = _reasons(*(frame[name].to_numpy(np.float64) for name in _VALUES))
    bad = reasons != 0
    if not bad.any():
        return frame, ()
    refused = frame.loc[bad, ["symbol", "event_time", "close"]].assign(reason=reasons[bad])
    return frame.loc[~bad], tuple(_refusals(refused))


def drop_repeats(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Drop bars that say again what an earlier row said; one "duplicate" finding a symbol counts them."""
    keys = ["symbol", "event_time"]
    if not frame.duplicated(keys).any():
        return frame, ()
    again = frame.duplicated([*keys, *_VALUES])
    counts = frame.loc[again].groupby("symbol").size().sort_index()
    found = tuple(Finding("duplicate", str(s), f"{n} bars given twice with the same values") for s, n in counts.items())
    return frame.loc[~again], found


def conflicting(frame: pd.DataFrame) -> pd.DataFrame:
    """All rows of the bars (symbol, event_time) that are given more than once; run after `drop_repeats`."""
    return frame.loc[frame.duplicated(["symbol", "event_time"], keep=False)]


_TEXTS = (
    "",
    "the close is missing",
    "the close is infinite",
    "the close is not positive",
    f"the close is above {LARGEST_PRICE:.0e}",
    "open, high or low is missing, infinite or not positive",
    f"open, high or low is above {LARGEST_PRICE:.0e}",
    "high is below low",
    "the close is outside [low, high]",
    "the open is outside [low, high]",
    "the volume is negative or infinite",
)


def _reasons(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """(N,) index into _TEXTS of the first rule a bar breaks, 0 where it breaks none."""
    closes_only = np.isnan(open_) & np.isnan(high) & np.isnan(low)
    others = (open_, high, low)
    with np.errstate(invalid="ignore"):
        rules: tuple[BoolArray, ...] = (
            np.isnan(close),
            np.isinf(close),
            close <= 0.0,
            close > LARGEST_PRICE,
            ~closes_only & np.logical_or.reduce([~np.isfinite(p) | (p <= 0.0) for p in others]),
            np.logical_or.reduce([p > LARGEST_PRICE for p in others]),
            high < low,
            (close > high * (1.0 + RANGE_SLACK)) | (close < low * (1.0 - RANGE_SLACK)),
            (open_ > high * (1.0 + RANGE_SLACK)) | (open_ < low * (1.0 - RANGE_SLACK)),
            np.isinf(volume) | (volume < 0.0),
        )
    out = np.zeros(len(close), np.int8)
    for code in range(len(rules), 0, -1):
        out[rules[code - 1]] = code
    return out


def _refusals(refused: pd.DataFrame) -> Iterator[Finding]:
    for symbol, rows in refused.sort_values(["symbol", "event_time"]).groupby("symbol", sort=True):
        for when, close, reason in zip(
            rows["event_time"].head(NAMED_BARS), rows["close"], rows["reason"], strict=False
        ):
            day = pd.Timestamp(when).strftime("%Y-%m-%dT%H:%MZ")
            yield Finding("refused", str(symbol), f"bar of {day} with close {close:g}: {_TEXTS[int(reason)]}")
        if len(rows) > NAMED_BARS:
            yield Finding("refused", str(symbol), f"and {len(rows) - NAMED_BARS} more bars")
