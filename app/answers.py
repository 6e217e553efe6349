"""Recorded chat-model answers: what a model said, under the hash of agent, model, prompt and schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, MetaData, Table, bindparam, insert, select

from tools.execution.database import WORDS, Database

METADATA = MetaData()
ANSWERS = Table(
    "answers", METADATA, Column("key", WORDS, primary_key=True), Column("answer", WORDS, nullable=False),
    sqlite_strict=True,
)  # fmt: skip
_GET = select(ANSWERS.c.answer).where(ANSWERS.c.key == bindparam("key"))


class RecordedAnswers:
    """An AnswerStore in a SQLite file or a Postgres database; the first answer to a question is kept for ever."""

    def __init__(self, where: Path | str) -> None:
        self._database = Database(where, METADATA, name="answers")

    def get(self, key: str) -> str | None:
        """The recorded answer, or None."""
        rows = self._database.rows(_GET, {"key": key})
        return str(rows[0][0]) if rows else None

    def put(self, key: str, answer: str) -> None:
        """Record an answer unless one is there already; StorageFailed where it did not reach the disk."""
        with self._database.transaction() as db:
            if db.execute(_GET, {"key": key}).first() is None:
                db.execute(insert(ANSWERS), {"key": key, "answer": answer})
