"""The checkpointer: SQLite, and a serializer that revives our own nouns and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from agents.meta.allocation import Allocation, Fallback, PolicyUse
from agents.view import Opinion, View
from data.errors import CorruptFile, StorageFailed
from data.redaction import told
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


def strict_serializer() -> JsonPlusSerializer:
    """LangGraph's msgpack serializer with pickle off and our types as the allow-list."""
    return _Serializer(
        pickle_fallback=False,
        allowed_msgpack_modules=[(t.__module__, t.__name__) for t in REVIVED],
    )


class _Serializer(JsonPlusSerializer):
    """A node's error is stored in words, and an exception may quote a key."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        return super().dumps_typed(told(obj) if isinstance(obj, BaseException) else obj)


def open_checkpointer(path: Path) -> SqliteSaver:
    """The saver at `path`; WAL with full sync, so that what it confirmed survives a power cut."""
    with storage_errors(path.name):
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        saver = SqliteSaver(connection, serde=strict_serializer())
        saver.setup()
    return saver


@contextmanager
def storage_errors(what: str = "the checkpoint") -> Generator[None]:
    """Errors of SQLite and of the disk, which LangGraph's saver lets through, as ours."""
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
