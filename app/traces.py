"""The traces of a desk: shown as trees, searched and thinned out on this machine; LangSmith beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.trace_store import Run, Wanted
from data.errors import InputError, NotFound

if TYPE_CHECKING:
    from app.desk import Desk
    from app.langsmith.service import LangSmith


@dataclass(frozen=True, slots=True)
class Branch:
    """A run in its tree: `ancestors` are its parent, the parent's parent, and so on to the root."""

    run: Run
    ancestors: tuple[Run, ...]

    def as_json(self) -> dict[str, Any]:
        """The run as plain JSON, with its depth and seconds."""
        run = self.run
        return {
            "name": run.name, "kind": run.kind, "depth": len(self.ancestors), "run_id": run.run_id,
            "parent_id": run.parent_id, "cycle_id": run.cycle_id, "started_at": run.started_at,
            "took_s": run.took_s, "outcome": run.outcome, "error": run.error, "summary": run.summary,
        }  # fmt: skip


def tree(runs: Sequence[Run]) -> tuple[Branch, ...]:
    """Runs as a tree, depth first, siblings in the order they began; a run of an unknown parent is a root."""
    known = {run.run_id: run for run in runs}
    children: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda r: r.started_at):
        children.setdefault(run.parent_id if run.parent_id in known else "", []).append(run)
    ordered: list[Branch] = []
    stack = [Branch(run, ()) for run in reversed(children.get("", []))]
    while stack:
        branch = stack.pop()
        ordered.append(branch)
        above = (branch.run, *branch.ancestors)
        stack.extend(Branch(run, above) for run in reversed(children.get(branch.run.run_id, [])))
    return tuple(ordered)


class Traces:
    """The local traces of one home, and what LangSmith is given of its past."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._stores = desk, desk.stores

    @property
    def langsmith(self) -> LangSmith:
        """Data sets of past cycles, and their evaluation."""
        from app.langsmith.service import LangSmith

        return LangSmith(self._desk)

    def show(self, name: str = "latest", book: str | None = None) -> tuple[Branch, ...]:
        """The runs of a cycle (its id, the beginning of one, or "latest") as a tree; NotFound where none is kept."""
        cycle_id = self._cycle(name, book)
        runs = self._stores.traces.runs(cycle_id)
        if not runs:
            raise NotFound(f"this home has no trace of {cycle_id}", "traces are no part of a record; they may go")
        return tree(runs)

    def search(self, wanted: Wanted, book: str | None = None) -> tuple[Run, ...]:
        """Runs as wanted, newest first; with `book`, of that book's cycles only."""
        if wanted.slower_than_s < 0.0 or wanted.limit < 1:
            raise InputError("a search needs a limit of at least 1 and no negative seconds", "see --help")
        if book is None:
            return self._stores.traces.search(wanted)
        cycles = {c.cycle_id for c in self._stores.ledger.cycles(book)}
        return self._stores.traces.search(
            Wanted(wanted.text, wanted.node, wanted.errors, wanted.slower_than_s, cycles, wanted.limit)
        )

    def prune(self, keep_days: float | None, keep_cycles: int | None) -> int:
        """Remove the traces of old cycles, and give their room back to the disk; how many cycles went."""
        if keep_days is None and keep_cycles is None:
            raise InputError("nothing says what to keep", "name --keep-days or --keep-cycles")
        if min(keep_days or 0.0, keep_cycles or 0) < 0:
            raise InputError("what is kept cannot be negative", "name 0 or more")
        before = "" if keep_days is None else (datetime.now(UTC) - timedelta(days=keep_days)).isoformat()
        gone = self._stores.traces.prune(before, keep_cycles)
        self._stores.traces.compact()
        return gone

    def _cycle(self, name: str, book: str | None) -> str:
        """An unfinished cycle has a trace as well, so the journal's records are not enough."""
        cycles = [c.cycle_id for c in self._stores.ledger.cycles(book)]
        if name == "latest" and cycles:
            return max(cycles, key=lambda c: max((r.started_at for r in self._stores.traces.runs(c)), default=""))
        matches = [c for c in cycles if c.startswith(name)]
        if len(matches) != 1:
            raise NotFound(f"no single cycle begins with {name!r}", "list them with `bullpen journal`")
        return matches[0]
