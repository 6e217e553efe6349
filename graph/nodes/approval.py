"""approval: wait for a person. The request and the answers speak the schema that agent-inbox knows."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from data.errors import InputError
from graph.agent_inbox import Comment, read_response, request_of
from graph.context import CycleContext
from graph.nodes.risk_check import judge
from graph.record import Approval
from graph.state import CycleState


def approval(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `approval`, and after an edit a fresh `verdict`."""
    context = runtime.context
    approver = context.approver
    context.crash_point("asked")
    answer = _asked(state, context) if approver is None else approver(state["cycle_id"], state["verdict"])
    context.crash_point("answered")
    if answer.answer != "edited" or answer.weights is None:
        return {"approval": answer}
    snapshot = context.snapshots.again(state["snapshot"])
    verdict = judge(context, snapshot, state["opening"], answer.weights, context.halt(), "approval")
    if verdict.decision == "needs_approval":  # a person has just spoken: the edit stands, within the limits
        verdict = verdict.model_copy(update={"decision": "reduced" if verdict.clamps else "approved"})
    return {"approval": answer, "verdict": verdict}


def _asked(state: CycleState, context: CycleContext) -> Approval:
    """Ask until the answer is one. Comments, and answers that cannot be taken, go with the question asked again."""
    verdict, comments = state["verdict"], ()
    expires = context.config.ask_when.expires_minutes
    while True:
        response = interrupt(request_of(state["cycle_id"], verdict, expires, comments))
        try:
            said = read_response(response, verdict.weights)
        except InputError as refused:
            said = Comment(f"not taken: {refused.message}")
        if isinstance(said, Approval):
            return said.model_copy(update={"comments": comments})
        comments = (*comments, said.text)
