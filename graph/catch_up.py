"""A thread whose checkpoint is behind its ledger is brought up to what the ledger has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from graph.cycle import CycleGraph
from graph.decision import Decision, read_decision
from graph.state import CycleInput
from tools.execution.ledger import Ledger

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


def catch_up(graph: CycleGraph, config: RunnableConfig, start: CycleInput, ledger: Ledger) -> None:
    """Let the thread go on at execution where its cycle has decided, whatever its checkpoint says.

    The update has a task's id of its own: under that of the node, which LangGraph would take, writes of the node that
    no checkpoint has followed yet would be mixed with these, and the thread would never be read again.
    CorruptFile where the decision is not what was written, or was written by another version.
    """
    stored = ledger.decision(start["cycle_id"])
    if stored is None or {"execution", "record"} & {*graph.get_state(config).next}:
        return
    decision = read_decision(stored, start["cycle_id"])
    values: dict[str, Any] = {**start, **{name: getattr(decision, name) for name in Decision.model_fields}}
    as_node = "approval" if decision.approval.required else "risk_check"
    graph.update_state(config, values, as_node, task_id=str(uuid5(NAMESPACE_OID, start["cycle_id"])))
