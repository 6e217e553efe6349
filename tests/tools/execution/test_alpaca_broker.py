"""Alpaca keeps the conformance kit over alpaca-py and its documented protocol; live takes two switches."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from broker_conformance import BrokerConformance, SpyGate, Wire

from data.errors import BadConfig, CredentialMissing, SourceUnavailable
from tests.stubs.alpaca import AlpacaVenue
from tests.stubs.http_stub import serving
from tests.stubs.http_venue import HttpVenue

pytest.importorskip("alpaca", reason="alpaca-py is not installed: pip install 'bullpen[brokers]'")
from tools.execution.brokers.alpaca import PAGE, open_alpaca

KEYS = {"APCA_API_KEY_ID": "key", "APCA_API_SECRET_KEY": "secret"}


class KitVenue(HttpVenue, AlpacaVenue):
    """Alpaca's stub under the kit's words."""

    def orders(self):
        return [
            Wire(
                o["client_order_id"], o["symbol"], o["side"], Decimal(o["qty"]), o["type"], _price(o, "limit_price"),
                _price(o, "stop_price"), o["time_in_force"],
            )
            for o in self.book.values()
        ]  # fmt: skip

    def fill(self, order_id, quantity=None, price=None):
        order = self.book[order_id]
        left = Decimal(order["qty"]) - Decimal(order["filled_qty"])
        self.execute(order_id, str(left if quantity is None else quantity), str(price or 100))

    def overfill(self, order_id, quantity):
        self.execute(order_id, str(quantity), "100")

    def repeat_execution(self, order_id):
        self.repeat_last_execution()

    def reject_next(self, reason):
        self.refuse = reason


def _price(order, name):
    return Decimal(order[name]) if name in order else None


@pytest.fixture
def venue():
    made = KitVenue()
    with serving(made.answer) as stub:
        made.stub = stub
        yield made


class TestAlpacaBroker(BrokerConformance):
    lot = Decimal("0.000000001")

    @pytest.fixture
    def venue(self, venue):
        return venue

    @pytest.fixture
    def broker(self, venue, gate):
        return open_alpaca(gate, KEYS, url=venue.stub.url)

    def test_executions_beyond_one_page_are_all_told(self, broker, venue):
        order = self.order(quantity=float(PAGE + 7))
        broker.submit(order)
        for _ in range(PAGE + 7):
            venue.fill(order.order_id, Decimal(1))
        assert len(self.told(broker, order, "filled").fills) == PAGE + 7

    def test_executions_that_are_not_listed_yet_are_no_answer(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id)
        venue.activities.clear()
        with pytest.raises(SourceUnavailable, match="not listed every execution"):
            broker.query(order.order_id)


def test_without_keys_it_says_which_are_missing():
    with pytest.raises(BadConfig, match="APCA_API_SECRET_KEY"):
        open_alpaca(SpyGate(), {"APCA_API_KEY_ID": "key"})


def test_wrong_keys_are_no_empty_account(venue):
    broker = open_alpaca(SpyGate(), KEYS | {"APCA_API_KEY_ID": "other"}, url=venue.stub.url)
    with pytest.raises(CredentialMissing):
        broker.positions()


def test_live_needs_the_account_named():
    with pytest.raises(BadConfig, match="must be named"):
        open_alpaca(SpyGate(), KEYS, live=True)


def test_live_refuses_another_account_than_the_one_named(venue):
    with pytest.raises(BadConfig, match="another account"):
        open_alpaca(SpyGate(), KEYS, live=True, account="PA0OTHER", url=venue.stub.url)
    assert open_alpaca(SpyGate(), KEYS, live=True, account=venue.account, url=venue.stub.url).cash() == 100_000.0


def test_paper_is_the_default_address():
    paper = open_alpaca(SpyGate(), KEYS)
    assert "paper-api" in paper._client._base_url.value


def test_the_clock_has_nine_decimals_sometimes(venue):
    venue.clock = datetime(2024, 3, 1, 15, 0, 0, 123456, tzinfo=UTC)
    assert open_alpaca(SpyGate(), KEYS, url=venue.stub.url).server_time() == venue.clock
