"""What the kill switch needs of a desk: its books, their venues, and a way to sell that nothing else may use."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.venues import remembered_venue
from data.errors import BullpenError
from tools.execution.broker import Answer, Broker
from tools.execution.brokers.base import GatedBroker
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import proportional
from tools.execution.executor import ATTEMPTS, WITHDRAWAL_PATIENCE_S
from tools.execution.ledger import Ledger
from tools.execution.line import Line
from tools.execution.orders import Order
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.kill_switch.flatten import account_to_flatten, orders_to_flatten, unpriced
from tools.risk.kill_switch.halt import HaltState, read_halt

if TYPE_CHECKING:
    from app.desk import Desk


class DeskHands:
    """Keeps `app.kill_switch.Hands` for a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._opened: dict[str, GatedBroker] = {}

    def books(self) -> tuple[str, ...]:
        """Every book that ever ran a cycle: its lock file outlives a full disk and a damaged ledger."""
        return tuple(sorted(path.stem for path in self._desk.settings.home.glob("*.lock")))

    def ledger(self) -> Ledger:
        """The desk's ledger."""
        return self._desk.stores.ledger

    def venue(self, book: str) -> Broker | None:
        """The book's venue, behind a gate that is never opened; None where the book never had a deposit to trade."""
        shut = Gate(GateLimits(), halted=lambda: True)
        ledger: Ledger | None = None
        try:
            ledger = self.ledger()
            state = ledger.book(book)
        except BullpenError:  # the ledger is not needed to ask the venue
            ledger, deposit = None, 0.0
        else:
            if state is None:
                return None
            deposit = state.cash
        real = remembered_venue(self._desk.settings.home, book, shut, ledger)
        if real is not None:
            self._opened[book] = real
            return real
        path = self._desk.stores.home / "venue.sqlite"
        return PaperBroker(shut, path, book, lambda _symbol, _after: None, datetime.now(UTC), proportional({}), deposit)

    def flatten(self, book: str, switch: HaltState) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Store, then send, an order that only reduces for each position: symbols sent, and why others were not.

        At the paper venue they wait for the next bar, which the book's next cycle brings.
        """
        ledger = self.ledger()
        state, decided = ledger.book(book), [c for c in ledger.cycles(book) if c.status in ("decided", "done")]
        if state is None or not decided:
            return (), ()
        latest = decided[-1]
        market = self._desk.as_started(latest.cycle_id).market
        if book in self._opened:  # a venue may know only one line of ours
            self._opened.pop(book).close()
        gate = Gate(market.config.gate, halted=lambda: read_halt(self._desk.stores.home).on, flattening=True)
        broker = market.broker(book, latest.slot, gate, lambda _symbol, _after: None)
        account = account_to_flatten(state, broker)
        gate.open(account)
        orders = orders_to_flatten(state, account.positions, switch.since)
        ledger.add_halt_orders(book, orders)
        line = Line(broker, WITHDRAWAL_PATIENCE_S, time.sleep)
        answers = {order.order_id: _sent(line, order) for order in orders}
        ledger.note(answers)
        refused = {o.symbol: a.reason for o in orders if (a := answers[o.order_id]).state == "rejected"}
        missed = [f"{symbol} has no mark; close it at the broker" for symbol in unpriced(state, account.positions)]
        return tuple(o.symbol for o in orders if o.symbol not in refused), (*refused.values(), *missed)


def _sent(line: Line, order: Order) -> Answer:
    """Sent again only where the broker surely never saw it."""
    for _ in range(ATTEMPTS):
        seen = line.sent(order, lambda _name: None)
        if seen is not None:
            return seen
    return Answer("unknown")
