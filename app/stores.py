"""All that lies under a home. Opening it is light: the kill switch must not wait for a library it does not use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import StorageFailed
from tools.execution.ledger import Ledger

if TYPE_CHECKING:
    from langgraph.checkpoint.sqlite import SqliteSaver

    from app.answers import SqliteAnswers
    from app.spending import Spending
    from app.trace_store import TraceStore
    from data.lake.lake import Lake
    from rl.store import PolicyStore


@dataclass(frozen=True)
class Stores:
    """All that lies under a home. Opening it creates the folder; each store opens at its first use."""

    home: Path

    @cached_property
    def ledger(self) -> Ledger:
        """Cycles, intents, fills, books and records."""
        return Ledger(self.home / "desk.sqlite")

    @cached_property
    def traces(self) -> TraceStore:
        """Runs of nodes, with wall-clock times."""
        from app.trace_store import TraceStore

        return TraceStore(self.home / "traces.sqlite")

    @cached_property
    def checkpointer(self) -> SqliteSaver:
        """LangGraph's checkpoints."""
        from graph.checkpoint import open_checkpointer

        return open_checkpointer(self.home / "checkpoints.sqlite")

    @cached_property
    def answers(self) -> SqliteAnswers:
        """Recorded answers of chat models."""
        from app.answers import SqliteAnswers

        return SqliteAnswers(self.home / "answers.sqlite")

    @cached_property
    def spending(self) -> Spending:
        """What chat models have used up."""
        from app.spending import Spending

        return Spending(self.home / "spending.sqlite")

    @cached_property
    def policies(self) -> PolicyStore:
        """Trained policies: the user's, then those shipped."""
        from rl.store import SHIPPED, PolicyStore

        return PolicyStore((self.home / "policies", SHIPPED))

    @cached_property
    def lake(self) -> Lake:
        """Silver and gold Delta tables."""
        from data.lake.lake import Lake

        return Lake(self.home / "lake")


def open_stores(home: Path) -> Stores:
    """The stores of a home, which is created."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"the desk's home: {error.strerror}", "check the folder and the disk") from error
    return Stores(home)
