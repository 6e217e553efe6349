"""One SQLite file spoken to in SQL of its own: the paper venue and the traces, which never live in Postgres."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.execution.sqlite_file import connect, sqlite_errors


class Store:
    """A file in WAL mode with synchronous=FULL; safe for threads of one process and for several processes."""

    def __init__(
        self,
        path: Path,
        schema: str,
        durable: bool = True,
        version: int = 1,
        upgrades: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        """Open `path` as `sqlite_file.connect` does."""
        self.path = path
        self._lock = threading.RLock()
        self._connection = connect(path, schema, durable, version, upgrades)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All or nothing: what is executed inside is on the disk when this returns.

        StorageFailed where it is not, InputError where it clashes with what is stored; then nothing was changed.
        """
        with self._lock, sqlite_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, sqlite_errors(self.path):
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
