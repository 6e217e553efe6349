"""approval: wait for a person. The request speaks the HumanInterrupt schema that agent-inbox knows."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from data.errors import InputError
from data.market import CASH
from graph.context import CycleContext
from graph.nodes.risk_check import judge
from graph.record import Approval
from graph.state import CycleState
from tools.risk.verdict import Verdict


def approval(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `approval`, and after an edit a fresh `verdict`."""
    context = runtime.context
    approver = context.approver
    if approver is None:
        answer = _from_person(interrupt(_request(state["cycle_id"], state["verdict"])))
    else:
        answer = approver(state["cycle_id"], state["verdict"])
    if answer.answer != "edited" or answer.weights is None:
        return {"approval": answer}
    snapshot = context.snapshots.again(state["snapshot"])
    verdict = judge(context, snapshot, state["opening"], answer.weights, context.halt())
    if verdict.decision == "needs_approval":  # a person has just spoken: the edit stands, within the limits
        verdict = verdict.model_copy(update={"decision": "reduced" if verdict.clamps else "approved"})
    return {"approval": answer, "verdict": verdict}


def _request(cycle_id: str, verdict: Verdict) -> dict[str, Any]:
    """agent-inbox's HumanInterrupt."""
    reasons = "\n".join(f"* {r}" for r in verdict.reasons)
    return {
        "action_request": {"action": "approve_allocation", "args": {"cycle_id": cycle_id, "weights": verdict.weights}},
        "config": {"allow_accept": True, "allow_edit": True, "allow_respond": False, "allow_ignore": True},
        "description": f"The desk asks before it trades.\n{reasons}",
    }


def _from_person(response: Any) -> Approval:
    """agent-inbox's HumanResponse (or a list of one) as an Approval; anything else is refused."""
    answer = response[0] if isinstance(response, list) and response else response
    if not isinstance(answer, dict):
        raise InputError(f"an approval must be a mapping, not {type(answer).__name__}", "send {'type': 'accept'}")
    by, note = str(answer.get("by", "")), str(answer.get("note", ""))
    match answer.get("type"):
        case "accept":
            return Approval(required=True, answer="accepted", by=by, note=note)
        case "ignore":
            return Approval(required=True, answer="rejected", by=by, note=note)
        case "edit":
            return Approval(required=True, answer="edited", by=by, note=note, weights=_edited(answer.get("args")))
        case other:
            raise InputError(f"unknown answer {other!r}", "answer with accept, edit or ignore")


def _edited(args: Any) -> dict[str, float]:
    weights = args.get("args", args).get("weights") if isinstance(args, dict) else None
    if not isinstance(weights, dict) or CASH not in weights:
        raise InputError(
            "an edit must name all weights, CASH among them", "send {'type': 'edit', 'args': {'weights': ...}}"
        )
    return {str(symbol): float(weight) for symbol, weight in sorted(weights.items())}
