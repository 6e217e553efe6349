"""Sending what was decided: every order once, whatever fails and however often it is tried again.

Intents are marked `sent` before the first one leaves. After that only the broker's own word moves them: a timeout is
`unknown` until the broker is asked by id, and an order is sent again only once the broker has said that it never saw
that id. What the last gate refuses is rejected with its reason; while an execution is in dispute nothing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from data.errors import InputError
from tools.execution.broker import Answer, Broker
from tools.execution.executions import Intent
from tools.execution.ledger import Ledger
from tools.execution.line import Line, Sleep
from tools.execution.orders import Fill, Order, order_id
from tools.execution.states import WORKING

ATTEMPTS = 3
"""How often an order that the broker surely never saw is sent."""
PATIENCE_S = 30.0
"""How long one call waits in all for a broker that asks us to slow down."""
WITHDRAWAL_PATIENCE_S = 3.0
"""The same for the kill switch, which must be done within five seconds."""

Checkpoint = Callable[[str], None]


def _nothing(name: str) -> None:
    """No fault is injected."""


def execute(
    orders: Sequence[Order],
    *,
    ledger: Ledger,
    broker: Broker,
    cycle_id: str,
    halted: Callable[[], bool],
    checkpoint: Checkpoint = _nothing,
    sleep: Sleep = time.sleep,
    patience_s: float = PATIENCE_S,
) -> tuple[Fill, ...]:
    """Send the cycle's stored intents, which must be `orders` and their replacements; returns the fills known so far.

    Start and restart are the same call. `halted` is asked before each send: when it says yes, what was not sent is
    cancelled and what is still open, in whole or in part, is withdrawn. Orders whose outcome stays open are left to
    `collect_late_fills`. `checkpoint` is told each named instant: before_mark, marked, before_send, after_send,
    before_note, noted. ExecutionRefused where the broker reports what was not ordered; all else was noted then.
    """
    if tuple(i.order for i in ledger.intents(cycle_id) if not i.parent) != tuple(orders):
        raise InputError(f"the orders are not those stored for cycle {cycle_id}", "commit the decision first")
    pending = ledger.pending(cycle_id)
    checkpoint("before_mark")
    unmarked = halted()
    if not unmarked:
        ledger.start_sending(cycle_id)
    checkpoint("marked")

    def stopped() -> bool:
        """What is not marked as sent may not leave, even where the switch is off again by now."""
        return unmarked or halted()

    dispute = _dispute(ledger, ledger.cycle(cycle_id).book)
    line = Line(broker, patience_s, sleep)
    outcomes: dict[str, Answer] = {}
    for intent in pending:
        outcomes[intent.order.order_id] = _brought_to_an_end(intent, line, stopped, checkpoint, dispute)
    checkpoint("before_note")
    ledger.note(outcomes)
    checkpoint("noted")
    return ledger.fills(cycle_id)


def collect_late_fills(
    ledger: Ledger,
    broker: Broker,
    cycle_id: str,
    *,
    checkpoint: Checkpoint = _nothing,
    sleep: Sleep = time.sleep,
    patience_s: float = PATIENCE_S,
) -> tuple[Fill, ...]:
    """Settle the orders of the book's earlier cycles; their fills since, for this cycle to book when it opens.

    Asked after are the open ones, and the lately cancelled ones, which may have been executed before the cancel
    arrived. What is open still is withdrawn, unless it is good till cancelled: the decision to come replaces it (see
    tools/backtest/rules.py). Nothing is sent: an order that the broker never saw is cancelled. `checkpoint` is told
    before_collect, collected, collected_noted, claimed.
    """
    book = ledger.cycle(cycle_id).book
    own = {intent.order.order_id for intent in ledger.intents(cycle_id)}
    earlier = [i for i in (*ledger.open_orders(book), *ledger.lately_cancelled(book)) if i.order.order_id not in own]
    line = Line(broker, patience_s, sleep)
    checkpoint("before_collect")
    if earlier:
        answers = {intent.order.order_id: _settled(intent, line) for intent in earlier}
        checkpoint("collected")
        ledger.note(answers)
        checkpoint("collected_noted")
    claimed = ledger.claim_late_fills(cycle_id)
    checkpoint("claimed")
    return claimed


def withdraw_open_orders(
    ledger: Ledger,
    broker: Broker,
    book: str,
    *,
    sleep: Sleep = time.sleep,
    patience_s: float = WITHDRAWAL_PATIENCE_S,
) -> tuple[Order, ...]:
    """Cancel all open orders of a book, for the kill switch; returns those whose outcome is still open."""
    line = Line(broker, patience_s, sleep)
    pending = ledger.open_orders(book)
    ledger.note({i.order.order_id: _brought_to_an_end(i, line, lambda: True, _nothing) for i in pending})
    return tuple(intent.order for intent in ledger.open_orders(book))


def replace_order(
    parent_id: str,
    *,
    ledger: Ledger,
    broker: Broker,
    halted: Callable[[], bool],
    quantity: float | None = None,
    limit_price: float | None = None,
    checkpoint: Checkpoint = _nothing,
    sleep: Sleep = time.sleep,
    patience_s: float = PATIENCE_S,
) -> Order | None:
    """Cancel an open order, learn what was filled of it, and send a new one (leg + 1) for at most the rest.

    `quantity` (units) and `limit_price` where they are to change. None where nothing is left, where the switch is on,
    or where the broker has not confirmed the cancel: then nothing was sent, and the same call may be made again.
    """
    line = Line(broker, patience_s, sleep)
    parent, cycle = ledger.intent(parent_id), ledger.cycle_of(parent_id)
    if parent.state in (*WORKING, "cancelled"):
        final = line.withdrawn(parent, Answer("unknown"))
        ledger.note({parent_id: final})
        checkpoint("withdrawn")
        parent = ledger.intent(parent_id) if final.state == "cancelled" else parent._replace(state="unknown")
    if parent.state != "cancelled" or parent.remainder == 0.0 or _dispute(ledger, cycle.book) or halted():
        return None
    child = _child(parent, cycle.book, cycle.slot, quantity, limit_price)
    ledger.add_replacement(parent_id, child)
    checkpoint("replaced")
    stored = ledger.intent(child.order_id)
    ledger.start_sending(cycle.cycle_id)
    ledger.note({child.order_id: _brought_to_an_end(stored, line, halted, checkpoint)})
    return child


def _child(parent: Intent, book: str, slot: str, quantity: float | None, limit_price: float | None) -> Order:
    """The parent's order with a leg of its own, for at most what is left of it."""
    order = parent.order
    changes = {
        "order_id": order_id(book, slot, order.symbol, order.leg + 1, order.decision_version),
        "leg": order.leg + 1,
        "quantity": min(parent.remainder, parent.remainder if quantity is None else quantity),
        "limit_price": order.limit_price if limit_price is None else limit_price,
    }
    return Order.model_validate(order.model_dump() | changes)


def _dispute(ledger: Ledger, book: str) -> str:
    """Why a book may send nothing, or "" where it may."""
    found = ledger.disputes(book)
    return f"book {book} is not reconciled: {found[0].symbol}, {found[0].reason}" if found else ""


def _settled(intent: Intent, line: Line) -> Answer:
    """What became of an earlier decision's order, which is withdrawn where it is still open."""
    seen = line.answer_to(intent) or Answer("cancelled", reason="the broker never saw it")
    replaced = seen.state in WORKING and intent.order.time_in_force != "gtc"
    return line.withdrawn(intent, seen) if replaced else seen


def _brought_to_an_end(
    intent: Intent, line: Line, halted: Callable[[], bool], checkpoint: Checkpoint, dispute: str = ""
) -> Answer:
    """Ask first where anything may have left, send where nothing arrived, withdraw when halted."""
    seen = line.answer_to(intent)
    for _ in range(ATTEMPTS):
        if seen is None and halted():
            seen = Answer("cancelled", reason="the kill switch is on")
        elif seen is None and dispute:
            seen = Answer("rejected", reason=dispute)
        elif seen is None:
            seen = line.sent(intent.order, checkpoint)
    if seen is not None and seen.state not in ("filled", "rejected", "cancelled") and halted():
        seen = line.withdrawn(intent, seen)
    return seen or Answer("unknown")
