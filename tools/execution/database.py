"""A store of tables whose transactions are durable when they return: a SQLite file by path, or Postgres by URL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Executable, MetaData, Text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data.errors import BullpenError, SourceUnavailable, StorageFailed

WORDS = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared byte by byte, in both stores."""


POLL_S = 0.05
"""How long to wait before a lock that another process holds is tried again."""

Found = TypeVar("Found")


class Dialect(Protocol):
    """What the two kinds of store do each in its own way."""

    begin: tuple[str, ...]
    """Statements that open a transaction which no other writer of this store is inside of."""

    def open(self) -> Engine:
        """An engine in autocommit over tables that exist, at the present version."""
        ...

    def translated(self, error: SQLAlchemyError) -> BullpenError:
        """What an error means for who called: InputError, StorageFailed or CorruptFile."""
        ...

    def acquire(self, name: str, connection: Connection) -> Callable[[], None] | None:
        """Take the system's lock `name` and return what lets go of it; None where another process has it."""
        ...


class Database:
    """One connection, shared by the threads of a process; several processes may have the store open."""

    def __init__(
        self,
        where: Path | str,
        metadata: MetaData,
        *,
        name: str,
        version: int = 1,
        upgrades: Mapping[int, Sequence[str]] | None = None,
        durable: bool = True,
    ) -> None:
        """Open the store, creating its tables whole or not at all.

        `where` is a SQLite file or a Postgres URL ("postgresql://user@host/database"); stores of different `name`
        share a Postgres database, so no two have a table in common. A store of an older `version` is brought to this
        one by the statements `upgrades` has for each version on the way, all or none. With `durable` False a power
        cut may take the last transactions. CorruptFile where the store is damaged or of a later version,
        StorageFailed where it cannot be reached, BadConfig for a URL that is none.
        """
        self.name = name
        self._dialect = _dialect(where, metadata, name, version, upgrades or {}, durable)
        self._lock = threading.RLock()
        self._inside = False
        self._held: set[str] = set()
        with self._errors():
            self._engine = self._dialect.open()
            self._connection = self._engine.connect()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """All or nothing, one writer at a time: what is executed inside is durable when this returns.

        StorageFailed where it is not, InputError where it clashes with what is stored; then nothing was changed, save
        where the connection to Postgres broke during the commit itself: then all of it was, or nothing.
        """
        with self._lock, self._errors():
            if self._inside:
                raise StorageFailed("a transaction is open already", "end it first")
            try:
                self._again(self._begin)
                self._inside = True
                yield self._connection
                self._connection.commit()
            finally:
                self._inside = False
                self._connection.rollback()

    def rows(self, statement: Executable, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query with its bound `values`; inside a transaction of this thread it sees what that wrote."""
        with self._lock, self._errors():
            found = self._again(lambda: [tuple(row) for row in self._connection.execute(statement, values)])
            if not self._inside:
                self._connection.rollback()
            return found

    @contextmanager
    def alone(self, name: str, wait_s: float = 0.0, what: str = "") -> Generator[None]:
        """One holder of `name` at a time over all processes that share the store; the system lets go after a kill.

        SourceUnavailable, naming `what` is held, where another keeps it for `wait_s` seconds. On Postgres the lock
        belongs to the connection: where that is lost inside, each later transaction is refused until the block is left.
        """
        until = time.monotonic() + wait_s
        while (release := self._acquire(name)) is None:
            if time.monotonic() >= until:
                raise SourceUnavailable(f"another process is running {what or repr(name)}", "wait for it to end")
            time.sleep(POLL_S)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(name)
                release()

    def close(self) -> None:
        """Let go of the file or the server."""
        with self._lock:
            self._connection.close()
            self._engine.dispose()

    def _acquire(self, name: str) -> Callable[[], None] | None:
        with self._lock, self._errors():
            if name in self._held:
                return None
            release = self._again(lambda: self._dialect.acquire(name, self._connection))
            if release is not None:
                self._held.add(name)
            return release

    def _begin(self) -> None:
        for statement in self._dialect.begin:
            self._connection.exec_driver_sql(statement)

    def _again(self, step: Callable[[], Found]) -> Found:
        """What a step that changes nothing gives, taken once more where its connection turns out to be lost."""
        if self._held and self._connection.invalidated:
            names = ", ".join(sorted(self._held))
            raise StorageFailed(f"the connection that held the lock of {names} was lost", "run it again")
        try:
            return step()
        except DBAPIError as error:
            if not error.connection_invalidated or self._inside or self._held:
                raise
            self._connection.rollback()
            return step()

    @contextmanager
    def _errors(self) -> Generator[None]:
        """SQLAlchemy's errors as ours."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self._dialect.translated(error) from error


def _dialect(
    where: Path | str, metadata: MetaData, name: str, version: int, upgrades: Mapping[int, Sequence[str]], durable: bool
) -> Dialect:
    if isinstance(where, Path):
        from tools.execution.dialect_sqlite import SqliteDialect

        return SqliteDialect(where, metadata, version, upgrades, durable)
    from tools.execution.dialect_postgres import PostgresDialect

    return PostgresDialect(where, metadata, name, version, upgrades)
