"""Which bars are refused, and why. Each rule looks at one row, so that no later bar can change a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.frames import moments, numbers, where
from data.market import BoolArray, FloatArray

CONTRADICTS = "contradicts another bar of the same time"
_PRICES = ("open", "high", "low", "close")
_ABOVE_ZERO = 5e-324
"""The smallest positive number: below it a price is zero or negative."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Bars that may be used, and those that may not (with a `reason` column); both sorted by known_at."""

    clean: pd.DataFrame
    refused: pd.DataFrame


def check_bars(bars: pd.DataFrame) -> Checked:
    """Split bars (COLUMNS[BARS], sorted by known_at) by the rules below; a row repeated exactly counts once.

    Two different bars of one symbol, event time and known_at contradict each other: both are refused.
    """
    bars = bars.drop_duplicates(ignore_index=True) if _repeats(bars).any() else bars
    reasons = _reasons(bars)
    bad = reasons != ""
    if not bad.any():
        return Checked(bars, bars.iloc[:0].assign(reason=""))
    return Checked(where(bars, ~bad), where(bars, bad).assign(reason=reasons[bad]))


def _reasons(bars: pd.DataFrame) -> np.ndarray:
    """One reason a row, "" for a good one; a later rule only speaks where no earlier one did."""
    values = {name: numbers(bars, name) for name in (*_PRICES, "volume")}
    start, event, known = (moments(bars, name) for name in ("start", "event_time", "known_at"))
    rules: tuple[tuple[str, BoolArray], ...] = (
        ("close is missing", np.isnan(values["close"])),
        ("a price is not finite", np.logical_or.reduce([np.isinf(values[name]) for name in _PRICES])),
        ("a price is not positive", np.logical_or.reduce([_less(values[name], _ABOVE_ZERO) for name in _PRICES])),
        ("high is below low", _less(values["high"], values["low"])),
        ("volume is negative", _less(values["volume"], 0.0)),
        ("known before it happened", known < event),
        ("closes before it opens", event < start),
        (CONTRADICTS, _repeats(bars)),
    )
    out = np.full(len(bars), "", dtype=object)
    for reason, broken in rules:
        out[broken & (out == "")] = reason
    return out


def _less(left: FloatArray, right: FloatArray | float) -> BoolArray:
    with np.errstate(invalid="ignore"):
        return left < right


def _repeats(bars: pd.DataFrame) -> BoolArray:
    return bars.duplicated(["symbol", "event_time", "known_at"], keep=False).to_numpy(np.bool_)
