"""The ledger's tables, and the small statements its transactions are made of."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

from data.errors import CorruptFile, InputError, NotFound
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.states import check_transition

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
    payload TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('intended', 'sent', 'unknown', 'accepted', 'filled', 'rejected', 'cancelled')),
    UNIQUE (cycle_id, position)
) STRICT;
CREATE TABLE IF NOT EXISTS fills (
    order_id TEXT PRIMARY KEY REFERENCES intents, payload TEXT NOT NULL, booked_by TEXT REFERENCES cycles
) STRICT;
CREATE TABLE IF NOT EXISTS books (
    name TEXT NOT NULL, version INTEGER NOT NULL, cycle_id TEXT REFERENCES cycles, payload TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE IF NOT EXISTS records (
    cycle_id TEXT PRIMARY KEY REFERENCES cycles, sha256 TEXT NOT NULL, bytes BLOB NOT NULL
) STRICT;
"""


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


def state_of(db: sqlite3.Connection, order_id: str) -> OrderState:
    """The present state of an intent; NotFound where there is no such."""
    row = db.execute("SELECT state FROM intents WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise NotFound(f"order {order_id} was never intended", "commit its decision first")
    return row[0]


def set_state(db: sqlite3.Connection, order_id: str, state: OrderState) -> None:
    """Move an intent on; InputError where its present state does not allow that."""
    check_transition(order_id, state_of(db, order_id), state)
    db.execute("UPDATE intents SET state = ? WHERE order_id = ?", (state, order_id))


def insert_fill(db: sqlite3.Connection, fill: Fill) -> None:
    """Store a fill and close its order; the same fill again changes nothing.

    InputError where it is not what was ordered: another symbol or side, more than was asked, or a second, other fill.
    """
    found = db.execute("SELECT payload FROM intents WHERE order_id = ?", (fill.order_id,)).fetchone()
    if found is None:
        raise InputError(f"a fill came for order {fill.order_id}, which was never sent", "reconcile by hand")
    order = Order.model_validate_json(found[0])
    if (fill.symbol, fill.side) != (order.symbol, order.side) or fill.quantity > order.quantity:
        raise InputError(f"the fill of order {fill.order_id} is not what was ordered", "reconcile by hand")
    known = db.execute("SELECT payload FROM fills WHERE order_id = ?", (fill.order_id,)).fetchone()
    if known is None:
        set_state(db, fill.order_id, "filled")
        db.execute("INSERT INTO fills VALUES (?, ?, NULL)", (fill.order_id, fill.model_dump_json()))
    elif Fill.model_validate_json(known[0]) != fill:
        raise InputError(f"order {fill.order_id} has another fill already", "reconcile by hand")


def insert_decision(db: sqlite3.Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """The decision, its intents and the cycle's new status."""
    db.execute("INSERT INTO decisions VALUES (?, ?, ?)", (cycle_id, sha256(payload.encode()), payload))
    rows = [(o.order_id, cycle_id, place, o.model_dump_json(), "intended") for place, o in enumerate(orders)]
    db.executemany("INSERT INTO intents VALUES (?, ?, ?, ?, ?)", rows)
    db.execute("UPDATE cycles SET status = 'decided' WHERE cycle_id = ?", (cycle_id,))


def verify_decision(db: sqlite3.Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """InputError where the stored decision or its intents differ from these."""
    row = db.execute("SELECT payload FROM decisions WHERE cycle_id = ?", (cycle_id,)).fetchone()
    intents = db.execute("SELECT payload FROM intents WHERE cycle_id = ? ORDER BY position", (cycle_id,)).fetchall()
    if row is None or row[0] != payload or [i[0] for i in intents] != [o.model_dump_json() for o in orders]:
        raise InputError(f"cycle {cycle_id} has decided otherwise before", "take up the stored decision")


def book_fill(db: sqlite3.Connection, cycle_id: str, fill: Fill) -> None:
    """Note that the cycle books a recorded fill; InputError where it is not recorded so, or is booked already."""
    row = db.execute(
        "SELECT payload, status FROM fills LEFT JOIN cycles ON cycle_id = booked_by WHERE order_id = ?",
        (fill.order_id,),
    ).fetchone()
    if row is None or Fill.model_validate_json(row[0]) != fill:
        raise InputError(f"the fill of order {fill.order_id} is not in the ledger", "reconcile by hand")
    if row[1] == "done":
        raise InputError(f"the fill of order {fill.order_id} is booked already", "reconcile by hand")
    db.execute("UPDATE fills SET booked_by = ? WHERE order_id = ?", (cycle_id, fill.order_id))


def sha256(content: bytes) -> str:
    """The hex digest stored beside what must not change."""
    return hashlib.sha256(content).hexdigest()


def checked(content: bytes, digest: str, what: str) -> bytes:
    """`content`, or CorruptFile where it is not what was written."""
    if sha256(content) != digest:
        raise CorruptFile(f"{what} was altered", "restore the ledger from a backup")
    return content
