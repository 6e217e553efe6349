"""The shape of the lake's tables: which columns, of which type, under which key."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data.clock import slot_text, to_datetime
from data.frames import moments, numbers
from data.market import AssetClass, Instrument
from data.sources.protocol import COLUMNS, Kind, Source

INSTRUMENTS = "instruments"
"""The silver table of a source's tradable names, beside one table for each Kind."""
SILVER = "silver"
FEATURES = "gold/features"

_TIMES = frozenset({"start", "event_time", "known_at", "expiry"})
_TEXTS = frozenset(
    {"symbol", "series", "role", "unit", "id", "publisher", "channel", "text", "underlying", "right", "instant"}
)
INSTANT = "instant"
"""The partition column of chains: when they were known, as text."""
WHOLE = (Kind.BARS, Kind.MACRO, Kind.NEWS, Kind.POSTS)
"""Kinds that are read whole into memory; chains are read by window."""

KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.BARS: ("symbol", "event_time"),
    Kind.MACRO: ("series", "event_time"),
    Kind.NEWS: ("id", "symbol"),
    Kind.POSTS: ("id", "symbol"),
    Kind.CHAINS: ("underlying", "known_at"),
}
"""What names a fact: a second row under the same key is a revision of it."""

ORDER: dict[Kind, tuple[str, ...]] = {
    Kind.BARS: ("known_at", "event_time", "symbol"),
    Kind.MACRO: ("known_at", "event_time", "series"),
    Kind.NEWS: ("known_at", "id", "symbol"),
    Kind.POSTS: ("known_at", "id", "symbol"),
    Kind.CHAINS: ("known_at", "underlying", "expiry", "strike", "right"),
}
"""The order in which rows are read, whatever order they were written in."""


def table_name(kind: Kind | str) -> str:
    """The name a record carries: "silver/bars"."""
    return f"{SILVER}/{kind}"


def source_key(source: Source) -> str:
    """Name and a short hash of the parameters: the folder of a source's tables."""
    text = json.dumps(source.params(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{source.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def columns(kind: Kind) -> tuple[str, ...]:
    """Stored columns of a kind: those of the source, and the tone of texts."""
    return (*COLUMNS[kind], "tone") if kind in (Kind.NEWS, Kind.POSTS) else COLUMNS[kind]


def schema(kind: Kind) -> pa.Schema:
    """Arrow types of a kind's columns; times are UTC microseconds, the finest Delta keeps."""
    names = (*columns(kind), INSTANT) if kind is Kind.CHAINS else columns(kind)
    return pa.schema([(name, _type(name)) for name in names])


def to_arrow(kind: Kind, frame: pd.DataFrame) -> pa.Table:
    """A frame as it is written."""
    if kind is Kind.CHAINS:
        frame = frame.assign(**{INSTANT: instants(frame)})
    return pa.Table.from_pandas(frame, schema=schema(kind), preserve_index=False)


def instants(frame: pd.DataFrame) -> list[str]:
    """The partition each row of chains belongs to."""
    return [slot_text(to_datetime(known)).replace(":", "") for known in moments(frame, "known_at")]


def from_arrow(kind: Kind, table: pa.Table) -> pd.DataFrame:
    """A table as it is read: times datetime64[ns, UTC], numbers float64, rows in ORDER."""
    frame = table.select(list(columns(kind))).to_pandas()
    frame = frame.astype({name: "datetime64[ns, UTC]" for name in columns(kind) if name in _TIMES})
    keys = [_sort_key(frame, name) for name in reversed(ORDER[kind])]
    return frame.iloc[np.lexsort(keys)].reset_index(drop=True)


@cache
def empty(kind: Kind) -> pd.DataFrame:
    """No rows of a kind, as they are read."""
    return from_arrow(kind, schema(kind).empty_table())


def instrument_table(instruments: tuple[Instrument, ...]) -> pa.Table:
    """Instruments as they are written."""
    rows: list[dict[str, Any]] = [
        {
            "symbol": i.symbol,
            "asset_class": i.asset_class.value,
            "calendar": i.calendar,
            "sector": i.sector,
            "currency": i.currency,
        }
        for i in instruments
    ]
    names = ("symbol", "asset_class", "calendar", "sector", "currency")
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def to_instruments(table: pa.Table) -> tuple[Instrument, ...]:
    """Instruments as they are read, sorted by symbol."""
    rows = sorted(table.to_pylist(), key=lambda row: str(row["symbol"]))
    return tuple(Instrument(**(row | {"asset_class": AssetClass(row["asset_class"])})) for row in rows)


def _type(name: str) -> pa.DataType:
    if name in _TIMES:
        return pa.timestamp("us", tz="UTC")
    return pa.string() if name in _TEXTS else pa.float64()


def _sort_key(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name in _TEXTS:
        return pd.factorize(frame[name], sort=True)[0]
    return moments(frame, name) if name in _TIMES else numbers(frame, name)
