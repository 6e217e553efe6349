"""Histories that can be built again from fewer slots, with one feature that is causal."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from data.features.spec import Features, FeatureSpec
from data.history import History
from data.market import AssetClass, Instrument
from data.panel import Panel
from data.snapshot import Snapshot

SYMBOLS = ("AAA", "BBB", "CCC")


def closes(slots: int = 120, seed: int = 3) -> np.ndarray:
    """A random walk (T, 3)."""
    return 100.0 * np.cumprod(1.0 + np.random.default_rng(seed).normal(0.0, 0.01, (slots, len(SYMBOLS))), axis=0)


def history_of(close: np.ndarray) -> History:
    """A daily history of these closes (T, S); each open is the close before it, `ret_1` the last return."""
    slots, symbols = close.shape
    times = np.datetime64("2020-01-01T21:00:00", "ns") + np.arange(slots) * np.timedelta64(1, "D")
    opens = np.vstack([close[:1], close[:-1]])
    instruments = tuple(Instrument(name, AssetClass.STOCK) for name in SYMBOLS[:symbols])
    panel = Panel(
        instruments, times, opens, np.maximum(opens, close), np.minimum(opens, close), close.copy(),
        np.full(close.shape, 1e6), np.zeros(close.shape, dtype=np.int64), np.zeros(symbols, dtype=np.bool_),
    )  # fmt: skip
    returns = np.zeros_like(close)
    returns[1:] = close[1:] / close[:-1] - 1.0
    features = Features(
        (FeatureSpec("ret_1", 2, ("close",), "fraction"),), returns[:, :, None],
        (FeatureSpec("breadth", 2, ("close",), "fraction"),), (returns > 0).mean(axis=1)[:, None],
    )  # fmt: skip
    fill = np.vstack([opens[1:], np.full((1, symbols), np.nan)])
    return History("toy", panel, features, fill, np.ones(close.shape, dtype=np.bool_), "toy", {})


def moment(history: History) -> Snapshot:
    """The snapshot at the last slot of a history."""
    as_of = datetime.fromisoformat(str(np.datetime_as_string(history.panel.times[-1], unit="s"))).replace(tzinfo=UTC)
    return Snapshot(
        history.source, as_of, "1d", history.panel, history.features, history.ready[-1], (), (), (), (), (), {}, {}, ""
    )
