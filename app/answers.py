"""Recorded chat-model answers: what a model said, under the hash of agent, model, prompt and schema."""

from __future__ import annotations

from pathlib import Path

from tools.execution.store import Store

SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT;"


class SqliteAnswers:
    """An AnswerStore in one SQLite file; the first answer to a question is kept for ever."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, SCHEMA)

    def get(self, key: str) -> str | None:
        """The recorded answer, or None."""
        rows = self._store.rows("SELECT answer FROM answers WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def put(self, key: str, answer: str) -> None:
        """Record an answer unless one is there already; StorageFailed where it did not reach the disk."""
        with self._store.transaction() as db:
            db.execute("INSERT INTO answers VALUES (?, ?) ON CONFLICT DO NOTHING", (key, answer))
