"""The line to TWS: what is heard late, cut, closed or not understood is never read as an answer."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from tws_kit import WithTws, asked_until_refused, kit, told_nothing

from data.errors import BadAnswer, SourceUnavailable


class TestLineToTws(WithTws):
    # --- the line -------------------------------------------------------------------------------------------------

    def test_an_answer_that_comes_late_is_not_taken_for_another(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.late = 1
        with pytest.raises(SourceUnavailable, match="did not answer"):
            broker.positions()
        venue.fill(order.order_id)
        assert broker.positions() == {kit.symbol: 10.0}

    def test_a_position_that_does_not_parse_is_not_left_out(self, broker, venue):
        order = kit.order()
        broker.submit(order)
        venue.fill(order.order_id)
        venue.garble(1)
        with pytest.raises(BadAnswer, match="does not parse"):
            broker.positions()
        assert broker.positions() == {kit.symbol: 10.0}

    def test_while_tws_has_lost_its_own_line_nothing_it_remembers_is_believed(self, broker, venue):
        broker.positions()
        venue.say(1100, "Connectivity between IB and Trader Workstation has been lost.")
        asked_until_refused(broker.positions)
        before = venue.requests()
        for call in (broker.cash, broker.open_orders, lambda: broker.submit(kit.order())):
            with pytest.raises(SourceUnavailable, match="lost Interactive Brokers"):
                call()
        assert venue.requests() == before
        venue.say(1102, "Connectivity has been restored.")
        assert told_nothing(broker, kit.order())

    def test_a_closed_socket_is_opened_again(self, broker, venue):
        order = kit.order()
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
                broker.submit(kit.order())
        assert venue.orders() == []

    def test_a_client_id_in_use_says_so(self, broker, opened):
        with pytest.raises(SourceUnavailable, match="already in use"):
            opened()

    def test_it_works_within_a_running_event_loop_and_leaves_no_thread(self, opened, venue):
        async def inside():
            broker = opened()
            state = broker.submit(kit.order())
            broker.close()
            broker.close()
            return broker, state

        before = set(threading.enumerate())
        with ThreadPoolExecutor(1) as own:  # other tests may have left a loop running in this thread
            broker, state = own.submit(asyncio.run, inside()).result()
        assert state == "accepted"
        assert set(threading.enumerate()) == before
        with pytest.raises(SourceUnavailable, match="closed"):
            broker.positions()
