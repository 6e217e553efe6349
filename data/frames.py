"""Typed ways into a pandas frame: columns as arrays, rows by mask or by the time they became known."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from data.clock import to_datetime64
from data.market import BoolArray, FloatArray, TimeArray


def moments(frame: pd.DataFrame, name: str) -> TimeArray:
    """A column of UTC timestamps, (N,) datetime64[ns]."""
    return frame[name].to_numpy("datetime64[ns]")


def numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    """A column of numbers, (N,) float64."""
    return frame[name].to_numpy(np.float64)


def words(frame: pd.DataFrame, name: str) -> list[str]:
    """A column of text."""
    return [str(word) for word in frame[name]]


def equal(frame: pd.DataFrame, name: str, word: str) -> BoolArray:
    """Where a text column says `word`, (N,)."""
    return np.asarray(frame[name] == word, np.bool_)


def where(frame: pd.DataFrame, mask: BoolArray) -> pd.DataFrame:
    """Rows at which `mask` (N,) is True, numbered from 0."""
    return frame.iloc[np.flatnonzero(mask)].reset_index(drop=True)


def cut(frame: pd.DataFrame, since: datetime | None, until: datetime | None) -> pd.DataFrame:
    """Rows with since < known_at <= until of a frame sorted by known_at, without copying."""
    known = moments(frame, "known_at")
    first = 0 if since is None else int(np.searchsorted(known, to_datetime64(since), side="right"))
    last = len(frame) if until is None else int(np.searchsorted(known, to_datetime64(until), side="right"))
    return frame.iloc[first : max(first, last)]
