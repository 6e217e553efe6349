"""meta_controller: views in, one allocation with contributions out; where it hangs, what is held is kept."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from data.errors import DeadlinePassed
from graph.context import CycleContext
from graph.state import CycleState


def meta_controller(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `allocation`."""
    context, controller = runtime.context, runtime.context.controller
    given = context.snapshots.again(state["snapshot"]), state["views"], state["opening"]
    try:
        allocation = context.deadline.keep("meta_controller", "allocation", lambda: controller.allocate(*given))
    except DeadlinePassed as late:
        allocation = controller.hold(*given, late.message)
    return {"allocation": allocation}
