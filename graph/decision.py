"""The decision as the ledger keeps it: all that execution and record need, should the checkpoints be behind or gone.

The ledger, not the checkpointer, gives exactly-once: what has been decided is taken up from here, never decided anew.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.meta.allocation import Allocation
from agents.view import View
from data.errors import CorruptFile
from graph.record import Approval, canonical
from graph.state import CycleState, SnapshotRef
from tools.execution.book import Book
from tools.execution.orders import Fill
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict


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


def read_decision(text: str, cycle_id: str) -> Decision:
    """The inverse of `Decision.text`; CorruptFile where another version of the desk stored something else."""
    try:
        return Decision.model_validate_json(text)
    except ValidationError as error:
        remedy = "finish the cycle with the version of bullpen that decided it"
        raise CorruptFile(f"the decision of {cycle_id} was stored in another form", remedy) from error
