"""The ledger's tables, how older files are brought up to them, and what may follow what in a book's cycles."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

from data.errors import CorruptFile, InputError, NotFound
from tools.execution.orders import Order

CycleStatus = Literal["started", "decided", "done", "abandoned"]
"""`abandoned`: another slot of the book was begun before this cycle decided anything; it had no effect."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS cycles (
    cycle_id TEXT PRIMARY KEY, book TEXT NOT NULL, slot TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('started', 'decided', 'done', 'abandoned')),
    book_version INTEGER NOT NULL, started_with TEXT, UNIQUE (book, slot)
) STRICT;
CREATE TABLE IF NOT EXISTS decisions (
    cycle_id TEXT PRIMARY KEY REFERENCES cycles, sha256 TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS intents (
    order_id TEXT PRIMARY KEY, cycle_id TEXT NOT NULL REFERENCES cycles, position INTEGER NOT NULL,
    parent TEXT UNIQUE REFERENCES intents, payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('intended', 'sent', 'unknown', 'accepted', 'partial', 'filled', 'rejected', 'cancelled')),
    reason TEXT NOT NULL DEFAULT '', asked INTEGER NOT NULL DEFAULT 0, UNIQUE (cycle_id, position)
) STRICT;
CREATE TABLE IF NOT EXISTS fills (
    order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL, payload TEXT NOT NULL,
    booked_by TEXT REFERENCES cycles, PRIMARY KEY (order_id, execution_id)
) STRICT;
CREATE TABLE IF NOT EXISTS disputes (
    order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL, reason TEXT NOT NULL, payload TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (order_id, execution_id, reason)
) STRICT;
CREATE TABLE IF NOT EXISTS books (
    name TEXT NOT NULL, version INTEGER NOT NULL, cycle_id TEXT REFERENCES cycles, payload TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE IF NOT EXISTS records (
    cycle_id TEXT PRIMARY KEY REFERENCES cycles, sha256 TEXT NOT NULL, bytes BLOB NOT NULL
) STRICT;
"""

VERSION = 2
UPGRADES = {
    1: (
        "CREATE TABLE intents_2 (order_id TEXT PRIMARY KEY, cycle_id TEXT NOT NULL REFERENCES cycles,"
        " position INTEGER NOT NULL, parent TEXT UNIQUE REFERENCES intents, payload TEXT NOT NULL,"
        " state TEXT NOT NULL CHECK (state IN"
        " ('intended', 'sent', 'unknown', 'accepted', 'partial', 'filled', 'rejected', 'cancelled')),"
        " reason TEXT NOT NULL DEFAULT '', asked INTEGER NOT NULL DEFAULT 0, UNIQUE (cycle_id, position)) STRICT",
        "INSERT INTO intents_2 SELECT order_id, cycle_id, position, NULL, payload, state, '', 0 FROM intents"
        " ORDER BY rowid",
        "DROP TABLE intents",
        "ALTER TABLE intents_2 RENAME TO intents",
        "CREATE TABLE fills_2 (order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL,"
        " payload TEXT NOT NULL, booked_by TEXT REFERENCES cycles, PRIMARY KEY (order_id, execution_id)) STRICT",
        "INSERT INTO fills_2 SELECT order_id, '', payload, booked_by FROM fills ORDER BY rowid",
        "DROP TABLE fills",
        "ALTER TABLE fills_2 RENAME TO fills",
        "CREATE TABLE disputes (order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL,"
        " reason TEXT NOT NULL, payload TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY (order_id, execution_id, reason)) STRICT",
    )
}
"""Version 1 knew one fill an order, and neither partial fills nor reasons."""


class CycleState(NamedTuple):
    """A row of `cycles`, without its settings."""

    cycle_id: str
    book: str
    slot: str
    status: CycleStatus
    book_version: int


def cycle_state(db: sqlite3.Connection, cycle_id: str) -> CycleState:
    """The cycle; NotFound where it was never opened."""
    row = db.execute(
        "SELECT cycle_id, book, slot, status, book_version FROM cycles WHERE cycle_id = ?", (cycle_id,)
    ).fetchone()
    if row is None:
        raise NotFound(f"cycle {cycle_id} was never opened", "run `bullpen cycle`")
    return CycleState(*row)


def book_version(db: sqlite3.Connection, book: str) -> int:
    """How often the book was changed; 0 where it has only its deposit, or not even that."""
    return int(db.execute("SELECT ifnull(max(version), 0) FROM books WHERE name = ?", (book,)).fetchone()[0])


def refuse_while_orders_are_under_way(db: sqlite3.Connection, book: str) -> None:
    """InputError where a cycle of the book is decided and not done."""
    row = db.execute("SELECT cycle_id, slot FROM cycles WHERE book = ? AND status = 'decided'", (book,)).fetchone()
    if row is not None:
        raise InputError(f"cycle {row[0]} of book {book} has orders under way", f"finish slot {row[1]} first")


def refuse_the_past(db: sqlite3.Connection, book: str, slot: str) -> None:
    """InputError where a later slot of the book is done: a book only goes forward."""
    latest = db.execute("SELECT max(slot) FROM cycles WHERE book = ? AND status = 'done'", (book,)).fetchone()[0]
    if latest is not None and slot < latest:
        raise InputError(f"book {book} is already at {latest}, after {slot}", "use another book for the past")


def refuse_a_changed_book(db: sqlite3.Connection, cycle: CycleState) -> None:
    """InputError where the book is no longer the one the cycle was opened on."""
    if cycle.book_version != book_version(db, cycle.book):
        raise InputError(f"book {cycle.book} was changed since the cycle of {cycle.slot} began", "run its next slot")


def insert_decision(db: sqlite3.Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """The decision, its intents and the cycle's new status."""
    db.execute("INSERT INTO decisions VALUES (?, ?, ?)", (cycle_id, sha256(payload.encode()), payload))
    for place, order in enumerate(orders):
        insert_intent(db, cycle_id, place, order, None)
    db.execute("UPDATE cycles SET status = 'decided' WHERE cycle_id = ?", (cycle_id,))


def insert_intent(db: sqlite3.Connection, cycle_id: str, position: int, order: Order, parent: str | None) -> None:
    """One more order of a cycle, nothing of it sent yet."""
    values = (order.order_id, cycle_id, position, parent, order.model_dump_json())
    db.execute("INSERT INTO intents VALUES (?, ?, ?, ?, ?, 'intended', '', 0)", values)


def last_decided(db: sqlite3.Connection, book: str) -> str:
    """The latest cycle of a book that has decided; NotFound where none has."""
    row = db.execute(
        "SELECT cycle_id FROM cycles WHERE book = ? AND status IN ('decided', 'done') ORDER BY slot DESC LIMIT 1",
        (book,),
    ).fetchone()
    if row is None:
        raise NotFound(f"no cycle of book {book} has decided anything", "close its positions at the broker")
    return str(row[0])


def insert_halt_orders(db: sqlite3.Connection, cycle_id: str, orders: Sequence[Order]) -> None:
    """Orders of the kill switch, behind all others of the cycle; marked as sent, for they leave at once."""
    last = db.execute("SELECT ifnull(max(position), -1) FROM intents WHERE cycle_id = ?", (cycle_id,)).fetchone()[0]
    for place, order in enumerate(orders, start=last + 1):
        known = db.execute("SELECT payload FROM intents WHERE order_id = ?", (order.order_id,)).fetchone()
        if known is None:
            insert_intent(db, cycle_id, place, order, order.order_id)
            db.execute("UPDATE intents SET state = 'sent' WHERE order_id = ?", (order.order_id,))
        elif Order.model_validate_json(known[0]) != order:
            raise InputError(f"order {order.order_id} is known with other content", "halt again to size it anew")


def verify_decision(db: sqlite3.Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """InputError where the stored decision or its intents differ from these."""
    row = db.execute("SELECT payload FROM decisions WHERE cycle_id = ?", (cycle_id,)).fetchone()
    intents = db.execute(
        "SELECT payload FROM intents WHERE cycle_id = ? AND parent IS NULL ORDER BY position", (cycle_id,)
    ).fetchall()
    stored = [Order.model_validate_json(intent[0]) for intent in intents]
    if row is None or row[0] != payload or stored != list(orders):
        raise InputError(f"cycle {cycle_id} has decided otherwise before", "take up the stored decision")


def sha256(content: bytes) -> str:
    """The hex digest stored beside what must not change."""
    return hashlib.sha256(content).hexdigest()


def checked(content: bytes, digest: str, what: str) -> bytes:
    """`content`, or CorruptFile where it is not what was written."""
    if sha256(content) != digest:
        raise CorruptFile(f"{what} was altered", "restore the ledger from a backup")
    return content
