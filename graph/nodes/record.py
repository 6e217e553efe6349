"""record: close the books and journal the cycle in one transaction."""

from __future__ import annotations

import hashlib
from typing import Any

from langgraph.runtime import Runtime

from graph.context import CycleContext
from graph.record import CycleRecord, digest, record_bytes
from graph.state import CycleState
from graph.summary import summarise
from tools.execution.settlement import close_book


def record(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `record_sha256`; the journal, the closing book and the cycle's end become durable together."""
    context = runtime.context
    cycle = assemble(state, context)
    payload = record_bytes(cycle)
    context.crash_point("before_record")
    context.ledger.close_cycle(state["cycle_id"], closing=cycle.closing, fills=cycle.fills, record=payload)
    context.crash_point("after_record")
    return {"record_sha256": hashlib.sha256(payload).hexdigest()}


def assemble(state: CycleState, context: CycleContext) -> CycleRecord:
    """The record of a finished cycle."""
    snapshot = context.snapshots.again(state["snapshot"])
    opening, fills = state["opening"], state.get("fills", ())
    config = context.config.model_dump(mode="json")
    return CycleRecord(
        cycle_id=state["cycle_id"],
        book=state["book"],
        slot=state["slot"],
        as_of=state["snapshot"].as_of,
        source={"name": context.source, "params": dict(sorted(context.source_params.items()))},
        config=config,
        halt=state["halt"],
        opening=opening,
        settled=state["settled"],
        snapshot=summarise(snapshot, state["snapshot"].lake),
        views=state["views"],
        allocation=state["allocation"],
        verdict=state["verdict"],
        approval=state["approval"],
        orders=state.get("orders", ()),
        fills=fills,
        refusals={
            intent.order.order_id: intent.reason
            for intent in context.ledger.intents(state["cycle_id"])
            if intent.state == "rejected"
        },
        closing=close_book(opening, fills),
        hashes={
            "snapshot": snapshot.content_hash,
            "config": digest(config),
            "code": context.code_hash,
            "policies": {use.policy_id: use.sha256 for use in state["allocation"].policies},
        },
    )
