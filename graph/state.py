"""The typed state of a cycle: each field says who writes it.

The snapshot itself is not in the state (it is large, and the lake holds it): nodes carry a `SnapshotRef` and ask the
context for the facts behind it.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict

from agents.meta.allocation import Allocation
from agents.view import View
from graph.record import Approval
from rl.meta.inputs import AGENTS
from tools.execution.book import Book
from tools.execution.orders import Fill, Order
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict


class SnapshotRef(BaseModel):
    """What names a snapshot: the instant, the lake versions it was read at, and the hash of its facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: str
    lake: dict[str, int]
    unavailable: dict[str, str]
    content_hash: str


def merge_views(left: tuple[View, ...], right: tuple[View, ...]) -> tuple[View, ...]:
    """Reducer: views of parallel nodes in roster order, a later view of the same agent replacing the earlier."""
    merged = {v.agent: v for v in (*left, *right)}
    return tuple(sorted(merged.values(), key=lambda v: AGENTS.index(v.agent)))


class CycleInput(TypedDict):
    """What starts a cycle: the book's name, the slot (ISO UTC) and the cycle's id."""

    book: str
    slot: str
    cycle_id: str


class CycleState(CycleInput):
    """All that flows from node to node; the edges see to it that a field is written before it is read."""

    opening: Book
    """ingest: the book marked at the slot, earlier orders settled."""
    settled: tuple[Fill, ...]
    """ingest: fills of earlier cycles booked on opening."""
    snapshot: SnapshotRef
    """ingest: names the facts."""
    views: Annotated[tuple[View, ...], merge_views]
    """analysts, specialists, policy agents; reducer merge_views."""
    allocation: Allocation
    """meta_controller: target weights with contributions."""
    halt: HaltState
    """risk_check: the kill switch as it was found."""
    verdict: Verdict
    """risk_check, and again by approval after an edit."""
    approval: Approval
    """approval (or risk_check, when nobody need be asked)."""
    orders: tuple[Order, ...]
    """execution: the intents, stored before the first was sent."""
    fills: tuple[Fill, ...]
    """execution: what came back."""
    record_sha256: str
    """record: the hash of the journalled bytes; its presence means the cycle is done."""
