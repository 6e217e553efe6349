"""What a broker's answer does to an order in the ledger: executions added up, states moved on, contradictions kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, case, func, insert, select, update

from data.errors import InputError, NotFound
from tools.execution.broker import Answer
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.schema import CYCLES, DISPUTES, FILLS, INTENTS
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


class _Effect(NamedTuple):
    """What one answer changes."""

    new: tuple[Fill, ...]
    refused: tuple[tuple[Fill, str], ...]
    state: OrderState
    reason: str


_FILLED = (
    select(func.coalesce(func.sum(FILLS.c.quantity), 0.0))
    .where(FILLS.c.order_id == INTENTS.c.order_id)
    .scalar_subquery()
)
INTENT: Select[*tuple[Any, ...]] = (
    select(INTENTS.c.payload, INTENTS.c.state, INTENTS.c.reason, func.coalesce(INTENTS.c.parent, ""), _FILLED)
    .add_columns(CYCLES.c.status, INTENTS.c.order_id)
    .join(CYCLES, CYCLES.c.cycle_id == INTENTS.c.cycle_id)
)
"""Rows for `intent_from`, each with its cycle's status and its order's id behind."""
INTENT_BY_ID = INTENT.where(INTENTS.c.order_id == bindparam("order_id"))
_THESE = bindparam("order_ids", expanding=True)
_INTENTS_BY_ID = INTENT.where(INTENTS.c.order_id.in_(_THESE))
_FILLS_BY_ORDER = (
    select(FILLS.c.order_id, FILLS.c.execution_id, FILLS.c.payload)
    .where(FILLS.c.order_id.in_(_THESE))
    .order_by(FILLS.c.seq)
)
_SET_STATE = (
    update(INTENTS)
    .where(INTENTS.c.order_id == bindparam("order"))
    .values(
        state=bindparam("now"),
        reason=case((bindparam("why") == "", INTENTS.c.reason), else_=bindparam("why")),
    )
)
_ASKED = update(INTENTS).where(INTENTS.c.order_id == bindparam("order")).values(asked=INTENTS.c.asked + 1)
_INSERT_FILL, _INSERT_DISPUTE = insert(FILLS), insert(DISPUTES)
_DISPUTE = select(DISPUTES.c.seq).where(
    DISPUTES.c.order_id == bindparam("order_id"),
    DISPUTES.c.execution_id == bindparam("execution_id"),
    DISPUTES.c.reason == bindparam("reason"),
)
_BOOKED = (
    select(FILLS.c.order_id, FILLS.c.execution_id, FILLS.c.seq, FILLS.c.payload, CYCLES.c.status)
    .join(CYCLES, CYCLES.c.cycle_id == FILLS.c.booked_by, isouter=True)
    .where(FILLS.c.order_id.in_(_THESE))
)
BOOK_FILL = update(FILLS).where(FILLS.c.seq == bindparam("fill")).values(booked_by=bindparam("by"))


def intent_of(db: Connection, order_id: str) -> Intent:
    """The present intent under an id; NotFound where there is no such."""
    return only_intent(db.execute(INTENT_BY_ID, {"order_id": order_id}).all(), order_id)


def only_intent(rows: Sequence[Sequence[Any]], order_id: str) -> Intent:
    """The intent among the rows of INTENT_BY_ID; NotFound where there is no such."""
    if not rows:
        raise NotFound(f"order {order_id} was never intended", "commit its decision first")
    return intent_from(rows[0])


def intent_from(row: Sequence[Any]) -> Intent:
    """A row of INTENT."""
    return Intent(Order.model_validate_json(row[0]), row[1], row[2], row[3], float(row[4]))


def set_state(db: Connection, order_id: str, state: OrderState) -> None:
    """Move an intent on; InputError where its present state does not allow that."""
    check_transition(order_id, intent_of(db, order_id).state, state)
    db.execute(_SET_STATE, {"order": order_id, "now": state, "why": ""})


def note_answers(db: Connection, answers: Mapping[str, Answer]) -> list[Dispute]:
    """Store what is new in answers and move the states on; returns the executions that are refused, if new.

    An order is filled when its executions make up its quantity, whatever word the venue has for it. The same answer
    again, or an older one, changes nothing. InputError where an answer's state cannot follow.
    """
    these = {"order_ids": list(answers)}
    intents = {row[6]: (intent_from(row), row[5]) for row in db.execute(_INTENTS_BY_ID, these)}
    fills: dict[str, dict[str, Fill]] = defaultdict(dict)
    for order_id, execution_id, payload in db.execute(_FILLS_BY_ORDER, these):
        fills[order_id][execution_id] = Fill.model_validate_json(payload)
    new: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    refused: list[Dispute] = []
    for name, answer in answers.items():
        intent, status = intents[name] if name in intents else (only_intent((), name), "")
        effect = _effect(intent, fills[name], answer)
        new += [_fill_row(name, fill) for fill in effect.new]
        refused += [dispute for fill, why in effect.refused for dispute in _dispute(db, name, fill, why)]
        if intent.state == "cancelled" and answer.state != "unknown" and status == "done":
            asked.append({"order": name})
        if not is_stale(intent.state, effect.state):
            check_transition(name, intent.state, effect.state)
            if effect.state != intent.state or effect.reason not in ("", intent.reason):
                moved.append({"order": name, "now": effect.state, "why": effect.reason})
    for statement, values in ((_INSERT_FILL, new), (_ASKED, asked), (_SET_STATE, moved)):
        if values:
            db.execute(statement, values)
    return refused


def book_fills(db: Connection, cycle_id: str, fills: Sequence[Fill]) -> None:
    """Note that the cycle books recorded fills; InputError where one is not recorded so, or is booked already."""
    found: dict[tuple[str, str], tuple[int, Fill, str]] = {}
    rows = db.execute(_BOOKED, {"order_ids": sorted({fill.order_id for fill in fills})})
    for order_id, execution_id, seq, payload, status in rows:
        found[order_id, execution_id] = (seq, Fill.model_validate_json(payload), status)
    for fill in fills:
        row = found.get((fill.order_id, fill.execution_id))
        if row is None or row[1] != fill:
            raise InputError(f"the fill of order {fill.order_id} is not in the ledger", "reconcile by hand")
        if row[2] == "done":
            raise InputError(f"the fill of order {fill.order_id} is booked already", "reconcile by hand")
    if fills:
        db.execute(BOOK_FILL, [{"fill": found[f.order_id, f.execution_id][0], "by": cycle_id} for f in fills])


def refuse_another_trade(parent: Intent, child: Order) -> None:
    """InputError where an order trades something other than the rest of the one it replaces."""
    name = parent.order.order_id
    if (child.symbol, child.side) != (parent.order.symbol, parent.order.side):
        raise InputError(f"{child.side} {child.symbol} cannot replace order {name}", "keep symbol and side")
    if child.quantity > parent.remainder:
        raise InputError(
            f"{child.quantity} {child.symbol} are more than the {parent.remainder} left of order {name}",
            "replace at most the remainder",
        )


def _fill_row(order_id: str, fill: Fill) -> dict[str, Any]:
    key = {"order_id": order_id, "execution_id": fill.execution_id}
    return key | {"quantity": fill.quantity, "payload": fill.model_dump_json()}


def _effect(intent: Intent, known: dict[str, Fill], answer: Answer) -> _Effect:
    """What an answer changes of an intent whose executions are `known` by their ids."""
    new: list[Fill] = []
    refused: list[tuple[Fill, str]] = []
    told = {name: fill.quantity for name, fill in known.items()}
    for fill in answer.fills:
        told[fill.execution_id] = fill.quantity
        complaint = _complaint(intent, known.get(fill.execution_id), fill, sum(told.values()))
        if complaint:
            refused.append((fill, complaint))
        elif fill.execution_id not in known:
            new.append(fill)
            known[fill.execution_id] = fill
            intent = intent._replace(filled=intent.filled + fill.quantity)
    if answer.state in ("filled", "rejected", "cancelled"):
        still = {fill.execution_id for fill in answer.fills}
        refused += [(fill, "the venue no longer reports it") for name, fill in known.items() if name not in still]
    return _Effect(tuple(new), tuple(refused), _state_after(intent, answer.state), _storable(answer.reason))


def _storable(words: str) -> str:
    """A venue's words without what no store takes: NUL, and halves of characters."""
    return words.replace("\0", " ").encode(errors="replace").decode()


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


def _dispute(db: Connection, order_id: str, fill: Fill, reason: str) -> list[Dispute]:
    """Keep a contradiction, once."""
    key = {"order_id": order_id, "execution_id": fill.execution_id, "reason": reason}
    if db.execute(_DISPUTE, key).first() is not None:
        return []
    db.execute(_INSERT_DISPUTE, key | {"payload": fill.model_dump_json()})
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
