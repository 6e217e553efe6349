"""What a cycle is given to work with. The app puts these parts together; nodes know only these types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agents.deadlines import Deadline
from agents.meta.allocation import Allocation
from agents.protocol import Agent
from agents.view import View
from data.snapshot import Snapshot
from data.sources.protocol import Param
from graph.config import CycleConfig
from graph.record import Approval
from graph.state import SnapshotRef
from tools.execution.book import Book
from tools.execution.broker import Broker
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.risk.gate.state import AccountState
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Verdict


class Snapshots(Protocol):
    """Builds the facts of an instant, or rebuilds them from the versions a record names."""

    def take(self, as_of: datetime) -> Snapshot:
        """Bring the lake up to `as_of` and read it."""
        ...

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Store the features the decision is made on; table name -> version."""
        ...

    def again(self, ref: SnapshotRef) -> Snapshot:
        """The same facts from the same lake versions; raises CorruptFile where their hash differs."""
        ...


class Controller(Protocol):
    """The meta-controller."""

    def allocate(self, snapshot: Snapshot, views: tuple[View, ...], book: Book) -> Allocation:
        """Views in, allocation with contributions out; its fallback chain ends in cash."""
        ...

    def hold(self, snapshot: Snapshot, views: tuple[View, ...], book: Book, reason: str) -> Allocation:
        """The allocation that keeps what is held, because of `reason` no other link was asked."""
        ...


class AccountGate(Protocol):
    """The last gate as a cycle sees it (`tools.risk.gate.Gate`): it opens it, the broker asks it."""

    def open(self, account: AccountState) -> None:
        """Judge orders from here on against this account."""
        ...


Opener = Callable[[str, str, Snapshot], tuple[Book, tuple[Fill, ...]]]
"""Book name, cycle id, snapshot -> the book marked at the snapshot, and the earlier orders' fills booked on the way."""

Approver = Callable[[str, Verdict], Approval]
"""Answers where no person is to be asked (replay, `approval: never`); takes the cycle id and the verdict."""


@dataclass(frozen=True, slots=True)
class CycleContext:
    """The parts of one desk."""

    source: str
    source_params: Mapping[str, Param]
    config: CycleConfig
    snapshots: Snapshots
    agents: Mapping[str, Agent]
    controller: Controller
    opener: Opener
    ledger: Ledger
    broker: Broker
    halt: Callable[[], HaltState]
    code_hash: str
    gate: AccountGate | None = None
    """The gate that `broker` asks; a replay has none to open, for it refuses what the record says was refused."""
    verify_account: Callable[[Book, datetime], None] = lambda _opening, _as_of: None
    """Raises where the account is no longer what the cycle opened on; a replay's is what the record says."""
    approver: Approver | None = None
    """None means: interrupt and wait for a person."""
    deadline: Deadline = field(default_factory=Deadline)
    """Of the nodes that compute: agents, meta_controller, risk_check."""
    crash_point: Callable[[str], None] = lambda _: None
    """Named instants of execution; does nothing outside fault-injection tests."""
