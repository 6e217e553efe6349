"""An agent that was switched off: it abstains, whatever the facts."""

from __future__ import annotations

from dataclasses import dataclass

from agents.view import AgentKind, View, abstain
from data.features.groups import SWITCHED_OFF
from data.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class SilentAgent:
    """Sits in the place of agent `name`."""

    name: str
    kind: AgentKind
    horizon_bars: int

    def view(self, snapshot: Snapshot) -> View:
        """The abstention."""
        return abstain(self.name, self.kind, SWITCHED_OFF, self.horizon_bars)
