"""What every agent of the desk is: a name, a kind, and one pure question."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from agents.view import AgentKind, View
from data.snapshot import Snapshot


@runtime_checkable
class Agent(Protocol):
    """One who holds an opinion.

    `view` never raises for what the data, a policy file or a chat model do: it abstains with the reason. It raises
    only where the desk itself is broken (StorageFailed, or a replay that lacks a recorded answer).
    """

    @property
    def name(self) -> str:
        """The name under which views and contributions are recorded."""
        ...

    @property
    def kind(self) -> AgentKind:
        """analyst | specialist | policy."""
        ...

    def view(self, snapshot: Snapshot) -> View:
        """The opinion on every symbol of the snapshot, formed from nothing but the snapshot."""
        ...
