"""The venue speaks in names and decimals; what can never be an order is a typed error that changes nothing."""

from decimal import Decimal

import pytest

from data.errors import InputError, OrderRefused
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.venue import Venue

GRID = Grid("ORBTEK", Decimal("0.05"), Decimal("0.1"), Decimal(90), Decimal(110))


@pytest.fixture
def venue():
    venue = Venue(GRID)
    venue.submit("bid", Side.BUY, 3, limit_price="99.95")
    venue.submit("ask", Side.SELL, Decimal("2.5"), limit_price=100.05)
    return venue


def test_a_trade_is_told_in_names_prices_and_units(venue):
    events = venue.submit("taker", Side.BUY, 1, limit_price=Decimal("100.10"), now=7)
    assert [(e.kind, e.order_id, e.maker_id, e.price, e.quantity) for e in events] == [
        (EventKind.ACCEPTED, "taker", "", Decimal("100.10"), 1),
        (EventKind.TRADED, "taker", "ask", Decimal("100.05"), 1),
    ]
    assert events[1].time == 7
    assert venue.status("ask") == (State.OPEN, Decimal("2.5"), 1, Decimal("1.5"))
    assert venue.status("taker").state is State.FILLED
    assert venue.best() == (Decimal("99.95"), Decimal("100.05"))


def test_depth_and_place_in_the_queue_are_shown(venue):
    venue.submit("behind", Side.BUY, 1, limit_price="99.95")
    venue.submit("deeper", Side.BUY, 4, limit_price="99.50")
    assert venue.ahead("behind") == 3
    assert [tuple(level) for level in venue.depth(Side.BUY, 5)] == [
        (Decimal("99.95"), 4, 2),
        (Decimal("99.50"), 4, 1),
    ]
    venue.cancel("bid")
    assert venue.ahead("behind") == 0
    assert venue.ahead("bid") is None


@pytest.mark.parametrize(
    ("quantity", "price", "rule"),
    [
        (1, float("nan"), "price_finite"), (1, float("inf"), "price_finite"), (1, 1e308, "price_finite"),
        (1, "abc", "price_finite"), (1, -1, "price_window"), (1, 0, "price_window"), (1, 110, "price_window"),
        (1, 100.01, "price_tick"), (float("nan"), 100, "quantity_finite"), (float("inf"), 100, "quantity_finite"),
        (0, 100, "quantity_positive"), (-1, 100, "quantity_positive"), (1e15, 100, "quantity_positive"),
        (0.05, 100, "quantity_lot"), (0.1 + 0.2, 100, "quantity_lot"),
    ],
)  # fmt: skip
def test_bad_numbers_are_refused_by_rule(venue, quantity, price, rule):
    depth = venue.depth(Side.BUY, 9), venue.depth(Side.SELL, 9)
    for call in (
        lambda: venue.submit("new", Side.BUY, quantity, limit_price=price),
        lambda: venue.replace("bid", quantity, price),
    ):
        with pytest.raises(OrderRefused) as refused:
            call()
        assert (refused.value.rule, refused.value.symbol) == (rule, "ORBTEK")
        assert refused.value.remedy
    assert (venue.depth(Side.BUY, 9), venue.depth(Side.SELL, 9)) == depth


@pytest.mark.parametrize(
    "call",
    [
        lambda v: v.submit("bid", Side.BUY, 1, limit_price=95),
        lambda v: v.submit("", Side.BUY, 1, limit_price=95),
        lambda v: v.submit("new", Side.BUY, 1),
        lambda v: v.submit("new", Side.BUY, 1, kind=Kind.MARKET, limit_price=95),
        lambda v: v.submit("new", Side.BUY, 1, kind=Kind.STOP),
        lambda v: v.submit("new", Side.BUY, 1, kind=Kind.STOP, stop_price=95, time_in_force=TimeInForce.FOK),
        lambda v: v.cancel("nobody"),
        lambda v: v.replace("nobody", 1, 95),
        lambda v: v.status("nobody"),
    ],
)
def test_impossible_requests_are_refused(venue, call):
    before = venue.depth(Side.BUY, 9), venue.depth(Side.SELL, 9)
    with pytest.raises(OrderRefused):
        call(venue)
    assert (venue.depth(Side.BUY, 9), venue.depth(Side.SELL, 9)) == before


def test_what_the_market_refuses_is_an_event_and_the_id_stays_free(venue):
    events = venue.submit("maker", Side.BUY, 1, limit_price="100.05", time_in_force=TimeInForce.POST_ONLY)
    assert [(e.kind, e.reason, e.order_id) for e in events] == [(EventKind.REJECTED, Reason.WOULD_TRADE, "maker")]
    events = venue.submit("maker", Side.BUY, 1, limit_price="100.00", time_in_force=TimeInForce.POST_ONLY)
    assert events[0].kind is EventKind.ACCEPTED
    venue.cancel("maker")
    late = venue.cancel("maker")
    assert [(e.kind, e.reason) for e in late] == [(EventKind.REJECTED, Reason.NOT_OPEN)]


def test_day_orders_end_with_the_day(venue):
    venue.submit("today", Side.SELL, 1, limit_price=101, time_in_force=TimeInForce.DAY)
    assert [(e.order_id, e.reason) for e in venue.expire_day()] == [("today", Reason.DAY_ENDED)]
    assert venue.best() == (Decimal("99.95"), Decimal("100.05"))


def test_the_venue_grows_with_its_orders():
    venue = Venue(GRID)
    for k in range(5000):
        venue.submit(f"o{k}", Side.BUY, 1, limit_price=95)
    assert venue.ahead("o4999") == 4999
    events = venue.submit("all", Side.SELL, 5000, kind=Kind.MARKET)
    assert sum(e.quantity for e in events if e.kind is EventKind.TRADED) == 5000
    assert venue.best() == (None, None)


@pytest.mark.parametrize(
    ("tick", "lot", "low", "high"),
    [("0", "1", "0", "10"), ("0.1", "-1", "0", "10"), ("0.1", "1", "10", "10"), ("nan", "1", "0", "1"),
     ("0.01", "1", "0", "Infinity"), ("0.0001", "1", "0", "1000")],
)  # fmt: skip
def test_a_grid_that_makes_no_book_is_refused(tick, lot, low, high):
    with pytest.raises(InputError):
        Grid("ORBTEK", Decimal(tick), Decimal(lot), Decimal(low), Decimal(high))
