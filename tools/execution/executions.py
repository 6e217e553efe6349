"""What a broker's answer does to an order in the ledger: executions added up, states moved on, contradictions kept."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from data.errors import InputError, NotFound
from tools.execution.broker import Answer
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.states import check_transition, is_stale

TOLERANCE = 1e-9
"""Fraction of an order's quantity within which its executions make up the whole."""


class Intent(NamedTuple):
    """An order that was decided, and how far it got."""

    order: Order
    state: OrderState
    reason: str = ""
    """Why it was rejected or cancelled, in the words of who did it."""
    parent: str = ""
    """The id of the order whose rest this one replaces."""
    filled: float = 0.0
    """Units executed so far."""

    @property
    def remainder(self) -> float:
        """Units that may still be executed; 0 within the tolerance of the whole."""
        left = self.order.quantity - self.filled
        return left if left > TOLERANCE * self.order.quantity else 0.0


class Dispute(NamedTuple):
    """An execution that contradicts its order. It is booked nowhere, and its book sends nothing until it is settled."""

    order_id: str
    execution_id: str
    symbol: str
    quantity: float
    """Units, signed by the side that was executed."""
    reason: str


SELECT_INTENTS = (
    "SELECT intents.payload, state, reason, ifnull(parent, ''),"
    " (SELECT ifnull(sum(json_extract(fills.payload, '$.quantity')), 0.0) FROM fills"
    " WHERE fills.order_id = intents.order_id) FROM intents JOIN cycles USING (cycle_id)"
)


def intent_of(db: sqlite3.Connection, order_id: str) -> Intent:
    """The present intent under an id; NotFound where there is no such."""
    row = db.execute(f"{SELECT_INTENTS} WHERE intents.order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise NotFound(f"order {order_id} was never intended", "commit its decision first")
    return intent_from(row)


def intent_from(row: tuple[str, OrderState, str, str, float]) -> Intent:
    """A row of SELECT_INTENTS."""
    return Intent(Order.model_validate_json(row[0]), *row[1:])


def set_state(db: sqlite3.Connection, order_id: str, state: OrderState, reason: str = "") -> None:
    """Move an intent on; InputError where its present state does not allow that."""
    check_transition(order_id, intent_of(db, order_id).state, state)
    db.execute(
        "UPDATE intents SET state = ?, reason = CASE ? WHEN '' THEN reason ELSE ? END WHERE order_id = ?",
        (state, reason, reason, order_id),
    )


def note_answer(db: sqlite3.Connection, order_id: str, answer: Answer) -> list[Dispute]:
    """Store what is new in an answer and move the state on; returns the executions that are refused, if new.

    An order is filled when its executions make up its quantity, whatever word the venue has for it. The same answer
    again, or an older one, changes nothing. InputError where the answer's state cannot follow.
    """
    intent = intent_of(db, order_id)
    refused: list[Dispute] = []
    known = {fill.execution_id: fill for fill in executions(db, order_id)}
    told = {name: fill.quantity for name, fill in known.items()}
    for fill in answer.fills:
        told[fill.execution_id] = fill.quantity
        complaint = _complaint(intent, known.get(fill.execution_id), fill, sum(told.values()))
        if complaint:
            refused += _dispute(db, order_id, fill, complaint)
        elif fill.execution_id not in known:
            values = (order_id, fill.execution_id, fill.model_dump_json())
            db.execute("INSERT INTO fills VALUES (?, ?, ?, NULL)", values)
            known[fill.execution_id] = fill
            intent = intent._replace(filled=intent.filled + fill.quantity)
    if answer.state in ("filled", "rejected", "cancelled"):
        still = {fill.execution_id for fill in answer.fills}
        for fill in (fill for name, fill in known.items() if name not in still):
            refused += _dispute(db, order_id, fill, "the venue no longer reports it")
    if intent.state == "cancelled" and answer.state != "unknown":
        db.execute(
            "UPDATE intents SET asked = asked + 1 WHERE order_id = ? AND cycle_id IN"
            " (SELECT cycle_id FROM cycles WHERE status = 'done')",
            (order_id,),
        )
    state = _state_after(intent, answer.state)
    if not is_stale(intent.state, state):
        set_state(db, order_id, state, answer.reason)
    return refused


def executions(db: sqlite3.Connection, order_id: str) -> tuple[Fill, ...]:
    """The booked executions of an order, oldest first."""
    rows = db.execute("SELECT payload FROM fills WHERE order_id = ? ORDER BY rowid", (order_id,))
    return tuple(Fill.model_validate_json(row[0]) for row in rows)


def book_fill(db: sqlite3.Connection, cycle_id: str, fill: Fill) -> None:
    """Note that the cycle books a recorded fill; InputError where it is not recorded so, or is booked already."""
    key = (fill.order_id, fill.execution_id)
    row = db.execute(
        "SELECT payload, status FROM fills LEFT JOIN cycles ON cycle_id = booked_by"
        " WHERE order_id = ? AND execution_id = ?",
        key,
    ).fetchone()
    if row is None or Fill.model_validate_json(row[0]) != fill:
        raise InputError(f"the fill of order {fill.order_id} is not in the ledger", "reconcile by hand")
    if row[1] == "done":
        raise InputError(f"the fill of order {fill.order_id} is booked already", "reconcile by hand")
    db.execute("UPDATE fills SET booked_by = ? WHERE order_id = ? AND execution_id = ?", (cycle_id, *key))


def _complaint(intent: Intent, known: Fill | None, fill: Fill, told: float) -> str:
    """Why an execution contradicts its order, or "" where it does not; `told` units were reported with it, booked or
    not, so that nothing is booked that follows an overfill."""
    order = intent.order
    if known is not None:
        return "" if known == fill else "it is told differently from before"
    if intent.state in ("intended", "rejected"):
        return f"the order was never executed: it is {intent.state}"
    if (fill.order_id, fill.symbol, fill.side) != (order.order_id, order.symbol, order.side):
        return f"{order.side} {order.symbol} was ordered, not {fill.side} {fill.symbol}"
    if told > order.quantity * (1.0 + TOLERANCE):
        return f"overfill: {told} executed of {order.quantity} ordered"
    return ""


def _dispute(db: sqlite3.Connection, order_id: str, fill: Fill, reason: str) -> list[Dispute]:
    """Keep a contradiction, once."""
    found = db.execute(
        "INSERT INTO disputes VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
        (order_id, fill.execution_id, reason, fill.model_dump_json()),
    )
    if found.rowcount != 1:
        return []
    return [Dispute(order_id, fill.execution_id, fill.symbol, fill.signed_quantity, reason)]


def _state_after(intent: Intent, told: OrderState) -> OrderState:
    """The state that an answer's word and the executions so far make together."""
    if intent.remainder == 0.0:
        return "filled"
    if told in ("accepted", "partial", "filled"):
        return "partial" if intent.filled > 0.0 else "accepted"
    if told == "rejected" and intent.filled > 0.0:
        return "cancelled"
    return told
