"""How a Database lives on a Postgres server: serializable, one writer a store at a time, advisory locks for names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from data.errors import BadConfig, BullpenError, CorruptFile, InputError, StorageFailed

CONNECT_TIMEOUT_S = 10
CONNECTION: dict[str, Any] = {"client_encoding": "UTF8", "connect_timeout": CONNECT_TIMEOUT_S}
"""What every connection of ours is opened with."""
SESSION = (
    "SET lock_timeout = '30s'",  # as long as SQLite waits for another writer
    "SET tcp_keepalives_idle = 30",  # a client whose machine died lets go of its locks after a minute
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
NEVER_OFF = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
REMEDY = "check BULLPEN_DATABASE and the server, then run it again"

_CLASSES: dict[str, tuple[type[BullpenError], str, str]] = {
    "22": (InputError, "cannot hold that", "store plain text and finite numbers"),
    "23": (InputError, "holds something else under that name", "never reuse an id"),
    "40": (StorageFailed, "was written by another process at the same time", "run it again"),
    "53": (StorageFailed, "was not written", "free space on the server's disk and run it again"),
    "55": (StorageFailed, "is held by another process", "wait for it and run this again"),
    "58": (StorageFailed, "was not written", "check the server's disk and run it again"),
    "XX": (CorruptFile, "is damaged", "restore the database from a backup"),
}
"""What the classes of SQLSTATE mean for who called."""


class PostgresDialect:
    """Satisfies database.Dialect. A table of one row for each store keeps its version and is its writers' lock."""

    def __init__(
        self, url: str, metadata: MetaData, name: str, version: int, upgrades: Mapping[int, Sequence[str]]
    ) -> None:
        self._url, self._metadata, self._name = url_of(url), metadata, name
        self._version, self._upgrades = version, upgrades
        self._writers = f"bullpen_{name}"
        # LOCK comes before anything is read, so that the transaction sees all that the last writer did.
        self.begin: tuple[str, ...] = (
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            f"LOCK TABLE {self._writers} IN SHARE ROW EXCLUSIVE MODE",
        )

    def open(self) -> Engine:
        """An engine in autocommit over this version's tables, made or upgraded in one transaction."""
        engine = _engine(self._url)
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            self._bring_up(connection)
            connection.commit()
        return engine

    def translated(self, error: SQLAlchemyError) -> BullpenError:
        """The server's error as ours; its first line names neither user nor password."""
        return translated(error.orig if isinstance(error, DBAPIError) else error, f"the database ({self._name})")

    def acquire(self, name: str, connection: Connection) -> Callable[[], None] | None:
        """A session's advisory lock, on the very connection that writes."""
        key = {"key": lock_key(name)}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
            connection.rollback()
            return None
        connection.rollback()

        def release() -> None:
            if not connection.invalidated:
                with suppress(DBAPIError):  # a connection that is lost has let go already
                    connection.scalar(text("SELECT pg_advisory_unlock(:key)"), key)
                    connection.rollback()

        return release

    def _bring_up(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("bullpen schema")})
        if connection.scalar(text("SELECT to_regclass(:name)"), {"name": self._writers}) is None:
            self._metadata.create_all(connection)
            connection.exec_driver_sql(f"CREATE TABLE {self._writers} (version INTEGER NOT NULL)")
            connection.exec_driver_sql(f"INSERT INTO {self._writers} VALUES ({self._version})")
        found = int(connection.scalar(text(f"SELECT version FROM {self._writers}")) or 0)
        while found != self._version:
            if found not in self._upgrades:
                raise CorruptFile(
                    f"the database ({self._name}) has schema {found}, not {self._version}",
                    "open it with the version of bullpen that wrote it",
                )
            for statement in self._upgrades[found]:
                connection.exec_driver_sql(statement)
            found += 1
            connection.exec_driver_sql(f"UPDATE {self._writers} SET version = {found}")


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=CONNECTION)
    except ImportError as error:
        raise BadConfig("psycopg is not installed", "install bullpen[postgres]") from error
    event.listen(engine, "connect", lambda connection, record: set_up(connection))
    return engine


def url_of(url: str) -> URL:
    """A Postgres URL for SQLAlchemy's psycopg dialect; BadConfig (without the URL, which may hold a password)."""
    try:
        found = make_url(url)
    except ArgumentError as error:
        raise BadConfig("BULLPEN_DATABASE is no URL", 'write "postgresql://user@host/database"') from error
    if found.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise BadConfig(
            f"BULLPEN_DATABASE names {found.drivername}, not postgresql", 'write "postgresql://user@host/database"'
        )
    return found.set(drivername="postgresql+psycopg")


def conninfo_of(url: str) -> str:
    """The same URL as libpq takes it."""
    return url_of(url).set(drivername="postgresql").render_as_string(hide_password=False)


def shown(url: str) -> str:
    """A URL for a person's eyes: host, port and database, without user, password and options. BadConfig."""
    found = url_of(url)
    return f"postgresql://{found.host or 'localhost'}:{found.port or 5432}/{found.database or ''}"


def probed(url: str) -> str:
    """The server's version and whether a power cut can take what it has confirmed; StorageFailed where none answers."""
    engine = _engine(url_of(url))
    try:
        with engine.connect() as connection:
            version, fsync = connection.execute(
                text("SELECT current_setting('server_version'), current_setting('fsync')")
            ).one()
    except SQLAlchemyError as error:
        raise translated(error.orig if isinstance(error, DBAPIError) else error, shown(url)) from error
    finally:
        engine.dispose()
    return f"PostgreSQL {version}" + ("" if fsync == "on" else ", fsync off: a power cut may take what it confirmed")


def lock_key(name: str) -> int:
    """The 64-bit key of an advisory lock."""
    return int.from_bytes(hashlib.sha256(f"bullpen {name}".encode()).digest()[:8], signed=True)


def translated(error: BaseException | None, what: str) -> BullpenError:
    """What an error of psycopg (or of the way to it) means for who called."""
    state: str = getattr(error, "sqlstate", None) or ""
    kind, words, remedy = _CLASSES.get(state[:2], (StorageFailed, "was not reached or refused", REMEDY))
    detail = (str(error).strip().splitlines() or [""])[0]
    return kind(f"{what} {words}: {detail}", remedy)


def set_up(connection: Any) -> None:
    """Put a new connection of psycopg in order: autocommit, waits that end, commits that are on the server's disk."""
    connection.autocommit = True
    for statement in SESSION:
        connection.execute(statement)
    connection.execute(NEVER_OFF)
