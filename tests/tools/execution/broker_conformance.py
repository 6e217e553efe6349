"""What every broker must do, as tests that an adapter inherits, over a venue that misbehaves on command.

    class TestMyBroker(BrokerConformance):
        symbol, lot, tick = "AAPL", Decimal("0.000000001"), Decimal("0.01")

        @pytest.fixture
        def venue(self): ...              # a Venue: the stub server, with its controls

        @pytest.fixture
        def broker(self, venue, gate): ...    # the adapter under test, behind the kit's gate

What an adapter cannot do it leaves out of its `capabilities`; the kit then tests that it refuses it.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from data.errors import (
    BullpenError,
    ClockSkew,
    ExecutionRefused,
    InputError,
    OrderRefused,
    RateLimited,
    SourceUnavailable,
)
from tests.tools.execution.venue_controls import SpyGate, Venue, Wire
from tools.execution.brokers.base import GatedBroker
from tools.execution.ledger import Ledger
from tools.execution.orders import Order, order_id
from tools.execution.states import TERMINAL

__all__ = ["BrokerConformance", "SpyGate", "Venue", "Wire"]
PATIENCE_S = 5.0
"""How long a venue's message may take to reach an adapter that listens."""


class BrokerConformance:
    """Inherit, give `venue` and `broker`, set the names below."""

    symbol = "AAPL"
    other_symbol = "MSFT"
    unknown_symbol = "NOSUCH"
    lot = Decimal("0.1")
    tick = Decimal("0.01")

    @pytest.fixture
    def gate(self):
        return SpyGate()

    @pytest.fixture
    def venue(self):
        raise LookupError("an adapter's test class gives the fixture `venue`")

    @pytest.fixture
    def broker(self, venue, gate):
        raise LookupError("an adapter's test class gives the fixture `broker`")

    def order(self, leg=0, **changes):
        """A market order for ten units at 100; every leg is another order."""
        symbol = changes.get("symbol", self.symbol)
        values = {
            "order_id": order_id("kit", "2020-03-16T20:00:00Z", symbol, leg, 1), "symbol": symbol, "side": "buy",
            "quantity": 10.0, "reference_price": 100.0, "leg": leg,
        }  # fmt: skip
        return Order(**(values | changes))

    def told(self, broker: GatedBroker, order: Order, state: str, executions: int | None = None):
        """The broker's answer once it says `state`, with so many executions; a listening adapter may learn it late."""
        until = time.monotonic() + PATIENCE_S
        while True:
            answer = broker.query(order.order_id)
            there = answer is not None and answer.state == state
            if there and (executions is None or len(answer.fills) == executions):
                return answer
            if time.monotonic() > until:
                raise AssertionError(f"{order.order_id} is {answer}, not {state} with {executions} executions")
            time.sleep(0.01)

    # --- one id, one order ------------------------------------------------------------------------------------

    def test_an_order_is_taken_and_known_by_its_id(self, broker, venue):
        order = self.order()
        assert broker.submit(order) == "accepted"
        assert self.told(broker, order, "accepted").fills == ()
        assert [wire.order_id for wire in venue.orders()] == [order.order_id]

    def test_the_same_order_again_is_the_same_order(self, broker, venue):
        order = self.order()
        assert broker.submit(order) == broker.submit(order) == "accepted"
        assert len(venue.orders()) == 1
        venue.fill(order.order_id)
        self.told(broker, order, "filled")
        assert broker.submit(order) == "filled"
        assert len(venue.orders()) == 1

    def test_a_known_id_is_not_taken_for_another_order(self, broker, venue):
        broker.submit(self.order())
        for changes in ({"quantity": 11.0}, {"side": "sell"}):
            with pytest.raises(InputError):
                broker.submit(self.order(**changes))
        assert [(w.side, w.quantity) for w in venue.orders()] == [("buy", Decimal(10))]

    def test_an_id_that_was_never_sent_is_unknown(self, broker):
        assert broker.query(self.order().order_id) is None

    def test_two_orders_are_kept_apart(self, broker, venue):
        first, second = self.order(), self.order(1, symbol=self.other_symbol, quantity=5.0)
        for order in (first, second):
            broker.submit(order)
        venue.fill(second.order_id)
        assert [f.symbol for f in self.told(broker, second, "filled").fills] == [self.other_symbol]
        assert self.told(broker, first, "accepted").fills == ()

    def test_ids_are_a_function_of_the_decision_and_fit_the_venue(self, broker, venue):
        order = self.order()
        assert order.order_id == self.order(quantity=7.0, reference_price=1.0).order_id
        assert len(order.order_id) <= broker.max_order_id
        broker.submit(order)
        assert venue.orders()[0].order_id == order.order_id
        with pytest.raises(OrderRefused):
            broker.submit(self.order(1, order_id="x" * (broker.max_order_id + 1)))
        assert len(venue.orders()) == 1

    # --- a line that fails --------------------------------------------------------------------------------------

    def test_a_lost_answer_is_unknown_and_no_rejection(self, broker, venue):
        order = self.order()
        venue.lose_answers(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        assert self.told(broker, order, "accepted")
        assert len(venue.orders()) == 1

    def test_after_a_lost_answer_the_same_order_may_be_sent_again(self, broker, venue):
        order = self.order()
        venue.lose_answers(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        assert broker.submit(order) == "accepted"
        assert len(venue.orders()) == 1

    def test_a_lost_request_leaves_nothing(self, broker, venue):
        order = self.order()
        venue.lose_requests(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        assert venue.orders() == []
        assert broker.query(order.order_id) is None
        assert broker.submit(order) == "accepted"
        assert len(venue.orders()) == 1

    def test_a_cancel_whose_answer_is_lost_is_found_out_by_asking(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.lose_answers(1)
        with pytest.raises(SourceUnavailable):
            broker.cancel(order.order_id)
        self.told(broker, order, "cancelled")

    def test_a_busy_venue_says_how_long_to_wait(self, broker, venue):
        order = self.order()
        venue.answer_with(429, 1, retry_after_s=2.5)
        with pytest.raises(RateLimited) as busy:
            broker.submit(order)
        assert busy.value.retry_after_s == 2.5
        assert broker.query(order.order_id) is None

    def test_a_busy_venue_is_told_apart_when_asked_and_when_cancelled(self, broker, venue):
        order = self.order()
        broker.submit(order)
        for call in (broker.query, broker.cancel):
            venue.answer_with(429, 1, retry_after_s=1.0)
            with pytest.raises(RateLimited):
                call(order.order_id)
        self.told(broker, order, "accepted")

    def test_a_server_error_is_unknown(self, broker, venue):
        order = self.order()
        venue.answer_with(500, 1)
        with pytest.raises(SourceUnavailable) as failed:
            broker.submit(order)
        assert not isinstance(failed.value, RateLimited)
        assert broker.query(order.order_id) is None

    def test_a_server_error_while_asking_is_not_an_unknown_id(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.answer_with(500, 1)
        with pytest.raises(SourceUnavailable):
            broker.query(order.order_id)

    def test_an_answer_that_does_not_parse_is_unknown(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.garble(1)
        with pytest.raises(SourceUnavailable):
            broker.query(order.order_id)
        self.told(broker, order, "accepted")

    def test_a_cut_line_is_unknown_and_heals(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.disconnect()
        for call in (lambda: broker.query(order.order_id), broker.positions, broker.open_orders, broker.cash):
            with pytest.raises(SourceUnavailable):
                call()
        venue.reconnect()
        venue.fill(order.order_id)
        assert self.told(broker, order, "filled", 1)
        assert len(venue.orders()) == 1

    @pytest.mark.parametrize("call", ["positions", "open_orders", "cash", "server_time"])
    def test_what_cannot_be_told_raises_and_is_not_empty(self, broker, venue, call):
        venue.answer_with(500, 1)
        with pytest.raises(SourceUnavailable):
            getattr(broker, call)()

    # --- executions ----------------------------------------------------------------------------------------------

    def test_partial_executions_add_up(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4), Decimal("100.50"))
        assert [f.quantity for f in self.told(broker, order, "partial", 1).fills] == [4.0]
        venue.fill(order.order_id, Decimal(6), Decimal("101.50"))
        fills = self.told(broker, order, "filled", 2).fills
        assert [(f.quantity, f.price) for f in fills] == [(4.0, 100.5), (6.0, 101.5)]
        assert len({f.execution_id for f in fills}) == 2

    def test_an_execution_says_what_was_executed_and_when(self, broker, venue):
        order = self.order(side="sell")
        broker.submit(order)
        venue.fill(order.order_id)
        (fill,) = self.told(broker, order, "filled", 1).fills
        assert (fill.order_id, fill.symbol, fill.side) == (order.order_id, self.symbol, "sell")
        assert fill.execution_id
        assert datetime.fromisoformat(fill.bar_time).utcoffset() == timedelta(0)

    def test_an_execution_told_twice_is_one(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        before = self.told(broker, order, "partial", 1).fills
        venue.repeat_execution(order.order_id)
        venue.fill(order.order_id, Decimal(1))
        fills = self.told(broker, order, "partial", 2).fills
        assert fills[0] == before[0]
        assert sum(f.quantity for f in fills) == 5.0

    def test_an_overfill_is_told_as_it_is_and_not_booked(self, broker, venue, tmp_path):
        order = self.order()
        ledger = Ledger(tmp_path / "kit.sqlite")
        ledger.open_cycle("kit", "2020-03-16T20:00:00Z", "c")
        ledger.commit_decision("c", "{}", (order,))
        ledger.start_sending("c")
        broker.submit(order)
        venue.fill(order.order_id, Decimal(6))
        self.told(broker, order, "partial", 1)
        venue.overfill(order.order_id, Decimal(7))
        until = time.monotonic() + PATIENCE_S
        answer = broker.query(order.order_id)
        while len(answer.fills) < 2 and time.monotonic() < until:
            time.sleep(0.01)
            answer = broker.query(order.order_id)
        assert sum(f.quantity for f in answer.fills) == 13.0
        with pytest.raises(ExecutionRefused):
            ledger.note({order.order_id: answer})
        assert [f.quantity for f in ledger.fills("c")] == [6.0]
        assert [d.symbol for d in ledger.disputes("kit")] == [self.symbol]
        ledger.close()

    # --- withdrawing -----------------------------------------------------------------------------------------------

    def test_an_open_order_is_cancelled(self, broker, venue):
        order = self.order()
        broker.submit(order)
        broker.cancel(order.order_id)
        assert self.told(broker, order, "cancelled").fills == ()
        assert broker.cancel(order.order_id) == "cancelled"

    def test_a_partly_filled_order_keeps_its_executions_when_cancelled(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        self.told(broker, order, "partial", 1)
        broker.cancel(order.order_id)
        assert [f.quantity for f in self.told(broker, order, "cancelled", 1).fills] == [4.0]

    def test_a_filled_order_stays_filled(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id)
        self.told(broker, order, "filled", 1)
        assert broker.cancel(order.order_id) == "filled"
        self.told(broker, order, "filled", 1)

    def test_an_execution_that_comes_after_the_cancel_is_told(self, broker, venue):
        order = self.order()
        broker.submit(order)
        broker.cancel(order.order_id)
        self.told(broker, order, "cancelled", 0)
        venue.fill(order.order_id, Decimal(3))
        assert [f.quantity for f in self.told(broker, order, "cancelled", 1).fills] == [3.0]

    def test_an_id_that_was_never_sent_has_nothing_to_cancel(self, broker, venue):
        assert broker.cancel(self.order().order_id) == "cancelled"
        assert venue.orders() == []

    # --- the account -------------------------------------------------------------------------------------------------

    def test_positions_follow_executions(self, broker, venue):
        assert broker.positions() == {}
        bought, sold = self.order(), self.order(1, side="sell", quantity=4.0)
        for order in (bought, sold):
            broker.submit(order)
            venue.fill(order.order_id)
            self.told(broker, order, "filled")
        assert broker.positions() == {self.symbol: 6.0}
        closing = self.order(2, side="sell", quantity=6.0)
        broker.submit(closing)
        venue.fill(closing.order_id)
        self.told(broker, closing, "filled")
        assert broker.positions() == {}

    def test_open_orders_are_those_that_may_still_be_filled(self, broker, venue):
        assert broker.open_orders() == ()
        partial, cancelled = self.order(), self.order(1, symbol=self.other_symbol)
        for order in (partial, cancelled):
            broker.submit(order)
        venue.fill(partial.order_id, Decimal(4))
        self.told(broker, partial, "partial", 1)
        broker.cancel(cancelled.order_id)
        self.told(broker, cancelled, "cancelled")
        (found,) = broker.open_orders()
        assert found == (partial.order_id, self.symbol, "buy", 10.0, 4.0)
        venue.fill(partial.order_id)
        self.told(broker, partial, "filled")
        assert broker.open_orders() == ()

    def test_cash_pays_for_what_is_bought(self, broker, venue):
        before = broker.cash()
        order = self.order()
        broker.submit(order)
        venue.fill(order.order_id, price=Decimal(100))
        cost = sum(fill.cost for fill in self.told(broker, order, "filled").fills)
        assert broker.cash() == pytest.approx(before - 1000.0 - cost, abs=1e-6)

    def test_the_venues_clock_is_utc(self, broker, venue):
        at = datetime(2020, 3, 16, 20, tzinfo=UTC)
        venue.set_clock(at)
        told = broker.server_time()
        assert told.utcoffset() == timedelta(0)
        assert abs(told - at) < timedelta(seconds=60)

    def test_a_clock_that_is_off_is_refused(self, broker, venue):
        at = datetime(2020, 3, 16, 20, tzinfo=UTC)
        venue.set_clock(at)
        broker.verify_clock(at, tolerance_s=60.0)
        for now in (at + timedelta(hours=1), at - timedelta(hours=1)):
            with pytest.raises(ClockSkew):
                broker.verify_clock(now, tolerance_s=60.0)

    # --- the last gate -----------------------------------------------------------------------------------------------

    def test_what_the_gate_refuses_reaches_no_venue(self, broker, venue, gate):
        gate.refusing = True
        before = venue.requests()
        with pytest.raises(OrderRefused) as refused:
            broker.submit(self.order())
        assert (refused.value.rule, refused.value.symbol) == ("kit_rule", self.symbol)
        assert venue.requests() == before
        assert venue.orders() == []

    def test_the_gate_is_asked_before_every_send(self, broker, venue, gate):
        order = self.order()
        venue.lose_answers(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        broker.submit(order)
        assert gate.asked == [order, order]
        gate.refusing = True
        with pytest.raises(OrderRefused):
            broker.submit(order)

    def test_cancels_pass_the_gate(self, broker, venue, gate):
        order = self.order()
        broker.submit(order)
        gate.refusing = True
        broker.cancel(order.order_id)
        self.told(broker, order, "cancelled")

    # --- what is asked for arrives as it is ------------------------------------------------------------------------

    def test_quantities_arrive_as_exact_decimals(self, broker, venue):
        unit = 10.0 * float(self.lot)
        broker.submit(self.order(quantity=0.1 * unit + 0.2 * unit))
        assert venue.orders()[0].quantity == 3 * self.lot

    def test_a_quantity_between_two_lots_never_arrives_larger(self, broker, venue):
        order = self.order(quantity=float(self.lot * Decimal("15.5")))
        with suppress(OrderRefused):
            broker.submit(order)
        assert all(float(wire.quantity) <= order.quantity for wire in venue.orders())

    def test_prices_arrive_as_exact_decimals(self, broker, venue):
        order = self.order(kind="limit", limit_price=100.1 + 0.2)
        if "limit" not in broker.capabilities:
            return self.refused(broker, venue, order)
        broker.submit(order)
        assert venue.orders()[0].limit_price == Decimal("100.3")

    @pytest.mark.parametrize(
        ("kind", "prices"),
        [
            ("limit", {"limit_price": 99.5}),
            ("stop", {"stop_price": 101.5}),
            ("stop_limit", {"stop_price": 101.5, "limit_price": 102.5}),
        ],
    )
    def test_a_kind_arrives_with_its_prices_or_is_refused(self, broker, venue, kind, prices):
        order = self.order(kind=kind, **prices)
        if kind not in broker.capabilities:
            return self.refused(broker, venue, order)
        broker.submit(order)
        (wire,) = venue.orders()
        assert wire.kind == kind
        assert wire.limit_price == (Decimal(str(prices["limit_price"])) if "limit_price" in prices else None)
        assert wire.stop_price == (Decimal(str(prices["stop_price"])) if "stop_price" in prices else None)

    @pytest.mark.parametrize("time_in_force", ["day", "gtc", "ioc", "fok"])
    def test_a_time_in_force_arrives_or_is_refused(self, broker, venue, time_in_force):
        order = self.order(kind="limit", limit_price=99.5, time_in_force=time_in_force)
        if not {"limit", time_in_force} <= {"day", *broker.capabilities}:
            return self.refused(broker, venue, order)
        broker.submit(order)
        assert venue.orders()[0].time_in_force == time_in_force

    def test_reduce_only_arrives_or_is_refused(self, broker, venue):
        bought = self.order()
        broker.submit(bought)
        venue.fill(bought.order_id)
        self.told(broker, bought, "filled")
        order = self.order(1, side="sell", quantity=5.0, reduce_only=True)
        if "reduce_only" not in broker.capabilities:
            return self.refused(broker, venue, order)
        broker.submit(order)
        assert (venue.orders()[-1].side, venue.orders()[-1].quantity) == ("sell", Decimal(5))

    def test_a_rejection_keeps_its_reason(self, broker, venue):
        order = self.order()
        venue.reject_next("the market for this is closed")
        assert self.refusal(broker, order, "the market for this is closed")
        assert broker.positions() == {}

    def test_an_unknown_symbol_is_refused_by_name(self, broker, venue):
        assert self.refusal(broker, self.order(symbol=self.unknown_symbol), self.unknown_symbol)
        assert broker.open_orders() == ()

    def refused(self, broker, venue, order):
        """What the venue cannot take is refused with a remedy, and never leaves."""
        before = len(venue.orders())
        with pytest.raises(OrderRefused) as found:
            broker.submit(order)
        assert found.value.symbol == order.symbol
        assert found.value.remedy
        assert len(venue.orders()) == before

    def refusal(self, broker, order, reason):
        """Whether an order is refused, at once or by the venue's word, for a reason that says `reason`."""
        try:
            state = broker.submit(order)
        except OrderRefused as refused:
            return reason in str(refused)
        except SourceUnavailable as unknown:
            raise AssertionError("a rejection is no unknown outcome") from unknown
        assert state in (*TERMINAL, "accepted")
        return reason in self.told(broker, order, "rejected").reason

    def test_errors_name_what_to_do(self, broker, venue):
        venue.disconnect()
        with pytest.raises(BullpenError) as failed:
            broker.submit(self.order())
        assert failed.value.message
        assert failed.value.remedy
