"""execution: store the decision with its intents, then send. Running twice sends once: the ledger sees to it."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from graph.account import account_of
from graph.context import CycleContext
from graph.decision import decision_of
from graph.state import CycleState
from tools.execution.executor import execute
from tools.execution.sizing import orders_for


def execution(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `orders` and `fills`."""
    context = runtime.context
    snapshot = context.snapshots.again(state["snapshot"])  # a resumed run opens the facts the venue fills from
    opening, verdict = state["opening"], state["verdict"]
    orders = orders_for(
        verdict.weights,
        book=opening,
        slot=state["slot"],
        min_notional=context.config.min_order_notional,
    )
    if context.ledger.decision(state["cycle_id"]) is None:  # what has decided may have sent, and is brought to its end
        context.verify_account(opening, snapshot.as_of)
    context.ledger.commit_decision(state["cycle_id"], decision_of(state).text(), orders)
    context.crash_point("decided")
    if context.gate is not None and not context.halt().on:  # while halted it stays as it is: nothing may leave
        context.gate.open(account_of(snapshot, opening, context, state["cycle_id"]))
    fills = execute(
        orders,
        ledger=context.ledger,
        broker=context.broker,
        cycle_id=state["cycle_id"],
        halted=lambda: context.halt().on,
        checkpoint=context.crash_point,
    )
    return {"orders": orders, "fills": fills}
