"""One SQLite file whose transactions are on the disk when they return, and whose damage is noticed when it opens."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.errors import BullpenError, CorruptFile, InputError, StorageFailed

BUSY_TIMEOUT_S = 30.0
"""How long to wait for another process's transaction."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


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
        """Open `path`, creating it whole or not at all. CorruptFile where it is damaged, empty or of another kind.

        With `durable` False a power cut may take the last transactions (a trace is not a record). A file of an older
        `version` is brought to this one by the statements `upgrades` has for each version on the way, all or none.
        """
        self.path = path
        self._version, self._upgrades = version, dict(upgrades or {})
        self._lock = threading.RLock()
        with self._errors():
            if not path.exists():
                _create(path, _script(schema, version))
            if path.stat().st_size == 0:
                raise CorruptFile(f"{path.name} is empty: it was cut short", _remedy(path))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._verify(schema, durable)

    def _verify(self, schema: str, durable: bool) -> None:
        connection = self._connection
        if self.path.stat().st_size % connection.execute("PRAGMA page_size").fetchone()[0]:
            raise CorruptFile(f"{self.path.name} was cut short inside a page", _remedy(self.path))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise CorruptFile(f"{self.path.name} is damaged: {found[0]}", _remedy(self.path))
        if self._stored_version() == 0:
            connection.executescript(_script(schema, self._version))
        while self._stored_version() != self._version:
            self._upgrade()
        connection.execute("PRAGMA foreign_keys=ON")

    def _stored_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _upgrade(self) -> None:
        """One version up, unless another process did it meanwhile; foreign keys are off while tables are replaced."""
        with self.transaction() as db:
            found = self._stored_version()
            if found == self._version:
                return
            if found not in self._upgrades:
                raise CorruptFile(
                    f"{self.path.name} has schema {found}, not {self._version}",
                    f"open it with the version of bullpen that wrote it, or {_remedy(self.path)}",
                )
            for statement in self._upgrades[found]:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={found + 1}")

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All or nothing: what is executed inside is on the disk when this returns.

        StorageFailed where it is not, InputError where it clashes with what is stored; then nothing was changed.
        """
        with self._lock, self._errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, self._errors():
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _errors(self) -> Generator[None]:
        """SQLite's and the system's errors as ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise _translated(error, self.path) from error
        except OSError as error:
            raise StorageFailed(f"{self.path.name}: {error.strerror}", "check the folder and the disk") from error


def _create(path: Path, script: str) -> None:
    """Make the file under another name and link it into place, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    draft.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            connection.executescript(script)
        finally:
            connection.close()
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first
    finally:
        draft.unlink(missing_ok=True)


def _script(schema: str, version: int) -> str:
    return f"BEGIN IMMEDIATE;\n{schema}\nPRAGMA user_version={version};\nCOMMIT;"


def _translated(error: sqlite3.Error, path: Path) -> BullpenError:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _CORRUPT:
        return CorruptFile(f"{path.name} is damaged: {error}", _remedy(path))
    if code == sqlite3.SQLITE_CONSTRAINT:
        return InputError(f"{path.name} holds something else under that name: {error}", "never reuse an id")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StorageFailed(f"{path.name} was not written: {error}", "free space on the disk and run it again")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageFailed(f"{path.name} is held by another process", "wait for it and run this again")
    return StorageFailed(f"{path.name}: {error}", "check that the file and its folder can be written")


def _remedy(path: Path) -> str:
    return f"restore {path.name} from a backup, or move it away to begin anew"
