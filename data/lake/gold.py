"""The gold table: the features decisions were made on, one row a decision and symbol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from data.clock import slot_text
from data.lake import storage
from data.snapshot import Snapshot

DECISION = "decision"
"""The partition column: the slot and the beginning of the content hash."""


def decision_name(snapshot: Snapshot) -> str:
    """What the rows of a decision are kept under: which facts, at which slot; not which book."""
    return f"{slot_text(snapshot.as_of).replace(':', '')}-{snapshot.content_hash[:16]}"


def append(path: Path, snapshot: Snapshot) -> int:
    """Add the decision's rows unless they are there; gives the version that added them."""
    name = decision_name(snapshot)
    held = storage.exists(path)
    if held and name in storage.partitions(path, DECISION):
        return next(c.version for c in storage.commits(path) if c.note == name)
    return storage.write(path, _rows(snapshot, name), name, append=held, partition_by=DECISION)


def _rows(snapshot: Snapshot, name: str) -> pa.Table:
    features, size = snapshot.features, len(snapshot.symbols)
    shared = {f.name: np.full(size, v) for f, v in zip(features.shared_specs, features.shared[-1], strict=True)}
    return pa.table(
        {
            DECISION: pa.array([name] * size, pa.string()),
            "as_of": pa.array([snapshot.as_of] * size, pa.timestamp("us", tz="UTC")),
            "symbol": pa.array(snapshot.symbols, pa.string()),
            "tradable": pa.array(snapshot.tradable, pa.bool_()),
            "close": pa.array(snapshot.panel.close[-1], pa.float64()),
            **{spec.name: pa.array(snapshot.last(spec.name), pa.float64()) for spec in features.specs},
            **{key: pa.array(column, pa.float64()) for key, column in shared.items()},
        }
    )
