"""Interactive Brokers keeps the conformance kit over ib_async and TWS's messages; live takes two switches."""

import asyncio
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from broker_conformance import BrokerConformance, SpyGate, Wire

from data.errors import BadAnswer, BadConfig, OrderRefused, RateLimited, SourceUnavailable
from tests.stubs.tws import TwsVenue, serving_tws

pytest.importorskip("ib_async", reason="ib_async is not installed: pip install 'bullpen[brokers]'")
from tools.execution.brokers import tws_orders
from tools.execution.brokers.interactive_brokers import open_interactive_brokers
from tools.execution.brokers.tws_line import PACING_PAUSE_S

KINDS = {"MKT": "market", "LMT": "limit", "STP": "stop", "STP LMT": "stop_limit"}
FAULTS = {429: (100, "Max rate of messages per second has been exceeded"), 500: (322, "Error processing request")}

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


@pytest.fixture
def venue():
    with serving_tws(KitVenue()) as made:
        yield made


@pytest.fixture
def opened(venue):
    """Opens brokers at the venue, and closes them."""
    brokers = []

    def open_one(gate=None, **changes):
        given = {"port": venue.port, "timeout_s": 1.0, "timezone": "UTC"}
        brokers.append(open_interactive_brokers(gate or SpyGate(), **(given | changes)))
        return brokers[-1]

    yield open_one
    for broker in brokers:
        broker.close()


class TestInteractiveBrokers(BrokerConformance):
    lot = Decimal(1)

    @pytest.fixture
    def venue(self, venue):
        return venue

    @pytest.fixture
    def broker(self, opened, gate):
        return opened(gate)

    def test_a_busy_venue_says_how_long_to_wait(self, broker, venue):
        """TWS says only that its 50 messages a second were exceeded: the pause is that second."""
        order = self.order()
        venue.answer_with(429, 1)
        with pytest.raises(RateLimited) as busy:
            broker.submit(order)
        assert busy.value.retry_after_s == PACING_PAUSE_S
        assert broker.query(order.order_id) is None

    # --- what was sent is found again ---------------------------------------------------------------------------

    def test_another_process_finds_the_order_and_its_executions_by_our_id(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        other = opened(client_id=2)
        assert other.submit(order) == "partial"
        fills = self.told(other, order, "partial", 1).fills
        assert fills == broker.query(order.order_id).fills
        assert len(venue.orders()) == 1

    def test_an_order_that_ended_is_found_again_and_not_sent_twice(self, broker, opened, venue):
        filled, cancelled = self.order(), self.order(1)
        for order in (filled, cancelled):
            broker.submit(order)
        venue.fill(filled.order_id)
        broker.cancel(cancelled.order_id)
        broker.close()
        again = opened()
        assert [again.submit(order) for order in (filled, cancelled)] == ["filled", "cancelled"]
        assert self.told(again, filled, "filled", 1).fills[0].cost == 1.25
        assert len(venue.orders()) == 2

    def test_only_the_client_that_placed_an_order_can_cancel_it(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        with pytest.raises(SourceUnavailable, match="client 1"):
            opened(client_id=2).cancel(order.order_id)
        self.told(broker, order, "accepted")
        broker.close()
        assert opened().cancel(order.order_id) == "cancelled"

    def test_a_filled_order_that_is_in_no_list_yet_is_not_forgotten(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.forget_ended = True
        venue.fill(order.order_id)
        assert self.told(broker, order, "filled", 1)
        assert broker.submit(order) == "filled"
        assert len(venue.orders()) == 1

    def test_executions_without_their_order_are_no_unknown_id(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        venue.forget_ended = True
        venue.fill(order.order_id)
        other = opened(client_id=2)
        for call in (lambda: other.query(order.order_id), lambda: other.submit(order)):
            with pytest.raises(BadAnswer):
                call()
        assert len(venue.orders()) == 1

    def test_an_id_of_another_day_is_not_believed_to_be_unknown(self, opened, venue):
        venue.clock = datetime(2024, 3, 2, 1, tzinfo=UTC)
        days = {"yesterday": venue.clock - timedelta(hours=2), "today": venue.clock - timedelta(minutes=30)}
        broker = opened(decided_at=days.get)
        with pytest.raises(BadAnswer, match="another day"):
            broker.query("yesterday")
        with pytest.raises(BadAnswer, match="another day"):
            broker.submit(self.order(order_id="yesterday"))
        assert broker.query("today") is None
        assert broker.submit(self.order(order_id="today")) == "accepted"

    def test_two_orders_under_one_id_are_no_answer(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        twin = venue.placed(order.order_id)
        venue.book.append(type(twin)(**(vars(twin) | {"number": 77, "permanent": 977})))
        with pytest.raises(BadAnswer, match="two orders"):
            broker.query(order.order_id)

    def test_executions_of_earlier_days_are_remembered_while_the_order_is_open(self, broker, venue):
        order = self.order(kind="limit", limit_price=101.0, time_in_force="gtc")
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        (first,) = self.told(broker, order, "partial", 1).fills
        venue.executions.clear()
        assert self.told(broker, order, "partial", 1).fills == (first,)
        venue.fill(order.order_id)
        venue.executions[-1].name = "0000e1a8.00000000.01.01"
        assert self.told(broker, order, "filled", 2).fills[0] == first

    def test_an_execution_that_tws_takes_back_is_not_remembered(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        self.told(broker, order, "partial", 1)
        venue.executions.clear()
        venue.placed(order.order_id).filled = Decimal(0)
        assert self.told(broker, order, "accepted").fills == ()

    # --- what TWS says of an order ------------------------------------------------------------------------------

    @pytest.mark.parametrize("code", [399, 10349, 10999])
    def test_a_remark_is_no_rejection_though_the_library_takes_it_for_one(self, broker, venue, code):
        order, other = self.order(), self.order(1)
        for one in (order, other):
            venue.remark = (code, "Order TIF was set to DAY based on order preset.")
            assert broker.submit(one) == "accepted"
            self.told(broker, one, "accepted")
        venue.expire(order.order_id)
        self.told(broker, order, "cancelled")
        venue.fill(other.order_id)
        self.told(broker, other, "filled", 1)

    def test_a_refusal_that_comes_later_is_a_rejection_with_its_reason(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.say(201, "Order rejected - reason:no margin", venue.placed(order.order_id))
        assert "no margin" in self.told(broker, order, "rejected").reason

    def test_the_number_of_an_order_that_never_arrived_is_given_to_something_else(self, broker, venue):
        order = self.order()
        venue.lose_requests(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        for leg in range(1, 9):
            with pytest.raises(OrderRefused):
                broker.submit(self.order(leg, symbol=self.unknown_symbol))
        assert broker.query(order.order_id) is None

    def test_executions_that_do_not_add_up_are_no_answer(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id)
        venue.executions.clear()
        with pytest.raises(BadAnswer, match="not listed everything"):
            opened(client_id=2).query(order.order_id)

    @pytest.mark.parametrize(
        ("code", "fault"), [(100, RateLimited), (322, SourceUnavailable), (1100, SourceUnavailable)]
    )
    def test_an_instruction_that_tws_did_not_process_is_unknown(self, broker, venue, code, fault):
        order = self.order()
        venue.failing = (code, "not now")
        with pytest.raises(fault):
            broker.submit(order)
        venue.say(1102, "Connectivity between IB and TWS has been restored- data maintained.")
        assert self.told_nothing(broker, order)
        assert broker.submit(order) == "accepted"
        assert len(venue.orders()) == 1

    def told_nothing(self, broker, order):
        """Whether the id is unknown, once the venue is heard again."""
        for _ in range(MANY):
            with suppress(SourceUnavailable):
                return broker.query(order.order_id) is None
        raise AssertionError("the venue is not heard")

    def test_a_corrected_execution_is_told_once(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.execute(order.order_id, Decimal(4), Decimal(100), "0000e1a7.65e1.01.01")
        self.told(broker, order, "partial", 1)
        venue.execute(order.order_id, Decimal(4), Decimal(99), "0000e1a7.65e1.01.02")
        venue.placed(order.order_id).filled = Decimal(4)
        (fill,) = self.told(broker, order, "partial", 1).fills
        assert (fill.price, fill.execution_id) == (99.0, "0000e1a7.65e1.01.02")

    def test_an_execution_without_its_commission_is_no_answer(self, broker, venue, monkeypatch):
        monkeypatch.setattr(tws_orders, "COMMISSION_S", 0.05)
        order = self.order()
        broker.submit(order)
        venue.withheld = True
        venue.fill(order.order_id)
        with pytest.raises(BadAnswer, match="commission"):
            broker.query(order.order_id)
        venue.withheld = False
        assert self.told(broker, order, "filled", 1).fills[0].cost == 1.25

    @pytest.mark.parametrize(
        ("zone", "timezone", "moment"),
        [
            ("", "UTC", "2024-03-01T15:00:00Z"),
            ("", "America/New_York", "2024-03-01T20:00:00Z"),
            (" Europe/Amsterdam", "America/New_York", "2024-03-01T14:00:00Z"),
        ],
    )
    def test_times_are_those_of_the_zone_tws_names_or_is_set_to(self, opened, venue, zone, timezone, moment):
        broker, order, venue.zone = opened(timezone=timezone), self.order(), zone
        broker.submit(order)
        venue.fill(order.order_id)
        assert self.told(broker, order, "filled", 1).fills[0].bar_time == moment

    # --- the line -------------------------------------------------------------------------------------------------

    def test_an_answer_that_comes_late_is_not_taken_for_another(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.late = 1
        with pytest.raises(SourceUnavailable, match="did not answer"):
            broker.positions()
        venue.fill(order.order_id)
        assert broker.positions() == {self.symbol: 10.0}

    def test_a_position_that_does_not_parse_is_not_left_out(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id)
        venue.garble(1)
        with pytest.raises(BadAnswer, match="does not parse"):
            broker.positions()
        assert broker.positions() == {self.symbol: 10.0}

    def test_while_tws_has_lost_its_own_line_nothing_it_remembers_is_believed(self, broker, venue):
        broker.positions()
        venue.say(1100, "Connectivity between IB and Trader Workstation has been lost.")
        self.asked_until_refused(broker.positions)
        before = venue.requests()
        for call in (broker.cash, broker.open_orders, lambda: broker.submit(self.order())):
            with pytest.raises(SourceUnavailable, match="lost Interactive Brokers"):
                call()
        assert venue.requests() == before
        venue.say(1102, "Connectivity has been restored.")
        assert self.told_nothing(broker, self.order())

    def asked_until_refused(self, call):
        """Asks until what was said beside the calls is heard."""
        for _ in range(MANY):
            try:
                call()
            except SourceUnavailable:
                return
        raise AssertionError("it goes on as if nothing was said")

    def test_a_closed_socket_is_opened_again(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.hang_up()
        venue.fill(order.order_id)
        for _ in range(2):
            with suppress(SourceUnavailable):
                assert broker.query(order.order_id).state == "filled"
                return
        raise AssertionError("the line stays closed")

    def test_another_login_behind_the_same_port_is_not_traded(self, broker, venue):
        broker.positions()
        venue.accounts = "U7654321"
        venue.hang_up()
        for _ in range(3):
            with pytest.raises(SourceUnavailable):
                broker.submit(self.order())
        assert venue.orders() == []

    def test_a_client_id_in_use_says_so(self, broker, opened):
        with pytest.raises(SourceUnavailable, match="already in use"):
            opened()

    def test_it_works_within_a_running_event_loop_and_leaves_no_thread(self, opened, venue):
        async def inside():
            broker = opened()
            state = broker.submit(self.order())
            broker.close()
            broker.close()
            return broker, state

        before = set(threading.enumerate())
        broker, state = asyncio.run(inside())
        assert state == "accepted"
        assert set(threading.enumerate()) == before
        with pytest.raises(SourceUnavailable, match="closed"):
            broker.positions()

    # --- contracts ------------------------------------------------------------------------------------------------

    def test_symbols_are_us_stocks_unless_a_contract_is_named(self, opened, venue):
        broker = opened(contracts={"EUR-USD": "CASH/EUR/IDEALPRO/USD", "GOLD": "CMDTY/XAUUSD/SMART/USD"})
        bought = {"BRK-B": 3.0, "EUR-USD": 2.0, "GOLD": 1.0}
        for leg, (symbol, quantity) in enumerate(bought.items()):
            order = self.order(leg, symbol=symbol, quantity=quantity)
            broker.submit(order)
            venue.fill(order.order_id)
            assert self.told(broker, order, "filled", 1).fills[0].symbol == symbol
        assert [o.listed.symbol for o in venue.book] == ["BRK B", "EUR", "XAUUSD"]
        assert broker.positions() == bought

    @pytest.mark.parametrize(
        ("symbol", "rule"),
        [("DUAL", "unknown_symbol"), ("SAP", "currency"), ("ES", "currency"), ("NONE", "unknown_symbol")],
    )
    def test_a_contract_that_is_not_one_unit_in_the_accounts_currency_is_refused(self, opened, venue, symbol, rule):
        broker = opened(contracts={"SAP": "STK/SAP/IBIS/EUR", "ES": "FUT/ES/CME/USD/202512"})
        with pytest.raises(OrderRefused) as refused:
            broker.submit(self.order(symbol=symbol))
        assert (refused.value.rule, refused.value.symbol) == (rule, symbol)
        assert venue.orders() == []

    def test_what_is_not_held_is_not_sold_to_reduce(self, broker, venue):
        with pytest.raises(OrderRefused, match="would not reduce"):
            broker.submit(self.order(side="sell", reduce_only=True))
        assert venue.orders() == []

    def test_another_programs_order_is_open_and_keeps_its_own_name(self, broker, opened, venue):
        order = self.order()
        broker.submit(order)
        venue.placed(order.order_id).reference = ""
        (found,) = broker.open_orders()
        assert (found.order_id, found.quantity) == ("permanent-900", 10.0)


@pytest.mark.parametrize(
    ("accounts", "changes", "words"),
    [
        ("DU1", {"live": True}, "must be named"),
        ("U1", {}, "a live account"),
        ("U1", {"account": "U1"}, "a live account"),
        ("U1", {"live": True, "account": "U2"}, "another account"),
        ("DU1", {"account": "DU2"}, "another account"),
        ("DU1,DU2", {}, "2 accounts"),
        ("DU1", {"client_id": 0}, "by hand"),
        ("DU1", {"contracts": {"SAP": "SAP@IBIS"}}, "names no contract"),
    ],
)
def test_what_cannot_be_opened_says_why_and_leaves_no_thread(venue, opened, accounts, changes, words):
    venue.accounts, before = accounts, set(threading.enumerate())
    with pytest.raises(BadConfig, match=words):
        opened(**changes)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("accounts", "changes"),
    [("DF1", {}), ("DU1,DU2", {"account": "DU2"}), ("U1", {"live": True, "account": "U1"})],
)
def test_the_account_that_is_opened_is_the_one_orders_name(venue, opened, accounts, changes):
    venue.accounts = accounts
    opened(**changes).submit(BrokerConformance().order())
    assert [order.account for order in venue.book] == [changes.get("account", accounts)]


def test_no_tws_is_no_empty_account(venue):
    venue.cut = True
    with pytest.raises(SourceUnavailable) as failed:
        open_interactive_brokers(SpyGate(), port=venue.port, timeout_s=1.0)
    assert failed.value.remedy
