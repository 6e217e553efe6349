"""A crypto exchange keeps the conformance kit over CCXT and Binance's documented protocol; live takes two switches."""

from decimal import Decimal

import pytest
from broker_conformance import BrokerConformance, SpyGate, Wire

from data.errors import BadConfig, OrderRefused, UnknownSymbol
from tests.stubs.binance import SECRET, BinanceVenue
from tests.stubs.http_stub import serving
from tests.stubs.http_venue import HttpVenue

pytest.importorskip("ccxt", reason="ccxt is not installed: pip install 'bullpen[brokers]'")
from tools.execution.brokers.crypto import make_client, open_crypto
from tools.execution.ledger import Ledger

KEYS = {"CRYPTO_API_KEY": "apikey01", "CRYPTO_API_SECRET": SECRET}
MARKETS = {"BTC-USD": "BTC/USDT", "ETH-USD": "ETH/USDT"}
KINDS = {"MARKET": "market", "LIMIT": "limit", "STOP_LOSS": "stop", "STOP_LOSS_LIMIT": "stop_limit"}
NAMES = {"BTCUSDT": "BTC-USD", "ETHUSDT": "ETH-USD"}


class KitVenue(HttpVenue, BinanceVenue):
    """Binance's stub under the kit's words."""

    def orders(self):
        return [
            Wire(
                o["clientOrderId"], NAMES[o["symbol"]], o["side"].lower(), Decimal(o["origQty"]), KINDS[o["type"]],
                _price(o["price"]), _price(o["stopPrice"]), o["timeInForce"].lower(),
            )
            for o in self.book.values()
        ]  # fmt: skip

    def fill(self, order_id, quantity=None, price=None):
        order = self.book[order_id]
        left = Decimal(order["origQty"]) - Decimal(order["executedQty"])
        self.execute(order_id, str(left if quantity is None else quantity), str(price or 100))

    def overfill(self, order_id, quantity):
        self.execute(order_id, str(quantity), "100")

    def repeat_execution(self, order_id):
        self.repeat_last_execution()

    def reject_next(self, reason):
        self.refuse = reason


def _price(text):
    return Decimal(text) if Decimal(text) else None


def opened(gate, venue, **changes):
    given = {"exchange": "binance", "keys": KEYS, "markets": MARKETS, "order_of": {}.get, "url": venue.stub.url}
    broker = open_crypto(gate, **(given | changes))
    broker._client.enableRateLimit = False  # the stub needs no pauses
    return broker


@pytest.fixture
def venue():
    made = KitVenue()
    with serving(made.answer) as stub:
        made.stub = stub
        yield made


class TestCryptoBroker(BrokerConformance):
    symbol, other_symbol = "BTC-USD", "ETH-USD"
    lot = Decimal("0.00001")

    @pytest.fixture
    def venue(self, venue):
        return venue

    @pytest.fixture
    def broker(self, venue, gate):
        return opened(gate, venue)

    @pytest.mark.parametrize(("ours", "theirs"), [("day", "gtc"), ("gtc", "gtc"), ("ioc", "ioc"), ("fok", "fok")])
    def test_a_time_in_force_arrives_or_is_refused(self, broker, venue, ours, theirs):
        """The market never closes: a day order rests until it is cancelled."""
        broker.submit(self.order(kind="limit", limit_price=99.5, time_in_force=ours))
        assert venue.orders()[0].time_in_force == theirs

    def test_a_fee_taken_in_kind_is_what_was_not_received(self, broker, venue):
        venue.fee = ("0.01", "BTC")
        order, before = self.order(), broker.cash()
        broker.submit(order)
        venue.fill(order.order_id, price=Decimal(100))
        (fill,) = self.told(broker, order, "cancelled", 1).fills
        assert (fill.quantity, fill.cost) == (9.99, 1.0)
        assert broker.positions() == {"BTC-USD": 9.99}
        assert broker.cash() == before - fill.quantity * fill.price - fill.cost

    def test_an_order_between_two_lots_is_over_when_its_lots_are(self, broker, venue, tmp_path):
        order = self.order(quantity=10.000004)
        ledger = Ledger(tmp_path / "kit.sqlite")
        ledger.open_cycle("kit", "2020-03-16T20:00:00Z", "c")
        ledger.commit_decision("c", "{}", (order,))
        ledger.start_sending("c")
        broker.submit(order)
        assert venue.orders()[0].quantity == Decimal(10)
        venue.fill(order.order_id)
        ledger.note({order.order_id: broker.query(order.order_id)})
        (intent,) = ledger.intents("c")
        assert (intent.state, intent.filled) == ("cancelled", 10.0)
        assert "less than a lot" in intent.reason
        ledger.close()

    def test_another_process_finds_the_order_by_the_ledgers_symbol(self, broker, venue, gate):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        other = opened(gate, venue, order_of={order.order_id: order}.get)
        assert self.told(other, order, "partial", 1).fills[0].symbol == "BTC-USD"
        assert other.submit(order) == "partial"
        assert len(venue.orders()) == 1

    def test_what_is_not_held_is_not_sold_to_reduce(self, broker, venue):
        with pytest.raises(OrderRefused, match="would not reduce"):
            broker.submit(self.order(side="sell", reduce_only=True))
        assert venue.orders() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keys": {"CRYPTO_API_KEY": "apikey01"}}, "CRYPTO_API_SECRET"),
        ({"exchange": "mtgox_again"}, "no exchange"),
        ({"live": True}, "must be named"),
        ({"live": True, "account": "binance:otherkey"}, "be that of the keys"),
        ({"markets": {"BTC-USD": "BTC/USDT", "ETH-EUR": "ETH/EUR"}}, "one currency"),
        ({"markets": {}}, "one currency"),
    ],
)
def test_what_cannot_be_opened_says_why(venue, changes, words):
    with pytest.raises(BadConfig, match=words):
        opened(SpyGate(), venue, **changes)
    assert venue.requests() == 0


def test_the_sandbox_is_the_default_address():
    assert "testnet" in make_client("binance", KEYS, live=False).urls["api"]["private"]
    assert "testnet" not in make_client("binance", KEYS, live=True).urls["api"]["private"]


def test_a_market_the_exchange_lacks_is_found_when_opening(venue):
    with pytest.raises(UnknownSymbol, match="DOGE"):
        opened(SpyGate(), venue, markets={"DOGE-USD": "DOGE/USDT"})
