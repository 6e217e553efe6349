"""The ledger's tables, the same in a SQLite file and in Postgres. Money and units are in the payloads, as JSON."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from data.errors import CorruptFile
from tools.execution.database import WORDS
from tools.execution.orders import OrderState

CycleStatus = Literal["started", "decided", "done", "abandoned"]
"""`abandoned`: another slot of the book was begun before this cycle decided anything; it had no effect."""

VERSION = 3
METADATA = MetaData()


class CycleState(NamedTuple):
    """A row of `cycles`, without its settings."""

    cycle_id: str
    book: str
    slot: str
    status: CycleStatus
    book_version: int


def _words(name: str, *constraints: Any, nullable: bool = False, **options: Any) -> Column[str]:
    return Column(name, WORDS, *constraints, nullable=nullable, **options)


def _count(name: str, default: str = "") -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(default) if default else None)


def _sequence() -> Column[int]:
    """Grows with each row, for what is read oldest first."""
    return Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _one_of(name: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{name} IN ({', '.join(repr(value) for value in values)})")


def _table(name: str, *parts: Any) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)


def _cycle(**options: Any) -> Column[str]:
    return _words("cycle_id", ForeignKey("cycles.cycle_id"), **options)


CYCLES = _table(
    "cycles",
    _words("cycle_id", primary_key=True),
    _words("book"),
    _words("slot"),
    _words("status"),
    _count("book_version"),
    _words("started_with", nullable=True),
    _one_of("status", get_args(CycleStatus)),
    UniqueConstraint("book", "slot"),
)
DECISIONS = _table("decisions", _cycle(primary_key=True), _words("sha256"), _words("payload"))
INTENTS = _table(
    "intents",
    _words("order_id", primary_key=True),
    _cycle(),
    _count("position"),
    _words("parent", ForeignKey("intents.order_id"), nullable=True, unique=True),
    _words("payload"),
    _words("state"),
    _words("reason", server_default=""),
    _count("asked", "0"),
    _one_of("state", get_args(OrderState)),
    UniqueConstraint("cycle_id", "position"),
    Index("intents_by_state", "state", "asked"),
)
FILLS = _table(
    "fills",
    _sequence(),
    _words("order_id", ForeignKey("intents.order_id")),
    _words("execution_id"),
    Column("quantity", Double().with_variant(REAL(), "sqlite"), nullable=False),
    _words("payload"),
    _words("booked_by", ForeignKey("cycles.cycle_id"), nullable=True),
    UniqueConstraint("order_id", "execution_id"),
)
DISPUTES = _table(
    "disputes",
    _sequence(),
    _words("order_id", ForeignKey("intents.order_id")),
    _words("execution_id"),
    _words("reason"),
    _words("payload"),
    _count("settled", "0"),
    UniqueConstraint("order_id", "execution_id", "reason"),
)
BOOKS = _table(
    "books",
    _words("name", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _cycle(nullable=True),
    _words("payload"),
)
RECORDS = _table(
    "records",
    _sequence(),
    _cycle(unique=True),
    _words("sha256"),
    Column("bytes", LargeBinary, nullable=False),
)


def sha256(content: bytes) -> str:
    """The hex digest stored beside what must not change."""
    return hashlib.sha256(content).hexdigest()


def checked(content: bytes, digest: str, what: str) -> bytes:
    """`content`, or CorruptFile where it is not what was written."""
    if sha256(content) != digest:
        raise CorruptFile(f"{what} was altered", "restore the ledger from a backup")
    return content
