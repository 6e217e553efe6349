"""Sending what was decided: every order once, whatever fails and however often it is tried again.

Intents are marked `sent` before the first one leaves. After that only the broker's own word moves them: a timeout is
`unknown` until the broker is asked by id, and an order is sent again only once the broker has said that it never saw
that id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from data.errors import InputError, SourceUnavailable
from tools.execution.broker import Answer, Broker
from tools.execution.ledger import Intent, Ledger
from tools.execution.orders import Fill, Order

ATTEMPTS = 3
"""How often an order that the broker surely never saw is sent."""


def _nothing(name: str) -> None:
    """No fault is injected."""


def execute(
    orders: Sequence[Order],
    *,
    ledger: Ledger,
    broker: Broker,
    cycle_id: str,
    halted: Callable[[], bool],
    checkpoint: Callable[[str], None] = _nothing,
) -> tuple[Fill, ...]:
    """Send the cycle's stored intents, which must be `orders`, and return the fills known so far.

    Start and restart are the same call. `halted` is asked before each send: when it says yes, what was not sent is
    cancelled and what is still open is withdrawn. Orders whose outcome stays open are left to `collect_late_fills`.
    `checkpoint` is told each named instant: before_mark, marked, before_send, after_send, before_note, noted.
    """
    if tuple(intent.order for intent in ledger.intents(cycle_id)) != tuple(orders):
        raise InputError(f"the orders are not those stored for cycle {cycle_id}", "commit the decision first")
    pending = ledger.pending(cycle_id)
    checkpoint("before_mark")
    if not halted():
        ledger.start_sending(cycle_id)
    checkpoint("marked")
    outcomes: dict[str, Answer] = {}
    for intent in pending:
        outcomes[intent.order.order_id] = _brought_to_an_end(intent, broker, halted, checkpoint)
    checkpoint("before_note")
    ledger.note(outcomes)
    checkpoint("noted")
    return ledger.fills(cycle_id)


def collect_late_fills(ledger: Ledger, broker: Broker, cycle_id: str) -> tuple[Fill, ...]:
    """Ask after open orders of the book's earlier cycles; their fills, for this cycle to book when it opens.

    Nothing is sent: an order of an earlier decision that the broker never saw is cancelled.
    """
    cycle = ledger.cycle(cycle_id)
    own = {intent.order.order_id for intent in ledger.intents(cycle_id)}
    earlier = [intent for intent in ledger.open_orders(cycle.book) if intent.order.order_id not in own]
    if earlier:
        ledger.note({i.order.order_id: _answer_to(broker, i) or Answer("cancelled") for i in earlier})
    return ledger.claim_late_fills(cycle_id)


def withdraw_open_orders(ledger: Ledger, broker: Broker, book: str) -> tuple[Order, ...]:
    """Cancel all open orders of a book, for the kill switch; returns those whose outcome is still open."""
    pending = ledger.open_orders(book)
    ledger.note({i.order.order_id: _brought_to_an_end(i, broker, lambda: True, _nothing) for i in pending})
    return tuple(intent.order for intent in ledger.open_orders(book))


def _brought_to_an_end(
    intent: Intent, broker: Broker, halted: Callable[[], bool], checkpoint: Callable[[str], None]
) -> Answer:
    """Ask first where anything may have left, send where nothing arrived, withdraw when halted."""
    seen = _answer_to(broker, intent)
    for _ in range(ATTEMPTS):
        if seen is None:
            seen = Answer("cancelled") if halted() else _sent(broker, intent.order, checkpoint)
    if seen is not None and seen.state == "accepted" and halted():
        seen = _withdrawn(broker, intent.order)
    return seen or Answer("unknown")


def _sent(broker: Broker, order: Order, checkpoint: Callable[[str], None]) -> Answer | None:
    checkpoint("before_send")
    with suppress(SourceUnavailable):  # the answer got lost, not surely the order: ask
        broker.submit(order)
    checkpoint("after_send")
    return _asked(broker, order)


def _withdrawn(broker: Broker, order: Order) -> Answer | None:
    """Accepted stays accepted where the broker does not answer: it may still be filled."""
    try:
        broker.cancel(order.order_id)
    except SourceUnavailable:
        return Answer("accepted")
    return _answer_to(broker, Intent(order, "accepted"))


def _answer_to(broker: Broker, intent: Intent) -> Answer | None:
    """`_asked`, knowing the intent: what is only intended never left, what was accepted once is never sent again."""
    if intent.state == "intended":
        return None
    seen = _asked(broker, intent.order)
    if intent.state == "accepted" and (seen is None or seen.state == "unknown"):
        return Answer("accepted")
    return seen


def _asked(broker: Broker, order: Order) -> Answer | None:
    """What the broker says of an id; unknown where it does not answer, None where it surely never saw it."""
    try:
        return broker.query(order.order_id)
    except SourceUnavailable:
        return Answer("unknown")
