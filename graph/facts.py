"""Facts for a cycle: the lake's snapshots, held for as long as the nodes of a cycle ask for them."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Protocol

from data.clock import parse_slot
from data.errors import CorruptFile
from data.snapshot import Snapshot
from graph.state import SnapshotRef


class Builder(Protocol):
    """What `data.builder.LakeSnapshots` offers."""

    def ingest(self, as_of: datetime) -> object:
        """Bring the lake up to `as_of`."""
        ...

    def build(
        self, as_of: datetime, versions: dict[str, int] | None = None, unavailable: dict[str, str] | None = None
    ) -> Snapshot:
        """The snapshot at `as_of`, from the present lake or from the versions named."""
        ...

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Store what the decision is made on; table name -> version."""
        ...


class LakeFacts:
    """The `Snapshots` of a running desk. Parallel nodes share one snapshot; a resumed run rebuilds it once."""

    def __init__(self, builder: Builder, calls_out: bool = True) -> None:
        self._builder, self._calls_out = builder, calls_out
        self._lock = threading.Lock()
        self._held: Snapshot | None = None

    def take(self, as_of: datetime) -> Snapshot:
        """Bring the lake up to `as_of` and read it."""
        with self._lock:
            if self._calls_out:
                self._builder.ingest(as_of)
            self._held = self._builder.build(as_of)
            return self._held

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Store the features of a decision in the gold table; table name -> version."""
        return self._builder.keep(snapshot)

    def again(self, ref: SnapshotRef) -> Snapshot:
        """The same facts from the same lake versions; raises CorruptFile where their hash differs."""
        with self._lock:
            if self._held is None or self._held.content_hash != ref.content_hash:
                self._held = self._builder.build(parse_slot(ref.as_of), dict(ref.lake), dict(ref.unavailable))
            if self._held.content_hash != ref.content_hash:
                remedy = "the lake was altered outside the desk; restore it from a backup"
                raise CorruptFile(f"the facts of {ref.as_of} are not those the cycle began with", remedy)
            return self._held


class RecordedFacts:
    """The `Snapshots` of a replay: only the versions the record names, and never a call out."""

    def __init__(self, builder: Builder, ref: SnapshotRef) -> None:
        self._facts, self._ref = LakeFacts(builder, calls_out=False), ref

    def take(self, as_of: datetime) -> Snapshot:
        """The recorded facts, whatever the lake holds by now."""
        return self._facts.again(self._ref)

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Nothing is stored twice: the versions the record names."""
        return self._ref.lake

    def again(self, ref: SnapshotRef) -> Snapshot:
        """As `take`."""
        return self._facts.again(ref)


class ReducedFacts:
    """The `Snapshots` of a counterfactual: the recorded facts as another builder shows them, with less in them.

    The whole facts are read first, so that what is left out is left out of the very facts the cycle had.
    """

    def __init__(self, whole: RecordedFacts, builder: Builder, ref: SnapshotRef) -> None:
        self._whole, self._builder, self._ref = whole, builder, ref
        self._lock = threading.Lock()
        self._held: Snapshot | None = None

    def take(self, as_of: datetime) -> Snapshot:
        """The reduced facts; CorruptFile where the whole ones are no longer those of the record."""
        with self._lock:
            if self._held is None:
                whole, ref = self._whole.take(as_of), self._ref
                self._held = self._builder.build(whole.as_of, dict(ref.lake), dict(ref.unavailable))
            return self._held

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Nothing is stored: the versions the record names."""
        return self._ref.lake

    def again(self, ref: SnapshotRef) -> Snapshot:
        """As `take`."""
        return self.take(parse_slot(ref.as_of))
