"""The shape of every table a source hands over: columns, types, order, and the window of time asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from data.errors import BadConfig
from data.sources.protocol import COLUMNS, Kind

_TIMES = frozenset({"start", "event_time", "known_at", "expiry"})
_NUMBERS = frozenset(
    {"open", "high", "low", "close", "volume", "value", "score", "strike", "bid", "ask", "iv", "open_interest"}
)


def conform(kind: Kind, frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with COLUMNS[kind]: times datetime64[ns, UTC], numbers float64, texts str; sorted by known_at.

    Ties are ordered by event time and then by the text columns, so that the order of the input does not matter.
    """
    columns = list(COLUMNS[kind])
    out = frame.loc[:, columns].astype({name: _type(name) for name in columns})
    texts = [name for name in columns if name not in _TIMES | _NUMBERS and name != "text"]
    return out.sort_values(["known_at", "event_time", *texts], ignore_index=True)


def empty(kind: Kind) -> pd.DataFrame:
    """A table without rows: truly none."""
    return pd.DataFrame({name: pd.Series(dtype=_type(name)) for name in COLUMNS[kind]})


def window(frame: pd.DataFrame, since: datetime | None, until: datetime | None) -> pd.DataFrame:
    """Rows with since < known_at <= until of a frame sorted by known_at."""
    known = frame["known_at"].dt.tz_convert(None).to_numpy()
    first = 0 if since is None else int(np.searchsorted(known, utc(since), side="right"))
    last = len(frame) if until is None else int(np.searchsorted(known, utc(until), side="right"))
    return frame.iloc[first : max(first, last)].reset_index(drop=True)


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """One column under its proper type."""
    return frame.loc[:, name]


def utc(moment: datetime) -> np.datetime64:
    """The moment as datetime64[ns] in UTC; BadConfig where it carries no time zone."""
    if moment.tzinfo is None:
        raise BadConfig(f"the time {moment.isoformat()} carries no time zone", "give it in UTC")
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "ns")


def _type(name: str) -> str:
    if name in _TIMES:
        return "datetime64[ns, UTC]"
    return "float64" if name in _NUMBERS else "str"
