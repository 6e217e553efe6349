"""Which bars are refused, and why: the one set of rules, for what a source was given and for what the lake holds.

A refused bar is set aside with its reason; nothing is mended and nothing is filled. Each rule looks at one row, or at
rows of the same time, so that no later bar can change a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.frames import moments, numbers, where
from data.market import BoolArray, FloatArray

LARGEST_PRICE = 1e7
"""Above this a price is an error of scale, not a price."""
RANGE_SLACK = 1e-4
"""By what fraction open and close may leave [low, high]: rounding of adjusted and float32 prices."""
CONTRADICTS = "contradicts another bar of the same time"

_KEY = ["symbol", "event_time", "known_at"]
VALUE_RULES = (
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
"""What is said of prices and volume that break a rule, in the order in which the rules are looked at."""
_REASONS = ("", *VALUE_RULES, "known before it happened", "closes before it opens", CONTRADICTS)


@dataclass(frozen=True, slots=True)
class Checked:
    """Bars that may be used, and those that may not (with a `reason` column); both in the order they came in."""

    clean: pd.DataFrame
    refused: pd.DataFrame


def check_bars(bars: pd.DataFrame) -> Checked:
    """Split bars (COLUMNS[BARS], more columns are kept) by the rules; a row repeated exactly counts once.

    All three of open, high and low may be NaN (closes only), and volume may be NaN (unknown). Two different bars of
    one symbol, event time and known_at that could each be used contradict each other: both are refused.
    """
    twins = bool(bars.duplicated(_KEY).any())
    bars = bars.drop_duplicates(ignore_index=True) if twins else bars
    reasons = _broken_rules(bars)
    if twins:
        sound = np.flatnonzero(reasons == 0)
        contested = bars.iloc[sound].duplicated(_KEY, keep=False).to_numpy(np.bool_)
        reasons[sound[contested]] = _REASONS.index(CONTRADICTS)
    bad = reasons != 0
    if not bad.any():
        return Checked(bars, bars.iloc[:0].assign(reason=""))
    return Checked(where(bars, ~bad), where(bars, bad).assign(reason=[_REASONS[code] for code in reasons[bad]]))


def _broken_rules(bars: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """(N,) index into _REASONS of the first rule that a bar breaks by itself, 0 where it breaks none."""
    start, event, known = (moments(bars, name) for name in ("start", "event_time", "known_at"))
    values = broken_values(*(numbers(bars, name) for name in ("open", "high", "low", "close", "volume")))
    rules = (*values, known < event, event < start)
    out = np.zeros(len(bars), np.int8)
    for code in range(len(rules), 0, -1):
        out[rules[code - 1]] = code
    return out


def broken_values(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> tuple[BoolArray, ...]:
    """Where each of VALUE_RULES is broken, in their order; all arrays are of one shape, the bars' own."""
    others: tuple[FloatArray, ...] = (open_, high, low)
    closes_only = np.logical_and.reduce([np.isnan(price) for price in others])
    with np.errstate(invalid="ignore"):
        return (
            np.isnan(close),
            np.isinf(close),
            close <= 0.0,
            close > LARGEST_PRICE,
            ~closes_only & np.logical_or.reduce([~np.isfinite(price) | (price <= 0.0) for price in others]),
            np.logical_or.reduce([price > LARGEST_PRICE for price in others]),
            high < low,
            (close > high * (1.0 + RANGE_SLACK)) | (close < low * (1.0 - RANGE_SLACK)),
            (open_ > high * (1.0 + RANGE_SLACK)) | (open_ < low * (1.0 - RANGE_SLACK)),
            np.isinf(volume) | (volume < 0.0),
        )
