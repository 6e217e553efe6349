"""What may follow what in a book's cycles, and how a decision, its intents and a book's versions are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from data.errors import InputError, NotFound
from tools.execution.book import Book
from tools.execution.orders import Order
from tools.execution.schema import BOOKS, CYCLES, DECISIONS, INTENTS, CycleState, sha256

CYCLE: Select[*tuple[Any, ...]] = select(
    CYCLES.c.cycle_id, CYCLES.c.book, CYCLES.c.slot, CYCLES.c.status, CYCLES.c.book_version
)
CYCLE_BY_ID = CYCLE.where(CYCLES.c.cycle_id == bindparam("cycle_id"))
VERSION = select(func.coalesce(func.max(BOOKS.c.version), 0)).where(BOOKS.c.name == bindparam("book"))
"""The number of a book's latest version."""
_UNDER_WAY = select(CYCLES.c.cycle_id, CYCLES.c.slot).where(
    CYCLES.c.book == bindparam("book"), CYCLES.c.status == "decided"
)
_LATEST_DONE = select(func.max(CYCLES.c.slot)).where(CYCLES.c.book == bindparam("book"), CYCLES.c.status == "done")
_LAST_DECIDED = (
    select(CYCLES.c.cycle_id)
    .where(CYCLES.c.book == bindparam("book"), CYCLES.c.status.in_(("decided", "done")))
    .order_by(CYCLES.c.slot.desc())
    .limit(1)
)
_SET_STATUS = update(CYCLES).where(CYCLES.c.cycle_id == bindparam("cycle")).values(status=bindparam("now"))
_INSERT_DECISION, _INSERT_INTENT = insert(DECISIONS), insert(INTENTS)
_INSERT_CYCLE, _INSERT_BOOK = insert(CYCLES), insert(BOOKS)
_DECISION = select(DECISIONS.c.payload).where(DECISIONS.c.cycle_id == bindparam("cycle_id"))
_DECIDED_ORDERS = (
    select(INTENTS.c.payload)
    .where(INTENTS.c.cycle_id == bindparam("cycle_id"), INTENTS.c.parent.is_(None))
    .order_by(INTENTS.c.position)
)
_LAST_POSITION = select(func.coalesce(func.max(INTENTS.c.position), -1)).where(
    INTENTS.c.cycle_id == bindparam("cycle_id")
)
_ORDERS = select(INTENTS.c.order_id, INTENTS.c.payload).where(
    INTENTS.c.order_id.in_(bindparam("order_ids", expanding=True))
)


def cycle_from(rows: Sequence[Sequence[Any]], cycle_id: str) -> CycleState:
    """The cycle among the rows of CYCLE_BY_ID; NotFound where it was never opened."""
    if not rows:
        raise NotFound(f"cycle {cycle_id} was never opened", "run `bullpen cycle`")
    return CycleState(*rows[0])


def cycle_state(db: Connection, cycle_id: str) -> CycleState:
    """The cycle; NotFound where it was never opened."""
    return cycle_from(db.execute(CYCLE_BY_ID, {"cycle_id": cycle_id}).all(), cycle_id)


def set_status(db: Connection, cycle_id: str, status: str) -> None:
    """Move a cycle on."""
    db.execute(_SET_STATUS, {"cycle": cycle_id, "now": status})


def insert_cycle(db: Connection, cycle_id: str, book: str, slot: str) -> None:
    """A new cycle, on the book as it is; InputError where the slot has one."""
    values = {"cycle_id": cycle_id, "book": book, "slot": slot, "book_version": book_version(db, book)}
    db.execute(_INSERT_CYCLE, values | {"status": "started", "started_with": None})


def book_version(db: Connection, book: str) -> int:
    """How often the book was changed; 0 where it has only its deposit, or not even that."""
    return int(db.scalar(VERSION, {"book": book}) or 0)


def refuse_while_orders_are_under_way(db: Connection, book: str) -> None:
    """InputError where a cycle of the book is decided and not done."""
    row = db.execute(_UNDER_WAY, {"book": book}).first()
    if row is not None:
        raise InputError(f"cycle {row[0]} of book {book} has orders under way", f"finish slot {row[1]} first")


def refuse_the_past(db: Connection, book: str, slot: str) -> None:
    """InputError where a later slot of the book is done: a book only goes forward."""
    latest = db.scalar(_LATEST_DONE, {"book": book})
    if latest is not None and slot < latest:
        raise InputError(f"book {book} is already at {latest}, after {slot}", "use another book for the past")


def refuse_a_changed_book(db: Connection, cycle: CycleState) -> None:
    """InputError where the book is no longer the one the cycle was opened on."""
    if cycle.book_version != book_version(db, cycle.book):
        raise InputError(f"book {cycle.book} was changed since the cycle of {cycle.slot} began", "run its next slot")


def insert_decision(db: Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """The decision, its intents and the cycle's new status."""
    db.execute(_INSERT_DECISION, {"cycle_id": cycle_id, "sha256": sha256(payload.encode()), "payload": payload})
    insert_intents(db, [intent_row(cycle_id, place, order, None) for place, order in enumerate(orders)])
    set_status(db, cycle_id, "decided")


def intent_row(
    cycle_id: str, position: int, order: Order, parent: str | None, state: str = "intended"
) -> dict[str, Any]:
    """One more order of a cycle, as `insert_intents` takes it."""
    return {
        "order_id": order.order_id,
        "cycle_id": cycle_id,
        "position": position,
        "parent": parent,
        "payload": order.model_dump_json(),
        "state": state,
    }


def insert_intents(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Orders of a cycle; InputError where an id or a place is taken."""
    if rows:
        db.execute(_INSERT_INTENT, rows)


def insert_book(db: Connection, book: Book, version: int, cycle_id: str | None) -> None:
    """A new version of a book, left so by a cycle or (None) by a person."""
    values = {"name": book.name, "version": version, "cycle_id": cycle_id, "payload": book.model_dump_json()}
    db.execute(_INSERT_BOOK, values)


def last_decided(db: Connection, book: str) -> str:
    """The latest cycle of a book that has decided; NotFound where none has."""
    found = db.scalar(_LAST_DECIDED, {"book": book})
    if found is None:
        raise NotFound(f"no cycle of book {book} has decided anything", "close its positions at the broker")
    return str(found)


def last_position(db: Connection, cycle_id: str) -> int:
    """The place of a cycle's last order; -1 where it has none."""
    return int(db.scalar(_LAST_POSITION, {"cycle_id": cycle_id}) or 0)


def insert_halt_orders(db: Connection, cycle_id: str, orders: Sequence[Order]) -> None:
    """Orders of the kill switch, behind all others of the cycle; marked as sent, for they leave at once."""
    found = db.execute(_ORDERS, {"order_ids": [order.order_id for order in orders]}).all()
    known = {name: Order.model_validate_json(payload) for name, payload in found}
    for order in orders:
        if known.get(order.order_id, order) != order:
            raise InputError(f"order {order.order_id} is known with other content", "halt again to size it anew")
    last = last_position(db, cycle_id)
    rows = [
        intent_row(cycle_id, place, order, order.order_id, "sent")
        for place, order in enumerate(orders, start=last + 1)
        if order.order_id not in known
    ]
    insert_intents(db, rows)


def verify_decision(db: Connection, cycle_id: str, payload: str, orders: Sequence[Order]) -> None:
    """InputError where the stored decision or its intents differ from these."""
    key = {"cycle_id": cycle_id}
    stored = [Order.model_validate_json(row[0]) for row in db.execute(_DECIDED_ORDERS, key)]
    if db.scalar(_DECISION, key) != payload or stored != list(orders):
        raise InputError(f"cycle {cycle_id} has decided otherwise before", "take up the stored decision")
