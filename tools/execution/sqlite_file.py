"""A SQLite file that is created whole or not at all, noticed where it is damaged, and upgraded in one step."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from data.errors import BullpenError, CorruptFile, InputError, StorageFailed

BUSY_TIMEOUT_S = 30.0
"""How long to wait for another process's transaction."""

_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


def connect(
    path: Path, schema: str, durable: bool = True, version: int = 1, upgrades: Mapping[int, Sequence[str]] | None = None
) -> sqlite3.Connection:
    """A connection to `path` in WAL mode and autocommit, for any thread; CorruptFile where the file is damaged, empty
    or of another kind.

    With `durable` False a power cut may take the last transactions (a trace is not a record). A file of an older
    `version` is brought to this one by the statements `upgrades` has for each version on the way, all or none.
    """
    with sqlite_errors(path):
        if not path.exists():
            _create(path, _script(schema, version))
        if path.stat().st_size == 0:
            raise CorruptFile(f"{path.name} is empty: it was cut short", _remedy(path))
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            _verify(connection, path, durable)
            if _stored_version(connection) == 0:
                connection.executescript(_script(schema, version))
            while _stored_version(connection) != version:
                _upgrade(connection, path, version, upgrades or {})
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def sqlite_errors(path: Path) -> Generator[None]:
    """SQLite's and the system's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error
    except OSError as error:
        raise StorageFailed(f"{path.name}: {error.strerror}", "check the folder and the disk") from error


def translated(error: sqlite3.Error, path: Path) -> BullpenError:
    """What an error of SQLite means for who called: InputError, StorageFailed or CorruptFile."""
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


def _verify(connection: sqlite3.Connection, path: Path, durable: bool) -> None:
    if path.stat().st_size % connection.execute("PRAGMA page_size").fetchone()[0]:
        raise CorruptFile(f"{path.name} was cut short inside a page", _remedy(path))
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
    found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise CorruptFile(f"{path.name} is damaged: {found[0]}", _remedy(path))


def _stored_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _upgrade(connection: sqlite3.Connection, path: Path, version: int, upgrades: Mapping[int, Sequence[str]]) -> None:
    """One version up, unless another process did it meanwhile; foreign keys are off while tables are replaced."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _stored_version(connection)
        if found != version:
            if found not in upgrades:
                raise CorruptFile(
                    f"{path.name} has schema {found}, not {version}",
                    f"open it with the version of bullpen that wrote it, or {_remedy(path)}",
                )
            for statement in upgrades[found]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={found + 1}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


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


def _remedy(path: Path) -> str:
    return f"restore {path.name} from a backup, or move it away to begin anew"
