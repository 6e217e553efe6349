"""The local trace store: every run of every node, in SQLite, for the panel and for whoever asks where time went.

It is written while a cycle runs, so a page can watch nodes finish. Wall-clock times live here and never in a record.
Its text is indexed with FTS5 where SQLite has it; a file from before the index is indexed when it is opened.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from tools.execution.store import Store

KEEP_BYTES = 256 * 1024 * 1024
"""What the traces of a home may take; at the end of a cycle the oldest beyond it go."""
_AFTER_BOUND = 0.8
"""Share of the bound that is left when it was passed, so that not every cycle has to prune."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, parent_id TEXT, trace_id TEXT NOT NULL, cycle_id TEXT NOT NULL, name TEXT NOT NULL,
    kind TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, error TEXT NOT NULL DEFAULT '',
    summary TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS runs_by_cycle ON runs (cycle_id, started_at);
"""
_INDEX = (
    "CREATE VIRTUAL TABLE runs_text USING fts5 (name, error, summary, content='runs', content_rowid='rowid')",
    "CREATE TRIGGER runs_text_new AFTER INSERT ON runs BEGIN INSERT INTO runs_text (rowid, name, error, summary)"
    " VALUES (new.rowid, new.name, new.error, new.summary); END",
    "CREATE TRIGGER runs_text_gone AFTER DELETE ON runs BEGIN INSERT INTO runs_text (runs_text, rowid, name, error,"
    " summary) VALUES ('delete', old.rowid, old.name, old.error, old.summary); END",
    "CREATE TRIGGER runs_text_changed AFTER UPDATE ON runs BEGIN INSERT INTO runs_text (runs_text, rowid, name, error,"
    " summary) VALUES ('delete', old.rowid, old.name, old.error, old.summary); INSERT INTO runs_text (rowid, name,"
    " error, summary) VALUES (new.rowid, new.name, new.error, new.summary); END",
    "INSERT INTO runs_text (runs_text) VALUES ('rebuild')",
)
_COLUMNS = "run_id, COALESCE(parent_id,''), trace_id, cycle_id, name, kind, started_at, COALESCE(ended_at,''), error"
_SECONDS = "(julianday(ended_at) - julianday(started_at)) * 86400.0"


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

    @property
    def outcome(self) -> Literal["not ended", "waited", "failed", "done"]:
        """How it ended; one that was interrupted waited for a person, which is no failure."""
        if not self.ended_at:
            return "not ended"
        if "Interrupt" in self.error:
            return "waited"
        return "failed" if self.error else "done"

    @property
    def took_s(self) -> float | None:
        """Seconds from its start to its end; None while it is under way."""
        if not self.ended_at:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; what is left at its default is not asked for."""

    text: str = ""
    """Words that stand in the name, the error or the summary: all of them, each as the beginning of a word."""
    node: str = ""
    errors: bool = False
    """Only runs that failed (waiting for a person is no failure)."""
    slower_than_s: float = 0.0
    cycles: Collection[str] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a run, well (`error` is "") or not."""

    run_id: str
    ended_at: str
    error: str = ""
    summary: str = ""


class TraceStore:
    """Runs by cycle. Thread-safe; another process may read while this one writes."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, _SCHEMA, durable=False)
        self.indexed = self._index()

    def _index(self) -> bool:
        """Whether words are found by FTS5; made once a file, from what the file holds."""
        known = "SELECT 1 FROM sqlite_master WHERE name='runs_text'"
        if self._store.rows(known):
            return True
        if not self._store.rows("SELECT 1 FROM pragma_module_list WHERE name='fts5'"):
            return False
        with self._store.transaction() as db:
            if db.execute(known).fetchone() is None:
                _run_all(db, _INDEX)
        return True

    def add(self, found: Iterable[Run | Ended]) -> None:
        """Runs that begin, and runs that end, in that order; all are written or none."""
        with self._store.transaction() as db:
            for one in found:
                db.execute(*_starting(one) if isinstance(one, Run) else _ending(one))

    def runs(self, cycle_id: str) -> tuple[Run, ...]:
        """All runs of a cycle in the order they began, its retries and resumptions included."""
        rows = self._store.rows(
            f"SELECT {_COLUMNS}, summary FROM runs WHERE cycle_id=? ORDER BY started_at, rowid", (cycle_id,)
        )
        return tuple(Run(*row) for row in rows)

    def search(self, wanted: Wanted) -> tuple[Run, ...]:
        """Runs that are as wanted, the newest first, at most `wanted.limit`."""
        clauses, values = _clauses(wanted, self.indexed)
        where = " AND ".join(clauses) or "1"
        rows = self._store.rows(
            f"SELECT {_COLUMNS}, summary FROM runs WHERE {where} ORDER BY started_at DESC, rowid DESC LIMIT ?",
            (*values, wanted.limit),
        )
        return tuple(Run(*row) for row in rows)

    def prune(self, before: str = "", keep_cycles: int | None = None) -> int:
        """Remove whole cycles: those whose last run began before `before` (ISO UTC), and all but the newest
        `keep_cycles`. Returns how many cycles went."""
        newest_first = [
            (str(cycle), str(last))
            for cycle, last in self._store.rows(
                "SELECT cycle_id, MAX(started_at) AS last FROM runs GROUP BY cycle_id ORDER BY last DESC, cycle_id"
            )
        ]
        kept = len(newest_first) if keep_cycles is None else keep_cycles
        gone = [cycle for i, (cycle, last) in enumerate(newest_first) if i >= kept or last < before]
        self._remove(gone)
        return len(gone)

    def bound(self, keep_bytes: int = KEEP_BYTES) -> int:
        """Remove the oldest cycles while the file holds more than `keep_bytes`, but never the newest; how many went."""
        gone, used = 0, self._used()
        while used > keep_bytes:
            (cycles,) = self._store.rows("SELECT COUNT(DISTINCT cycle_id) FROM runs")[0]
            if cycles <= 1:
                break
            gone += self.prune(keep_cycles=max(1, min(cycles - 1, int(cycles * _AFTER_BOUND * keep_bytes / used))))
            used = self._used()
        return gone

    def _used(self) -> int:
        """Bytes in use; what was freed is used again before the file grows."""
        pages, free, size = self._store.rows(
            "SELECT page_count, freelist_count, page_size FROM pragma_page_count(), pragma_freelist_count(),"
            " pragma_page_size()"
        )[0]
        return int((pages - free) * size)

    def compact(self) -> None:
        """Give what pruning freed back to the disk."""
        self._store.rows("VACUUM")
        if self.indexed:  # VACUUM may number rows anew
            self._store.rows("INSERT INTO runs_text (runs_text) VALUES ('rebuild')")

    def _remove(self, cycles: Collection[str]) -> None:
        with self._store.transaction() as db:
            db.executemany("DELETE FROM runs WHERE cycle_id=?", [(cycle,) for cycle in cycles])

    def close(self) -> None:
        """Close the database."""
        self._store.close()


def _starting(run: Run) -> tuple[str, tuple[str, ...]]:
    """Statement and values: a run that begins again is one that has not ended."""
    return (
        "INSERT INTO runs VALUES (?,?,?,?,?,?,?,NULL,'','') ON CONFLICT (run_id) DO UPDATE SET"
        " started_at=excluded.started_at, ended_at=NULL, error='', summary=''",
        (run.run_id, run.parent_id, run.trace_id, run.cycle_id, run.name, run.kind, run.started_at),
    )


def _ending(end: Ended) -> tuple[str, tuple[str, ...]]:
    return (
        "UPDATE runs SET ended_at=?, error=?, summary=? WHERE run_id=?",
        (end.ended_at, end.error, end.summary, end.run_id),
    )


def _run_all(db: sqlite3.Connection, statements: Collection[str]) -> None:
    for statement in statements:
        db.execute(statement)


def _clauses(wanted: Wanted, indexed: bool) -> tuple[list[str], list[object]]:
    """SQL conditions and their values."""
    clauses: list[str] = []
    values: list[object] = []
    words = wanted.text.split()
    if words and indexed:
        clauses.append("rowid IN (SELECT rowid FROM runs_text WHERE runs_text MATCH ?)")
        values.append(" ".join('"' + word.replace('"', '""') + '"*' for word in words))
    for word in () if indexed else words:
        clauses.append("instr(lower(name || ' ' || error || ' ' || summary), lower(?)) > 0")
        values.append(word)
    if wanted.node:
        clauses.append("name = ?")
        values.append(wanted.node)
    if wanted.errors:
        clauses.append("error <> '' AND instr(error, 'Interrupt') = 0")
    if wanted.slower_than_s > 0.0:
        clauses.append(f"{_SECONDS} > ?")
        values.append(wanted.slower_than_s)
    if wanted.cycles is not None:
        clauses.append("cycle_id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(sorted(wanted.cycles)))
    return clauses, values
