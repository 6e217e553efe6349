"""All that lies under a home, or in the database beside it. Opening it is light: each store opens at its first use."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import StorageFailed
from tools.execution.ledger import Ledger

if TYPE_CHECKING:
    from app.answers import RecordedAnswers
    from app.spending import Spending
    from app.trace_store import TraceStore
    from data.lake.lake import Lake
    from graph.cycle import CycleGraph
    from graph.fail_stop import FailStop
    from rl.store import PolicyStore


@dataclass(frozen=True)
class Stores:
    """All that lies under a home. Opening it creates the folder; each store opens at its first use."""

    home: Path
    database: str = field(default="", kw_only=True, repr=False)
    """URL of the Postgres database that holds ledger, answers and checkpoints instead of files; it may hold a password.
    Traces, lake, policies, the kill switch and the paper venue stay in the home."""

    def database_at(self, file_name: str) -> Path | str:
        """Where a store of that name lives: its file in the home, or the URL of the database for all of them."""
        return self.database or self.home / file_name

    @cached_property
    def ledger(self) -> Ledger:
        """Cycles, intents, fills, books and records."""
        return Ledger(self.database_at("desk.sqlite"))

    @cached_property
    def traces(self) -> TraceStore:
        """Runs of nodes, with wall-clock times."""
        from app.trace_store import TraceStore

        return TraceStore(self.home / "traces.sqlite")

    @cached_property
    def checkpointer(self) -> FailStop:
        """LangGraph's checkpoints."""
        from graph.checkpoint import open_checkpointer

        return open_checkpointer(self.database_at("checkpoints.sqlite"))

    @cached_property
    def machine(self) -> CycleGraph:
        """The compiled cycle, on these checkpoints."""
        from graph.cycle import build_cycle

        return build_cycle(self.checkpointer)

    @cached_property
    def answers(self) -> RecordedAnswers:
        """Recorded answers of chat models."""
        from app.answers import RecordedAnswers

        return RecordedAnswers(self.database_at("answers.sqlite"))

    @cached_property
    def spending(self) -> Spending:
        """What chat models have used up."""
        from app.spending import Spending

        return Spending(self.database_at("spending.sqlite"))

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

    @contextmanager
    def alone(self, book: str) -> Generator[None]:
        """One process at a time for a book, over all that share the ledger; SourceUnavailable for the others.

        The kill switch finds the books of a home by their lock files, so there is one whichever store is used.
        """
        with self.ledger.alone(book):
            if self.database:
                (self.home / f"{book}.lock").touch()
            yield

    def forget(self, thread: str) -> None:
        """Drop the checkpoints of a thread; StorageFailed where they could not be dropped."""
        from graph.checkpoint import storage_errors

        with storage_errors():
            self.checkpointer.delete_thread(thread)


def open_stores(home: Path, database: str = "") -> Stores:
    """The stores of a home, which is created, and of the database where one is named."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"the desk's home: {error.strerror}", "check the folder and the disk") from error
    return Stores(home, database=database)
