"""Small snapshots for tests of agents: random features under their real names, and whatever facts a test needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from data.features.catalog import SHARED_SPECS, SPECS
from data.features.spec import Features
from data.market import AssetClass, Instrument
from data.panel import Panel
from data.snapshot import MacroFact, Snapshot, Text
from tools.execution.book import Book, Position

SYMBOLS = ("AAPL", "BTC-USD", "KO", "XOM")
AS_OF = datetime(2020, 3, 16, 20, tzinfo=UTC)
SLOTS = 8


def a_snapshot(seed: int = 0, symbols: tuple[str, ...] = SYMBOLS, **changes: Any) -> Snapshot:
    """A sound snapshot: every feature known, every symbol tradable, two headlines, a post, two releases."""
    rng = np.random.default_rng(seed)
    size = len(symbols)
    close = 100.0 + rng.uniform(-5, 5, (SLOTS, size)).cumsum(axis=0)
    instruments = tuple(Instrument(s, AssetClass.CRYPTO if "-" in s else AssetClass.STOCK) for s in symbols)
    panel = Panel(
        instruments, times_until(AS_OF), close, close, close, close, np.ones_like(close),
        np.zeros(close.shape, np.int64), np.zeros(size, np.bool_),
    )  # fmt: skip
    fields: dict[str, Any] = {
        "source": "sample", "as_of": AS_OF, "frequency": "1d", "panel": panel, "features": features_of(rng, size),
        "tradable": np.ones(size, np.bool_), "macro": releases(), "news": headlines(), "posts": posts(), "chains": (),
        "findings": (), "unavailable": {}, "lake": {"bars": 1}, "content_hash": "ab" * 32,
    }  # fmt: skip
    return Snapshot(**(fields | changes))


def times_until(as_of: datetime) -> np.ndarray:
    last = np.datetime64(as_of.replace(tzinfo=None), "ns")
    return last - np.arange(SLOTS - 1, -1, -1) * np.timedelta64(1, "D").astype("timedelta64[ns]")


def features_of(rng: np.random.Generator, symbols: int) -> Features:
    values = rng.uniform(-0.3, 0.3, (SLOTS, symbols, len(SPECS)))
    for k, spec in enumerate(SPECS):
        if spec.name.startswith(("vol_", "rsi", "atr")) or spec.name.endswith("_count"):
            values[:, :, k] = np.abs(values[:, :, k]) + 0.1
    shared = rng.uniform(0.1, 0.9, (SLOTS, len(SHARED_SPECS)))
    return Features(SPECS, values, SHARED_SPECS, shared)


def with_feature(snapshot: Snapshot, name: str, symbol: str, value: float) -> Snapshot:
    """The snapshot with one present feature changed (a symbol's, or with "" one of the market)."""
    values, shared = snapshot.features.values.copy(), snapshot.features.shared.copy()
    if symbol:
        values[-1, snapshot.column(symbol), snapshot.features.names.index(name)] = value
    else:
        shared[-1, snapshot.features.shared_names.index(name)] = value
    return replace(snapshot, features=replace(snapshot.features, values=values, shared=shared))


def with_age(snapshot: Snapshot, symbol: str, age: int) -> Snapshot:
    ages = snapshot.panel.age.copy()
    ages[-1, snapshot.column(symbol)] = age
    return replace(snapshot, panel=replace(snapshot.panel, age=ages))


def frozen(snapshot: Snapshot, *symbols: str) -> Snapshot:
    """The snapshot in which these symbols cannot be traded."""
    return replace(snapshot, tradable=np.array([s not in symbols for s in snapshot.symbols]))


def text(identity: str, symbol: str, words: str, hours: float = 3.0) -> Text:
    return Text(identity, symbol, "wire", AS_OF - timedelta(hours=hours), words, 0.2)


def headlines() -> tuple[Text, ...]:
    return (text("n1", "AAPL", "Apple beats expectations", 4.0), text("n2", "", "Stocks fall on virus fears", 2.0))


def posts() -> tuple[Text, ...]:
    return (text("p1", "BTC-USD", "bitcoin looks weak", 1.0),)


def releases() -> tuple[MacroFact, ...]:
    month = timedelta(days=30)
    return (
        MacroFact("CPI", "inflation", "index", 258.8, 0.4, AS_OF - 2 * month, AS_OF - month),
        MacroFact("UNRATE", "growth", "percent", 3.5, -0.1, AS_OF - 2 * month, AS_OF - month),
    )


def a_book(cash: float = 50_000.0, marks: dict[str, float] | None = None, **quantities: float) -> Book:
    """A book with whole positions at a mark of 100 (BTC is BTC-USD)."""
    positions = {k.replace("BTC", "BTC-USD"): Position(quantity=q, average_price=90.0) for k, q in quantities.items()}
    priced = dict.fromkeys(positions, 100.0) if marks is None else marks
    return Book(name="main", cash=cash, positions=positions, marks=priced, peak_value=200_000.0, day_start_value=1e5)
