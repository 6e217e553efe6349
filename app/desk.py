"""The desk: the one door. CLI and panel call these methods; each is typed, and each leaves its trace."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from app.settings import Settings
from data.errors import BadConfig, NotFound
from graph.journal import Entry, Journal
from graph.record import CycleRecord, cycle_id_of
from graph.state import CycleInput
from tools.execution.schema import CycleStatus
from tools.risk.kill_switch.halt import read_halt, resume

if TYPE_CHECKING:
    from pathlib import Path

    from agents.explainer.answer import Answer
    from app.approvals import Approvals
    from app.backtesting.kept import Kept
    from app.backtesting.request import BacktestRequest
    from app.policies import PolicyLine, PolicyPage
    from app.questions import Questions
    from app.replaying import Replays
    from app.runtime import Market
    from app.scheduling.facade import Schedules
    from app.stores import Stores
    from app.trace_store import Run
    from app.traces import Traces
    from app.training import TrainingOrder
    from graph.config import CycleConfig
    from graph.replay import Replay
    from rl.policies.champions import Standing
    from tools.backtest.lookahead import LookaheadReport
    from tools.backtest.result import Result
    from tools.execution.book import Book

NodeFinished = Callable[[str, str], None]
"""Told each node's name and what it wrote, as it finishes."""


@dataclass(frozen=True)
class CycleOutcome:
    """`request` (agent-inbox's HumanInterrupt) where the cycle waits for a person."""

    status: Literal["done", "already_done", "waiting"]
    cycle_id: str
    _journal: Journal = field(repr=False)
    request: dict[str, Any] | None = None

    @cached_property
    def record(self) -> CycleRecord | None:
        """The record where the cycle is done, as the journal has it; read when it is first asked for."""
        return None if self.status == "waiting" else self._journal.read(self.cycle_id)

    def as_json(self) -> dict[str, Any]:
        """The record itself, or what is asked."""
        if self.record is not None:
            return self.record.model_dump(mode="json")
        return {"cycle_id": self.cycle_id, "status": self.status, "request": self.request}


class Desk:
    """One desk in one home. Opening it touches no market; methods open what they need."""

    def __init__(self, settings: Settings, config: CycleConfig | None = None) -> None:
        """`config`: the rules of a cycle that was begun under them, whatever the settings' file says by now."""
        self.settings, self._config = settings, config

    @property
    def _home(self) -> Path:
        """Where the kill switch lies; reading it opens nothing."""
        return self.settings.home

    @cached_property
    def _stores(self) -> Stores:
        from app.stores import open_stores

        return open_stores(self.settings.home, self.settings.database)

    @cached_property
    def market(self) -> Market:
        """The source the settings name, with everything that looks at it."""
        from app.runtime import open_market

        return open_market(self.settings, self._stores, self._config)

    @cached_property
    def _journal(self) -> Journal:
        return Journal(self._stores.ledger)

    # --- cycles -----------------------------------------------------------------------------------------------

    def cycle(self, as_of: str | None = None, on_node: NodeFinished | None = None) -> CycleOutcome:
        """Run the cycle of a slot, or finish the one that was left unfinished; a done slot is never run twice."""
        self.approvals.close_expired(self.settings.book_name())
        with self.taken_up(as_of) as (start, begun):
            cycle_id = start["cycle_id"]
            if begun == "done":
                return CycleOutcome("already_done", cycle_id, self._journal)
            if begun == "started" or self._as_begun(cycle_id)._config in (None, self.market.config):
                return self._run(start["book"], start["slot"], cycle_id, None, on_node)
        return self.go_on(self._entry(cycle_id), None, on_node)

    @contextmanager
    def taken_up(self, as_of: str | None = None) -> Generator[tuple[CycleInput, CycleStatus]]:
        """Take up the cycle of a slot, alone on its book: what starts the graph, and how far the cycle had come."""
        from app.take_up import take_up

        book = self.settings.book_name()
        with self._alone(book):
            slot = self.market.slot(book, as_of)
            cycle_id = cycle_id_of(book, slot)
            status = take_up(self.market, self.settings, book, slot, cycle_id)
            yield {"book": book, "slot": slot, "cycle_id": cycle_id}, status

    @property
    def approvals(self) -> Approvals:
        """What waits for a person, and the answers."""
        from app.approvals import Approvals

        return Approvals(self)

    def unfinished(self, name: str) -> Entry:
        """The cycle of an id, the beginning of one, or "latest", that is not done; NotFound."""
        entry = self._entry(name)
        if entry.status == "done":
            raise NotFound(f"cycle {entry.cycle_id} is done; nothing waits", "see `bullpen journal`")
        return entry

    def go_on(self, entry: Entry, response: dict[str, Any] | None, on_node: NodeFinished | None) -> CycleOutcome:
        """Go on with a cycle under the settings it was started with, with a person's answer where it waits for one."""
        desk = self._as_begun(entry.cycle_id)
        with desk._alone(entry.book):
            return desk._run(entry.book, entry.slot, entry.cycle_id, response, on_node)

    def _run(
        self, book: str, slot: str, cycle_id: str, response: dict[str, Any] | None, on_node: NodeFinished | None
    ) -> CycleOutcome:
        from app.drive import drive

        start: CycleInput = {"book": book, "slot": slot, "cycle_id": cycle_id}
        request = drive(self.market, self._stores, start, response, on_node)
        if request is not None:
            return CycleOutcome("waiting", cycle_id, self._journal, request)
        return CycleOutcome("done", cycle_id, self._journal)

    @contextmanager
    def _alone(self, book: str) -> Generator[None]:
        """One process at a time for a book; the system lets go of it even after a kill."""
        with self._stores.alone(book):
            yield

    # --- the past ---------------------------------------------------------------------------------------------

    def entries(self, book: str | None = None, status: CycleStatus | None = None) -> tuple[Entry, ...]:
        """The journal's table of contents, or its lines in that status."""
        return self._journal.entries(book, status)

    def record(self, name: str = "latest", book: str | None = None) -> CycleRecord:
        """A record by id, beginning of one, or "latest"."""
        return self._journal.find(name, book)

    def explain(self, name: str, question: str, book: str | None = None) -> Answer:
        """A checked answer from the record and what lies beside it."""
        return self.questions.ask(name, question, book)

    @cached_property
    def questions(self) -> Questions:
        """Questions about its past: conversations, answers by a model, answers as they come."""
        from app.questions import Questions

        return Questions(self._stores, self.settings, self.record)

    def replay(self, name: str = "latest", book: str | None = None) -> Replay:
        """Run a recorded cycle again with scratch parts and compare the bytes."""
        return self.replays.replay(name, book)

    def trace(self, cycle_id: str) -> tuple[Run, ...]:
        """The runs of a cycle, from the local trace store."""
        return self._stores.traces.runs(cycle_id)

    @cached_property
    def traces(self) -> Traces:
        """Its traces, on this machine and at LangSmith."""
        from app.traces import Traces

        return Traces(self)

    def book(self, name: str) -> Book | None:
        """The book as its last cycle left it."""
        return self._stores.ledger.book(name)

    @cached_property
    def replays(self) -> Replays:
        """Its past again: replays, counterfactuals, differences."""
        from app.replaying import Replays

        return Replays(self._stores, self.record)

    # --- control ----------------------------------------------------------------------------------------------

    def halt(self, reason: str, by: str, flatten: bool = False) -> dict[str, Any]:
        """Throw the kill switch, withdraw what is open in every book and, where asked, sell what is held.

        The switch's state with what was done (app.kill_switch.HaltReport). StorageFailed where it is not on the disk.
        """
        from app.halting import DeskHands
        from app.kill_switch import KillSwitch

        return KillSwitch(self._home, DeskHands(self)).throw(reason, by, flatten).as_json()

    def resume(self, by: str, book: str | None = None) -> dict[str, Any]:
        """Release the kill switch and, where a book is named, the breakers and disputed executions that hold it.

        Where the book's cannot be lifted (NotFound, InputError) the switch stays on.
        """
        if book is not None:
            self._stores.ledger.release_locks(book)
            self._stores.ledger.settle_disputes(book)
        resume(self._home, by, datetime.now(UTC))
        return self.halt_state()

    def halt_state(self) -> dict[str, Any]:
        """Whether the kill switch is on, why and since when."""
        return asdict(read_halt(self._home))

    # --- the past, again ----------------------------------------------------------------------------------------

    def backtest(self, request: BacktestRequest, out: Path | None, progress: Callable[[int, int], None]) -> Kept:
        """Trade a strategy, or this desk's cycle, over the past; the run is kept under the home or in `out`."""
        from app.backtesting.run import backtest

        return backtest(self.settings, self.market, request, out, progress)

    def backtests(self) -> tuple[str, ...]:
        """The names of the runs kept in this home, the newest first."""
        from app.backtesting.kept import kept_runs

        return kept_runs(self._home)

    def backtest_run(self, name: str) -> tuple[Result, dict[str, Any]]:
        """A kept run and its summary; NotFound, CorruptFile."""
        from tools.backtest.files import load

        return load(self._home / "backtests" / name)

    def lookahead(
        self, strategy: str, start: str, end: str, cuts: int, progress: Callable[[int, int], None]
    ) -> LookaheadReport:
        """Whether a strategy, or a feature it reads, changes once the future is known."""
        from app.backtesting.run import lookahead

        return lookahead(self.market, strategy, start, end, cuts, progress)

    # --- learning ---------------------------------------------------------------------------------------------

    def train(self, order: TrainingOrder, progress: Callable[[Any], None], command: str) -> dict[str, Any]:
        """Train policies on the source; the report has seen and unseen figures side by side."""
        from app.training import train_policies

        return train_policies(self.market, self._stores, order, progress, command)

    def policies(self, role: str = "", source: str = "") -> tuple[PolicyLine, ...]:
        """Trained policies with their figures; champions, challengers and those that cannot be read are marked."""
        from app.policies import policy_lines

        return policy_lines(self._stores.policies, role, source)

    def policy(self, policy_id: str) -> PolicyPage:
        """One policy in full, with the history of its role and source."""
        from app.policies import policy_page

        return policy_page(self._stores.policies, policy_id)

    def promote(self, policy_id: str, by: str, why: str = "", force: bool = False) -> Standing:
        """Put a policy in use; InputError where it did worse than the champion on unseen dates, unless forced."""
        from app.policies import promote

        return promote(self._stores.policies, policy_id, by, why, force)

    def rollback(self, role: str, source: str, by: str, why: str = "") -> Standing:
        """Put the champion before the present one back in use; NotFound where there is none."""
        from app.policies import rollback

        return rollback(self._stores.policies, role, source, by, why)

    def export_policy(self, policy_id: str) -> PolicyLine:
        """Write a policy's ONNX graph anew from its tensors."""
        from app.policies import export

        return export(self._stores.policies, policy_id)

    # --- by itself ----------------------------------------------------------------------------------------------

    @cached_property
    def schedules(self) -> Schedules:
        """Cycles that start by themselves."""
        from app.scheduling.facade import Schedules

        return Schedules(self)

    # --- parts, for what belongs to the desk ---------------------------------------------------------------------

    @property
    def stores(self) -> Stores:
        """All that lies under its home."""
        return self._stores

    def as_started(self, cycle_id: str) -> Desk:
        """The desk with the settings that a cycle was started with; BadConfig where it does not say."""
        return self._as_begun(self._entry(cycle_id).cycle_id)

    # --- helpers ----------------------------------------------------------------------------------------------

    def _entry(self, name: str) -> Entry:
        matches = [e for e in self._journal.entries() if e.cycle_id.startswith(name)]
        if name == "latest":
            matches = [e for e in self._journal.entries() if e.status != "done"][-1:]
        if len(matches) != 1:
            raise NotFound(f"no single cycle begins with {name!r}", "list them with `bullpen journal`")
        return matches[0]

    def _as_begun(self, cycle_id: str) -> Desk:
        """The desk with the settings and the rules that a cycle was started with."""
        from app.take_up import begun_with

        started = self._stores.ledger.started_with(cycle_id)
        if started is None:
            raise BadConfig(f"cycle {cycle_id} does not say how it was started", "run `bullpen cycle` on its book")
        where = {"home": self.settings.home, "database": self.settings.database}
        return Desk(Settings.model_validate({**started, **where}), begun_with(started))
