"""The checkpointer, in SQLite or Postgres, and a serializer that revives our own nouns, unaltered, and nothing else."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import WRITES_IDX_MAP
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from agents.meta.allocation import Allocation, Fallback, PolicyUse
from agents.view import Opinion, View
from data.errors import BadConfig, CorruptFile, StorageFailed
from data.redaction import told
from graph.fail_stop import FailStop
from graph.record import Approval
from graph.state import SnapshotRef
from tools.execution.book import Book, Lock, Position
from tools.execution.orders import Fill, Order
from tools.risk.kill_switch.halt import HaltState
from tools.risk.verdict import Clamp, Verdict

REVIVED = (
    Allocation, Approval, Book, Clamp, Fallback, Fill, HaltState, Lock, Opinion, Order, PolicyUse, Position,
    SnapshotRef, Verdict, View,
)  # fmt: skip
"""The only types a checkpoint may hold beside plain JSON values."""


WHAT = "the checkpoint"
SETUP_S = 30.0
"""How long to wait for another process that makes the server's tables."""
_DIGEST = 16
_CHECKED = "+blake2b"
"""Behind the kind of a value whose bytes begin with their own digest."""


class StrictSerializer(JsonPlusSerializer):
    """LangGraph's msgpack serializer with pickle off and our types as the allow-list; a changed byte is noticed.

    A node's error is stored in words, and an exception may quote a key.
    """

    def __init__(self) -> None:
        super().__init__(
            pickle_fallback=False,
            allowed_msgpack_modules=[(t.__module__, t.__name__) for t in REVIVED],
        )

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The value's kind and its bytes behind their digest."""
        kind, content = super().dumps_typed(told(obj) if isinstance(obj, BaseException) else obj)
        return kind + _CHECKED, _digest(content) + content

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The value; CorruptFile where its bytes are not what was written."""
        kind, content = data
        if kind.endswith(_CHECKED):
            kind, digest, content = kind.removesuffix(_CHECKED), content[:_DIGEST], content[_DIGEST:]
            if _digest(content) != digest:
                raise CorruptFile(f"{WHAT} was altered", "restore it from a backup, or move it away to begin anew")
        return super().loads_typed((kind, content))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


class FileSaver(FailStop, SqliteSaver):
    """LangGraph's saver in a SQLite file.

    A checkpoint is on the disk when `put` returns, and all that was written before with it. What a node wrote waits for
    the checkpoint that follows: a power cut in between makes the node run again, a kill does not even do that. A
    question to a person, an answer and an error are on the disk at once, for no checkpoint need follow them.
    """

    @contextmanager
    def cursor(self, transaction: bool = True) -> Generator[sqlite3.Cursor]:
        """See SqliteSaver."""
        with super().cursor(transaction) as cursor:
            if transaction:
                cursor.execute(f"PRAGMA synchronous={_SYNCHRONOUS.get()}")
            yield cursor

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """See BaseCheckpointSaver."""
        waits = not any(channel in WRITES_IDX_MAP for channel, _ in writes)
        before = _SYNCHRONOUS.set("NORMAL" if waits else "FULL")
        try:
            super().put_writes(config, writes, task_id, task_path)
        finally:
            _SYNCHRONOUS.reset(before)


_SYNCHRONOUS: ContextVar[str] = ContextVar("synchronous", default="FULL")


def open_checkpointer(where: Path | str) -> FailStop:
    """The saver in a SQLite file or at a Postgres URL; what it confirmed survives a power cut.

    StorageFailed where it cannot be reached, CorruptFile where it is damaged.
    """
    return _in_file(where) if isinstance(where, Path) else _on_server(where)


def _in_file(path: Path) -> FileSaver:
    with storage_errors(path.name):
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        saver = FileSaver(connection, serde=StrictSerializer())
        saver.setup()
    return saver


def _on_server(url: str) -> FailStop:
    """LangGraph's saver over one connection, which is opened anew where it was lost."""
    from tools.execution.dialect_postgres import CONNECT_TIMEOUT_S, CONNECTION, conninfo_of, set_up

    try:
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg import Connection
        from psycopg.rows import DictRow, dict_row
        from psycopg_pool import ConnectionPool
    except ImportError as error:
        raise BadConfig(f"{error.name} is not installed", "install bullpen[postgres]") from error

    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what it tries again and again is raised once
    options: dict[str, Any] = CONNECTION | {"autocommit": True, "row_factory": dict_row}
    with storage_errors():
        with Connection[DictRow].connect(conninfo_of(url), **options) as first:
            _make_tables(first, PostgresSaver(first))
        pool = ConnectionPool(
            conninfo_of(url),
            connection_class=Connection[DictRow],
            kwargs=options,
            min_size=0,
            max_size=1,
            num_workers=1,
            timeout=CONNECT_TIMEOUT_S,
            configure=set_up,
            check=_check,
            open=True,
        )

    class ServerSaver(FailStop, PostgresSaver):
        """LangGraph's saver on a Postgres server."""

    return ServerSaver(pool, serde=StrictSerializer())


def _check(connection: Any) -> None:
    """Raises where the connection was lost, so that the pool opens another one."""
    connection.execute("SELECT 1")


def _make_tables(connection: Any, saver: Any) -> None:
    """One process at a time. It is asked for again and again, for a session that waits holds up the indexes' maker."""
    from tools.execution.dialect_postgres import lock_key

    until = time.monotonic() + SETUP_S
    key = (lock_key("bullpen checkpoints"),)
    while not connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", key).fetchone()["mine"]:
        if time.monotonic() > until:
            raise StorageFailed("another process is making the checkpoints' tables", "wait for it and run this again")
        time.sleep(0.05)
    saver.setup()


@contextmanager
def storage_errors(what: str = WHAT) -> Generator[None]:
    """Errors of the stores and of the disk, which LangGraph's savers let through, as ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StorageFailed(
                f"{what} was not written: {error}", "free space on the disk and run it again"
            ) from error
        raise CorruptFile(
            f"{what} is damaged: {error}", "move it away; a cycle that was under way begins anew"
        ) from error
    except OSError as error:
        raise StorageFailed(f"{what}: {error.strerror}", "check the folder and the disk") from error
    except _psycopg_errors() as error:
        from tools.execution.dialect_postgres import translated

        raise translated(error, f"{what} (Postgres)") from error


def _psycopg_errors() -> tuple[type[Exception], ...]:
    """Of the driver, where it was loaded at all."""
    driver = sys.modules.get("psycopg")
    return (driver.Error,) if driver is not None else ()
