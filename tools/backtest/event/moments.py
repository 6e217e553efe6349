"""What a strategy may see at each slot: views of a history that end there, which nobody can write to."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from data.clock import to_datetime
from data.features.spec import Features
from data.history import History
from data.market import TimeArray
from data.panel import Panel
from data.snapshot import Snapshot

_T = TypeVar("_T", Panel, Features)
ONLY_FEATURES = "a history keeps the features of facts, not the facts"


class Moments:
    """Slot -> the Snapshot of a history at that slot: panel and features up to it.

    Texts, macro releases and option chains are not in a history; the snapshot says that they are unknown. Its hash
    is that of the whole history with the slot, not that of a snapshot built from the lake.
    """

    def __init__(self, history: History, frequency: str = "1d") -> None:
        self._panel, self._features = _read_only(history.panel), _read_only(history.features)
        self._ready = history.ready.view()
        self._ready.setflags(write=False)
        self._history, self._frequency = history, frequency
        self._unavailable: dict[str, str] = dict.fromkeys(("macro", "news", "posts", "chains"), ONLY_FEATURES)
        self._last: tuple[int, Snapshot] | None = None

    @property
    def times(self) -> TimeArray:
        """The slots (T,)."""
        return self._panel.times

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in column order."""
        return self._panel.symbols

    def __call__(self, slot: int) -> Snapshot:
        """The snapshot at row `slot`; the last one is kept, since a decision and its check look at the same."""
        if self._last is None or self._last[0] != slot:
            self._last = (slot, self._snapshot(slot))
        return self._last[1]

    def _snapshot(self, slot: int) -> Snapshot:
        known, features, history = slice(0, slot + 1), self._features, self._history
        return Snapshot(
            source=history.source,
            as_of=to_datetime(self._panel.times[slot]),
            frequency=self._frequency,
            panel=self._panel.until(slot + 1),
            features=Features(
                features.specs, features.values[known], features.shared_specs, features.shared[known]
            ),
            tradable=self._ready[slot],
            macro=(), news=(), posts=(), chains=(), findings=(),
            unavailable=self._unavailable,
            lake=history.lake,
            content_hash=f"{history.fingerprint}@{slot}",
        )  # fmt: skip


def moments(history: History, frequency: str = "1d") -> Moments:
    """The snapshots of a history, slot by slot."""
    return Moments(history, frequency)


def _read_only(block: _T) -> _T:
    """The same dataclass around views of its arrays that refuse to be written."""
    views: dict[str, np.ndarray] = {}
    for field in fields(block):
        value = getattr(block, field.name)
        if isinstance(value, np.ndarray):
            views[field.name] = value.view()
            views[field.name].setflags(write=False)
    return replace(block, **views)
