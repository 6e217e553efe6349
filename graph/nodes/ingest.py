"""ingest: bring the lake up to the slot, take the snapshot, open the book."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from data.clock import parse_slot, slot_text
from graph.context import CycleContext
from graph.state import CycleState, SnapshotRef


def ingest(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `snapshot`, `opening`, `settled`."""
    context = runtime.context
    snapshot = context.snapshots.take(parse_slot(state["slot"]))
    context.crash_point("taken")
    opening, settled = context.opener(state["book"], state["cycle_id"], snapshot)
    context.crash_point("opened")
    ref = SnapshotRef(
        as_of=slot_text(snapshot.as_of),
        lake=snapshot.lake | context.snapshots.keep(snapshot),
        unavailable=snapshot.unavailable,
        content_hash=snapshot.content_hash,
    )
    context.crash_point("kept")
    return {"snapshot": ref, "opening": opening, "settled": settled}
