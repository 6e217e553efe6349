"""meta_controller: views in, one allocation with contributions out."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from graph.context import CycleContext
from graph.state import CycleState


def meta_controller(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `allocation`."""
    context = runtime.context
    snapshot = context.snapshots.again(state["snapshot"])
    return {"allocation": context.controller.allocate(snapshot, state["views"], state["opening"])}
