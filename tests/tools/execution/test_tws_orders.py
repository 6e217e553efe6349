"""Orders at TWS: found again by our id, and believed by its lists rather than by its words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tws_kit import WithTws, kit, told_nothing

from data.errors import BadAnswer, OrderRefused, RateLimited, SourceUnavailable
from tools.execution.brokers import tws_orders


class TestOrdersAtTws(WithTws):
    # --- what was sent is found again ---------------------------------------------------------------------------

    def test_another_process_finds_the_order_and_its_executions_by_our_id(self, broker, opened, venue):
        order = kit.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        other = opened(client_id=2)
        assert other.submit(order) == "partial"
        fills = kit.told(other, order, "partial", 1).fills
        assert fills == broker.query(order.order_id).fills
        assert len(venue.orders()) == 1

    def test_an_order_that_ended_is_found_again_and_not_sent_twice(self, broker, opened, venue):
        filled, cancelled = kit.order(), kit.order(1)
        for order in (filled, cancelled):
            broker.submit(order)
        venue.fill(filled.order_id)
        broker.cancel(cancelled.order_id)
        broker.close()
        again = opened()
        assert [again.submit(order) for order in (filled, cancelled)] == ["filled", "cancelled"]
        assert kit.told(again, filled, "filled", 1).fills[0].cost == 1.25
        assert len(venue.orders()) == 2

    def test_only_the_client_that_placed_an_order_can_cancel_it(self, broker, opened, venue):
        order = kit.order()
        broker.submit(order)
        with pytest.raises(SourceUnavailable, match="client 1"):
            opened(client_id=2).cancel(order.order_id)
        kit.told(broker, order, "accepted")
        broker.close()
        assert opened().cancel(order.order_id) == "cancelled"

    def test_a_filled_order_that_is_in_no_list_yet_is_not_forgotten(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.forget_ended = True
        venue.fill(order.order_id)
        assert kit.told(broker, order, "filled", 1)
        assert broker.submit(order) == "filled"
        assert len(venue.orders()) == 1

    def test_executions_without_their_order_are_no_unknown_id(self, broker, opened, venue):
        order = kit.order()
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
            broker.submit(kit.order(order_id="yesterday"))
        assert broker.query("today") is None
        assert broker.submit(kit.order(order_id="today")) == "accepted"

    def test_two_orders_under_one_id_are_no_answer(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        twin = venue.placed(order.order_id)
        venue.book.append(type(twin)(**(vars(twin) | {"number": 77, "permanent": 977})))
        with pytest.raises(BadAnswer, match="two orders"):
            broker.query(order.order_id)

    def test_executions_of_earlier_days_are_remembered_while_the_order_is_open(self, broker, venue):
        order = kit.order(kind="limit", limit_price=101.0, time_in_force="gtc")
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        (first,) = kit.told(broker, order, "partial", 1).fills
        venue.executions.clear()
        assert kit.told(broker, order, "partial", 1).fills == (first,)
        venue.fill(order.order_id)
        venue.executions[-1].name = "0000e1a8.00000000.01.01"
        assert kit.told(broker, order, "filled", 2).fills[0] == first

    def test_an_execution_that_tws_takes_back_is_not_remembered(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.fill(order.order_id, Decimal(4))
        kit.told(broker, order, "partial", 1)
        venue.executions.clear()
        venue.placed(order.order_id).filled = Decimal(0)
        assert kit.told(broker, order, "accepted").fills == ()

    # --- what TWS says of an order ------------------------------------------------------------------------------

    @pytest.mark.parametrize("code", [399, 10349, 10999])
    def test_a_remark_is_no_rejection_though_the_library_takes_it_for_one(self, broker, venue, code):
        order, other = kit.order(), kit.order(1)
        for one in (order, other):
            venue.remark = (code, "Order TIF was set to DAY based on order preset.")
            assert broker.submit(one) == "accepted"
            kit.told(broker, one, "accepted")
        venue.expire(order.order_id)
        kit.told(broker, order, "cancelled")
        venue.fill(other.order_id)
        kit.told(broker, other, "filled", 1)

    @pytest.mark.parametrize("code", [399, 404, 10349, 2161])
    def test_a_remark_that_comes_later_is_no_rejection(self, broker, venue, code):
        order = kit.order()
        broker.submit(order)
        venue.say(code, "it will be held until the market opens", venue.placed(order.order_id))
        venue.expire(order.order_id)
        assert kit.told(broker, order, "cancelled").reason == ""

    def test_a_refusal_that_comes_later_is_a_rejection_with_its_reason(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.say(201, "Order rejected - reason:no margin", venue.placed(order.order_id), refuse=True)
        assert "no margin" in kit.told(broker, order, "rejected").reason

    def test_the_number_of_an_order_that_never_arrived_is_given_to_something_else(self, broker, venue):
        order = kit.order()
        venue.lose_requests(1)
        with pytest.raises(SourceUnavailable):
            broker.submit(order)
        for leg in range(1, 9):
            with pytest.raises(OrderRefused):
                broker.submit(kit.order(leg, symbol=kit.unknown_symbol))
        assert broker.query(order.order_id) is None

    def test_executions_that_do_not_add_up_are_no_answer(self, broker, opened, venue):
        order = kit.order()
        broker.submit(order)
        venue.fill(order.order_id)
        venue.executions.clear()
        with pytest.raises(BadAnswer, match="not listed everything"):
            opened(client_id=2).query(order.order_id)

    @pytest.mark.parametrize(
        ("code", "fault"), [(100, RateLimited), (322, SourceUnavailable), (1100, SourceUnavailable)]
    )
    def test_an_instruction_that_tws_did_not_process_is_unknown(self, broker, venue, code, fault):
        order = kit.order()
        venue.failing = (code, "not now")
        with pytest.raises(fault):
            broker.submit(order)
        venue.say(1102, "Connectivity between IB and TWS has been restored- data maintained.")
        assert told_nothing(broker, order)
        assert broker.submit(order) == "accepted"
        assert len(venue.orders()) == 1

    def test_a_corrected_execution_is_told_once(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.execute(order.order_id, Decimal(4), Decimal(100), "0000e1a7.65e1.01.01")
        kit.told(broker, order, "partial", 1)
        venue.execute(order.order_id, Decimal(4), Decimal(99), "0000e1a7.65e1.01.02")
        venue.placed(order.order_id).filled = Decimal(4)
        (fill,) = kit.told(broker, order, "partial", 1).fills
        assert (fill.price, fill.execution_id) == (99.0, "0000e1a7.65e1.01.02")

    def test_an_execution_without_its_commission_is_no_answer(self, broker, venue, monkeypatch):
        monkeypatch.setattr(tws_orders, "COMMISSION_S", 0.05)
        order = kit.order()
        broker.submit(order)
        venue.withheld = True
        venue.fill(order.order_id)
        with pytest.raises(BadAnswer, match="commission"):
            broker.query(order.order_id)
        venue.withheld = False
        assert kit.told(broker, order, "filled", 1).fills[0].cost == 1.25

    @pytest.mark.parametrize(
        ("zone", "timezone", "moment"),
        [
            ("", "UTC", "2024-03-01T15:00:00Z"),
            ("", "America/New_York", "2024-03-01T20:00:00Z"),
            (" Europe/Amsterdam", "America/New_York", "2024-03-01T14:00:00Z"),
        ],
    )
    def test_times_are_those_of_the_zone_tws_names_or_is_set_to(self, opened, venue, zone, timezone, moment):
        broker, order, venue.zone = opened(timezone=timezone), kit.order(), zone
        broker.submit(order)
        venue.fill(order.order_id)
        assert kit.told(broker, order, "filled", 1).fills[0].bar_time == moment
