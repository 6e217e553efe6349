"""Interactive Brokers keeps the conformance kit over ib_async and TWS's messages; live takes two switches."""

import threading
from decimal import Decimal

import pytest
from broker_conformance import BrokerConformance
from tws_kit import WithTws

from data.errors import BadConfig, OrderRefused, RateLimited, SourceUnavailable
from tools.execution.brokers.tws_line import PACING_PAUSE_S


class TestInteractiveBrokers(WithTws, BrokerConformance):
    lot = Decimal(1)

    def test_a_busy_venue_says_how_long_to_wait(self, broker, venue):
        """TWS says only that its 50 messages a second were exceeded: the pause is that second."""
        order = self.order()
        venue.answer_with(429, 1)
        with pytest.raises(RateLimited) as busy:
            broker.submit(order)
        assert busy.value.retry_after_s == PACING_PAUSE_S
        assert broker.query(order.order_id) is None

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

    def test_another_programs_order_is_open_and_keeps_its_own_name(self, broker, venue):
        order = self.order()
        broker.submit(order)
        venue.placed(order.order_id).reference = ""
        (found,) = broker.open_orders()
        assert (found.order_id, found.quantity) == ("permanent-900", 10.0)


class TestAccountsAtTws(WithTws):
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
    def test_what_cannot_be_opened_says_why_and_leaves_no_thread(self, venue, opened, accounts, changes, words):
        venue.accounts, before = accounts, set(threading.enumerate())
        with pytest.raises(BadConfig, match=words):
            opened(**changes)
        assert set(threading.enumerate()) == before

    @pytest.mark.parametrize(
        ("accounts", "changes"),
        [("DF1", {}), ("DU1,DU2", {"account": "DU2"}), ("U1", {"live": True, "account": "U1"})],
    )
    def test_the_account_that_is_opened_is_the_one_orders_name(self, venue, opened, accounts, changes):
        venue.accounts = accounts
        opened(**changes).submit(BrokerConformance().order())
        assert [order.account for order in venue.book] == [changes.get("account", accounts)]

    def test_no_tws_is_no_empty_account(self, venue, opened):
        venue.cut = True
        with pytest.raises(SourceUnavailable) as failed:
            opened()
        assert failed.value.remedy
