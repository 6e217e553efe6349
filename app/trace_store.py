"""The local trace store: every run of every node, in SQLite, for the panel and for whoever asks where time went.

It is written while a cycle runs, so a page can watch nodes finish. Wall-clock times live here and never in a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.execution.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, parent_id TEXT, trace_id TEXT NOT NULL, cycle_id TEXT NOT NULL, name TEXT NOT NULL,
    kind TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, error TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS runs_by_cycle ON runs (cycle_id, started_at);
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `ended_at` is "" while it is under way; times are ISO UTC."""

    run_id: str
    parent_id: str
    trace_id: str
    cycle_id: str
    name: str
    kind: str
    started_at: str
    ended_at: str
    error: str
    summary: str


class TraceStore:
    """Runs by cycle. Thread-safe; another process may read while this one writes."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, _SCHEMA, durable=False)

    def start(self, run: Run) -> None:
        """A run begins."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO runs VALUES (?,?,?,?,?,?,?,NULL,'','')",
                (run.run_id, run.parent_id, run.trace_id, run.cycle_id, run.name, run.kind, run.started_at),
            )

    def end(self, run_id: str, ended_at: str, error: str, summary: str) -> None:
        """A run ends, well (`error` is "") or not."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE runs SET ended_at=?, error=?, summary=? WHERE run_id=?", (ended_at, error, summary, run_id)
            )

    def runs(self, cycle_id: str) -> tuple[Run, ...]:
        """All runs of a cycle in the order they began, its retries and resumptions included."""
        rows = self._store.rows(
            "SELECT run_id, parent_id, trace_id, cycle_id, name, kind, started_at, COALESCE(ended_at,''), error,"
            " summary FROM runs WHERE cycle_id=? ORDER BY started_at, rowid",
            (cycle_id,),
        )
        return tuple(Run(*row) for row in rows)

    def close(self) -> None:
        """Close the database."""
        self._store.close()
