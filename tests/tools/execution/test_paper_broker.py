"""The paper broker keeps the contract of a broker, behind a line that fails on command."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from broker_conformance import BrokerConformance, Wire

from data.errors import BadAnswer, RateLimited, SourceUnavailable
from data.outcomes import NextBar
from tools.execution.brokers.decimals import as_decimal
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.simulation import SymbolTerms
from tools.execution.orders import Fill, Order
from tools.market.terms import proportional_terms

NOW = datetime(2020, 3, 16, 20, tzinfo=UTC)
LOT = 0.1
TERMS = SymbolTerms(
    ("AAPL", "MSFT"), proportional_terms(np.array([5.0, 5.0]))._replace(cap=np.ones(2), lot=np.full(2, LOT))
)


class Across(PaperBroker):
    """The paper broker at the far end of a line."""

    def __init__(self, gate, path, venue):
        super().__init__(gate, path, "kit", venue.bar, NOW, TERMS, 1e6)
        self.venue, self.inside = venue, False

    def _send(self, order):
        with self.line():
            return super()._send(order)

    def query(self, order_id):
        with self.line():
            return super().query(order_id)

    def cancel(self, order_id):
        with self.line():
            return super().cancel(order_id)

    def open_orders(self):
        with self.line():
            return super().open_orders()

    def positions(self):
        with self.line():
            return super().positions()

    def cash(self):
        with self.line():
            return super().cash()

    def server_time(self):
        with self.line():
            return super().server_time()

    def _refusal(self, order, lot):
        reasons, self.venue.reasons = self.venue.reasons[:1], self.venue.reasons[1:]
        return reasons[0] if reasons else super()._refusal(order, lot)

    @contextmanager
    def line(self):
        if self.inside:
            yield
            return
        before, after = self.venue.faults()
        if before is not None:
            raise before
        self.inside = True
        try:
            yield
        finally:
            self.inside = False
        if after is not None:
            raise after


class PaperVenue:
    """Bars on demand, and faults of the line."""

    def __init__(self):
        self.now, self.bars, self.reasons, self.seen = NOW, [], [], 0
        self.before, self.after, self.cut = [], [], False
        self.broker = None

    def bar(self, symbol, after):
        return next((bar for name, bar in self.bars if name == symbol and bar.time >= after), None)

    def faults(self):
        if self.cut:
            return SourceUnavailable("the line is cut", "wait"), None
        self.seen += not self.before
        before, self.before = self.before[:1], self.before[1:]
        after, self.after = (None, self.after) if before else (self.after[:1], self.after[1:])
        return (before[0] if before else None), (after[0] if after else None)

    def orders(self):
        rows = self.broker._store.rows("SELECT payload FROM orders ORDER BY rowid")
        return [self.wire(Order.model_validate_json(payload)) for (payload,) in rows]

    def wire(self, order):
        lot, tick = Decimal("0.05"), Decimal("0.01")
        prices = [
            None if p is None else as_decimal(p, tick, order.symbol) for p in (order.limit_price, order.stop_price)
        ]
        return Wire(
            order.order_id, order.symbol, order.side, as_decimal(order.quantity, lot, order.symbol), order.kind,
            prices[0], prices[1], order.time_in_force, order.reduce_only,
        )  # fmt: skip

    def requests(self):
        return self.seen

    def fill(self, order_id, quantity=None, price=None):
        ((payload, state),) = self.broker._store.rows(
            "SELECT payload, state FROM orders WHERE order_id = ?", (order_id,)
        )
        order = Order.model_validate_json(payload)
        if state == "cancelled":
            return self.overfill(order_id, quantity)
        self.now += timedelta(minutes=1)
        volume = float("inf") if quantity is None else float(quantity)
        self.bars.append((order.symbol, NextBar(float(price or 100), self.now, "next_open", volume=volume)))
        self.now += timedelta(seconds=1)
        self.broker.advance(self.now)
        PaperBroker.query(self.broker, order_id)

    def overfill(self, order_id, quantity):
        self.insert(order_id, float(quantity), f"late-{len(self.bars)}")

    def repeat_execution(self, order_id):
        rows = self.broker._store.rows("SELECT payload FROM fills WHERE order_id = ? ORDER BY rowid DESC", (order_id,))
        assert json.loads(rows[0][0])["execution_id"]
        PaperBroker.query(self.broker, order_id)

    def insert(self, order_id, quantity, name):
        fill = Fill(
            order_id=order_id, symbol="AAPL", side="buy", quantity=quantity, price=100.0, cost=0.0,
            convention="venue", bar_time="2020-03-16T20:00:00Z", execution_id=name,
        )  # fmt: skip
        with self.broker._store.transaction() as db:
            db.execute("INSERT INTO fills VALUES (?, ?, ?, ?)", (order_id, name, "kit", fill.model_dump_json()))

    def reject_next(self, reason):
        self.reasons.append(reason)

    def lose_requests(self, count):
        self.before += [SourceUnavailable("the request was lost", "ask")] * count

    def lose_answers(self, count):
        self.after += [SourceUnavailable("the answer was lost", "ask")] * count

    def answer_with(self, status, count, retry_after_s=None):
        busy = RateLimited("too many requests", retry_after_s or 0.0, "wait")
        self.before += [busy if status == 429 else SourceUnavailable(f"HTTP {status}", "wait")] * count

    def garble(self, count):
        self.after += [BadAnswer("this does not parse", "ask again")] * count

    def disconnect(self):
        self.cut = True

    def reconnect(self):
        self.cut = False

    def set_clock(self, at):
        self.broker.advance(at)


class TestPaperBroker(BrokerConformance):
    @pytest.fixture
    def venue(self):
        return PaperVenue()

    @pytest.fixture
    def broker(self, venue, gate, tmp_path):
        venue.broker = Across(gate, tmp_path / "venue.sqlite", venue)
        yield venue.broker
        venue.broker.close()
