"""Where a cycle goes next: pure functions of the state."""

from __future__ import annotations

from typing import Literal

from graph.state import CycleState


def after_risk_check(state: CycleState) -> Literal["approval", "execution", "record"]:
    """A halted desk sends nothing; a verdict that needs a person waits for one."""
    match state["verdict"].decision:
        case "halted":
            return "record"
        case "needs_approval":
            return "approval"
        case "approved" | "reduced":
            return "execution"


def after_approval(state: CycleState) -> Literal["execution", "record"]:
    """Only an accepted or edited proposal is executed, and an edit may have been halted by the second risk check."""
    if state["verdict"].decision == "halted" or state["approval"].answer not in ("accepted", "edited"):
        return "record"
    return "execution"
