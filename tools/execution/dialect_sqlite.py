"""How a Database lives in one SQLite file: WAL, full sync, a lock file for each name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, MetaData, StaticPool, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.util import LRUCache

from data.errors import BullpenError, StorageFailed
from tools.execution.sqlite_file import connect, sqlite_errors, translated

_COMPILED: MutableMapping[Any, Any] = LRUCache(500)
"""Statements compiled once for all files; a backtest or a row of replays opens many."""


class SqliteDialect:
    """Satisfies database.Dialect."""

    begin: tuple[str, ...] = ("BEGIN IMMEDIATE",)

    def __init__(
        self, path: Path, metadata: MetaData, version: int, upgrades: Mapping[int, Sequence[str]], durable: bool
    ) -> None:
        self._path, self._metadata = path, metadata
        self._version, self._upgrades, self._durable = version, upgrades, durable

    def open(self) -> Engine:
        """An engine over the one connection to the file."""
        found: Any = connect(self._path, schema_of(self._metadata), self._durable, self._version, self._upgrades)
        spoken = _spoken()
        engine = Engine(StaticPool(lambda: found, dialect=spoken.dialect), spoken.dialect, spoken.url)
        engine.update_execution_options(compiled_cache=_COMPILED)
        return engine

    def translated(self, error: SQLAlchemyError) -> BullpenError:
        """SQLite's error as ours."""
        if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
            return translated(error.orig, self._path)
        return StorageFailed(f"{self._path.name}: {error}", "check that the file and its folder can be written")

    def acquire(self, name: str, connection: Connection) -> Callable[[], None] | None:
        """An exclusive lock on `<name>.lock` beside the file."""
        lock = FileLock(self._path.parent / f"{name}.lock", timeout=0, thread_local=False)
        with sqlite_errors(self._path):
            try:
                lock.acquire()
            except Timeout:
                return None
        return lock.release


@cache
def _spoken() -> Engine:
    """What SQLAlchemy knows of SQLite, found out once a process and not once a file."""
    engine = create_engine("sqlite+pysqlite://")
    engine.connect().close()
    return engine


@cache
def schema_of(metadata: MetaData) -> str:
    """The SQL that creates what is not there yet of a store's STRICT tables and indexes."""
    dialect = sqlite.dialect()
    tables = metadata.sorted_tables
    made = [CreateTable(table, if_not_exists=True).compile(dialect=dialect) for table in tables]
    made += [
        CreateIndex(index, if_not_exists=True).compile(dialect=dialect)
        for table in tables
        for index in sorted(table.indexes, key=lambda i: str(i.name))
    ]
    return "".join(f"{str(statement).strip()};\n" for statement in made)
