"""risk_check: conviction requests, risk disposes. A fault in here halts the desk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from langgraph.runtime import Runtime

from data.redaction import told
from data.snapshot import Snapshot
from graph.asking import reasons_to_ask
from graph.config import CycleConfig
from graph.context import CycleContext
from graph.record import Approval
from graph.state import CycleState
from tools.execution.book import Book
from tools.risk.check import check
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict


def risk_check(state: CycleState, runtime: Runtime[CycleContext]) -> dict[str, Any]:
    """Writes `halt`, `verdict`, and `approval`, which says whether a person must be asked."""
    context, switch = runtime.context, runtime.context.halt()
    snapshot = context.snapshots.again(state["snapshot"])
    verdict = judge(context, snapshot, state["opening"], state["allocation"].weights, switch)
    verdict = _ask_by_policy(state, context.config, verdict)
    approval = Approval(required=verdict.decision == "needs_approval")
    return {"halt": switch, "verdict": verdict, "approval": approval}


def judge(
    context: CycleContext,
    snapshot: Snapshot,
    opening: Book,
    weights: Mapping[str, float],
    switch: HaltState,
    node: str = "risk_check",
) -> Verdict:
    """The verdict on proposed weights; any fault of the check itself, a hang too, is a halt with the weights held."""
    checked = partial(
        check,
        weights,
        panel=snapshot.panel,
        tradable=snapshot.tradable,
        book=opening,
        limits=context.config.limits,
        halt=switch,
        as_of=snapshot.as_of,
        off=context.config.switches.clamps,
    )
    try:
        return context.deadline.keep(node, "verdict", checked)
    except Exception as error:  # noqa: BLE001 - safety code fails closed: a check that cannot answer halts
        return Verdict(
            decision="halted",
            weights=opening.weights(),
            reasons=(f"the risk check failed: {told(error)}",),
        )


def _ask_by_policy(state: CycleState, config: CycleConfig, verdict: Verdict) -> Verdict:
    """The verdict as the book's approval policy leaves it: whether a person is asked, and why."""
    if verdict.decision == "halted":
        return verdict
    match config.approval:
        case "always":
            return _asking(verdict, ("every cycle of this book is approved by a person",))
        case "never" if verdict.decision == "needs_approval":
            return verdict.model_copy(update={"decision": "reduced" if verdict.clamps else "approved"})
        case "by_rule":
            fired = reasons_to_ask(
                config.ask_when, state["opening"], state["allocation"].weights, verdict, state["views"]
            )  # fmt: skip
            return _asking(verdict, fired) if fired else verdict
        case _:
            return verdict


def _asking(verdict: Verdict, reasons: tuple[str, ...]) -> Verdict:
    return verdict.model_copy(update={"decision": "needs_approval", "reasons": (*verdict.reasons, *reasons)})
