"""TWS's stub under the words of the conformance kit, and the fixtures that open brokers at it."""

from contextlib import suppress
from decimal import Decimal

import pytest
from broker_conformance import BrokerConformance, SpyGate, Wire

from data.errors import SourceUnavailable
from tests.stubs.tws import TwsVenue, serving_tws

pytest.importorskip("ib_async", reason="ib_async is not installed: pip install 'bullpen[brokers]'")
from tools.execution.brokers.interactive_brokers import open_interactive_brokers

KINDS = {"MKT": "market", "LMT": "limit", "STP": "stop", "STP LMT": "stop_limit"}
FAULTS = {429: (100, "Max rate of messages per second has been exceeded"), 500: (322, "Error processing request")}

PATIENCE_S = 8.0
"""How long an answer is waited for: far longer than a loaded machine pauses, for each lost answer costs it whole."""

MANY = 1_000
"""Calls within which a message that was sent beside them has arrived."""


class KitVenue(TwsVenue):
    """TWS's stub under the kit's words. A line loses instructions: what is only asked is asked again anyway."""

    def orders(self):
        return [
            Wire(
                o.reference, o.listed.symbol, o.side.lower(), o.quantity, KINDS[o.kind], _price(o.limit),
                _price(o.stop), o.time_in_force.lower(),
            )
            for o in self.book
        ]  # fmt: skip

    def requests(self):
        return len(self.asked)

    def fill(self, order_id, quantity=None, price=None):
        left = self.placed(order_id).left
        self.execute(order_id, left if quantity is None else quantity, price or Decimal(100))

    def overfill(self, order_id, quantity):
        self.execute(order_id, quantity, Decimal(100))

    def repeat_execution(self, order_id):
        self.repeat_last_execution()

    def reject_next(self, reason):
        self.refuse = (201, f"Order rejected - reason:{reason}")

    def lose_requests(self, count):
        self.lost_requests = count

    def lose_answers(self, count):
        self.lost_answers = count

    def answer_with(self, status, count, retry_after_s=None):
        self.faults += [FAULTS[status]] * count

    def garble(self, count):
        self.garbled = count

    def disconnect(self):
        self.cut = True
        self.hang_up()

    def reconnect(self):
        self.cut = False

    def set_clock(self, at):
        self.clock = at


def _price(text):
    return Decimal(text) if text else None


class WithTws:
    """A venue, and brokers that are closed after the test."""

    @pytest.fixture
    def gate(self):
        return SpyGate()

    @pytest.fixture
    def venue(self):
        with serving_tws(KitVenue()) as made:
            yield made

    @pytest.fixture
    def opened(self, venue, gate):
        brokers = []

        def open_one(**changes):
            given = {"port": venue.port, "timeout_s": PATIENCE_S, "timezone": "UTC"}
            brokers.append(open_interactive_brokers(gate, **(given | changes)))
            return brokers[-1]

        yield open_one
        for broker in brokers:
            broker.close()

    @pytest.fixture
    def broker(self, opened):
        return opened()


kit = BrokerConformance()
"""Its orders and its patience, for tests that are not every broker's."""


def told_nothing(broker, order):
    """Whether the id is unknown, once the venue is heard again."""
    for _ in range(MANY):
        with suppress(SourceUnavailable):
            return broker.query(order.order_id) is None
    raise AssertionError("the venue is not heard")


def asked_until_refused(call):
    """Asks until what was said beside the calls is heard."""
    for _ in range(MANY):
        try:
            call()
        except SourceUnavailable:
            return
    raise AssertionError("it goes on as if nothing was said")
