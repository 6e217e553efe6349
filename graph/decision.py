"""The decision as the ledger keeps it: all that execution and record need, should the checkpoints be behind or gone.

The ledger, not the checkpointer, gives exactly-once: what has been decided is taken up from here, never decided anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from agents.meta.allocation import Allocation
from agents.view import View
from graph.record import Approval, canonical
from graph.state import CycleInput, CycleState, SnapshotRef
from tools.execution.book import Book
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from graph.cycle import CycleGraph


class Decision(BaseModel):
    """What the nodes before execution wrote into a cycle's state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opening: Book
    settled: tuple[Fill, ...]
    snapshot: SnapshotRef
    views: tuple[View, ...]
    allocation: Allocation
    halt: HaltState
    verdict: Verdict
    approval: Approval

    def text(self) -> str:
        """Canonical JSON, as it is stored."""
        return canonical(self.model_dump(mode="json"))


def decision_of(state: CycleState) -> Decision:
    """The decision that a state has come to."""
    return Decision(**{name: state[name] for name in Decision.model_fields})


def take_up(graph: CycleGraph, config: RunnableConfig, start: CycleInput, ledger: Ledger) -> None:
    """Bring a thread whose checkpoint is behind its ledger up to the stored decision.

    Afterwards the thread goes on at execution. CorruptFile where the decision is not what was written.
    """
    stored = ledger.decision(start["cycle_id"])
    if stored is None or {"execution", "record"} & {*graph.get_state(config).next}:
        return
    decision = Decision.model_validate_json(stored)
    values: dict[str, Any] = {**start, **{name: getattr(decision, name) for name in Decision.model_fields}}
    graph.update_state(config, values, as_node="approval" if decision.approval.required else "risk_check")
