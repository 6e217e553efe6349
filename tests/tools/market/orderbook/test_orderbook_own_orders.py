"""Our orders in a recorded book: behind what is shown, moved up by trades and cancels, filled by what was printed."""

from decimal import Decimal

import numpy as np
import pytest

from data.errors import BadFile, InputError
from tools.market.orderbook import codes as c
from tools.market.orderbook import own_orders
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.displayed import new_displayed
from tools.market.orderbook.feed import feed_of
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.own_orders import cancelled_ahead, withdraw_own
from tools.market.orderbook.replay import replay_feed

GRID = Grid("ORBTEK", Decimal(1), Decimal(1), Decimal(0), Decimal(100))
BUY, SELL, GTC = Side.BUY, Side.SELL, TimeInForce.GTC
NONE = np.zeros((0, c.COMMAND_COLUMNS), dtype=np.int64)


def level(time, side, tick, lots):
    return [time, c.LEVEL, side, tick, lots]


def trade(time, side, tick, lots):
    return [time, c.TRADE, side, tick, lots]


def play(shown, *events, commands=NONE, power=1.0):
    return replay_feed(shown, feed_of(events), np.asarray(commands, dtype=np.int64), power)


def enter(shown, *words):
    return own_orders.enter(shown, *map(int, words))  # one compilation, whatever the words' types


@pytest.fixture
def shown():
    shown = new_displayed(GRID, orders=20)
    play(shown, [level(1, BUY, 50, 10), level(1, BUY, 49, 20), level(1, SELL, 52, 8), level(1, SELL, 53, 30)])
    return shown


def rest(shown, order=1, side=BUY, lots=5, tick=50):
    assert enter(shown, order, side, Kind.LIMIT, GTC, lots, tick) == Reason.NONE
    shown.state[c.LOGGED] = 0


def filled(result):
    return [tuple(r[[c.EV_ORDER, c.EV_PRICE, c.EV_QUANTITY]].tolist()) for r in result.log if r[0] == EventKind.TRADED]


def test_an_order_joins_behind_what_is_shown_and_trades_take_from_the_front(shown):
    rest(shown)
    assert shown.ahead[1] == 10
    assert filled(play(shown, [trade(2, SELL, 50, 6)])) == []
    assert shown.ahead[1] == 4
    assert filled(play(shown, [trade(3, SELL, 50, 7)])) == [(1, 50, 3)]
    assert shown.own[1, c.LEFT] == 2


def test_a_trade_is_not_counted_again_when_the_level_is_shown(shown):
    rest(shown)
    play(shown, [trade(2, SELL, 50, 6)], [level(3, BUY, 50, 4)])
    assert shown.ahead[1] == 4


def test_what_vanishes_without_a_trade_is_shared_between_ahead_and_behind(shown):
    rest(shown)
    play(shown, [level(2, BUY, 50, 40)])  # 30 lots came behind us
    assert shown.ahead[1] == 10
    play(shown, [level(3, BUY, 50, 20)])  # 20 of 40 left, a quarter of them ahead
    assert shown.ahead[1] == 5


def test_a_higher_power_takes_cancels_from_the_larger_part(shown):
    assert cancelled_ahead(10.0, 30.0, 20.0, 1.0) == 5.0
    assert cancelled_ahead(10.0, 30.0, 20.0, 2.0) == pytest.approx(2.0)
    assert cancelled_ahead(10.0, 0.0, 20.0, 1.0) == 10.0
    assert cancelled_ahead(0.0, 5.0, 20.0, 1.0) == 0.0


def test_our_second_order_waits_for_the_first(shown):
    rest(shown, 1, lots=3)
    play(shown, [level(2, BUY, 50, 14)])
    rest(shown, 2, lots=4)
    result = play(shown, [trade(3, SELL, 50, 16)])  # 10 others, our 3, then 3 of the 4 others who came between
    assert filled(result) == [(1, 50, 3)]
    assert shown.ahead[2] == 1
    assert filled(play(shown, [trade(4, SELL, 50, 3)])) == [(2, 50, 2)]


def test_a_trade_through_our_price_or_a_quote_at_it_fills_us_at_our_price(shown):
    rest(shown, 1, BUY, 5, 50)
    rest(shown, 2, SELL, 5, 52)
    assert filled(play(shown, [trade(2, SELL, 49, 1)])) == [(1, 50, 5)]
    assert filled(play(shown, [level(3, SELL, 52, 0), level(3, BUY, 52, 7)])) == [(2, 52, 5)]
    assert shown.state[c.LIVE] == 0


def test_trades_of_our_own_side_and_behind_our_price_leave_us_alone(shown):
    rest(shown)
    assert filled(play(shown, [trade(2, BUY, 50, 50)], [trade(2, SELL, 51, 50)])) == []
    assert shown.ahead[1] == 10


def test_what_we_take_is_gone_until_it_is_shown_anew(shown):
    assert enter(shown, 1, BUY, Kind.MARKET, GTC, 10, 0) == Reason.NONE
    assert shown.own[1, c.STATE] == State.FILLED
    assert (shown.state[c.ASKS], shown.lots[c.ASKS, 53]) == (53, 28)
    play(shown, [level(2, SELL, 52, 8)])
    assert shown.state[c.ASKS] == 52


def test_times_in_force_hold_against_what_is_shown(shown):
    assert enter(shown, 1, BUY, Kind.LIMIT, TimeInForce.FOK, 9, 52) == Reason.WOULD_NOT_FILL
    assert enter(shown, 1, BUY, Kind.LIMIT, TimeInForce.POST_ONLY, 9, 52) == Reason.WOULD_TRADE
    assert enter(shown, 1, BUY, Kind.LIMIT, TimeInForce.IOC, 9, 52) == Reason.NONE
    assert shown.own[1, [c.STATE, c.FILLED]].tolist() == [State.CANCELLED, 8]
    assert enter(shown, 1, BUY, Kind.LIMIT, GTC, 1, 40) == Reason.DUPLICATE_ID
    assert enter(shown, 2, BUY, Kind.STOP, GTC, 1, 40) == Reason.BAD_CODE
    assert enter(shown, 2, BUY, Kind.LIMIT, GTC, 0, 40) == Reason.BAD_QUANTITY
    assert enter(shown, 2, BUY, Kind.LIMIT, GTC, 1, 100) == Reason.BAD_PRICE
    assert enter(shown, 21, BUY, Kind.LIMIT, GTC, 1, 40) == Reason.BAD_ID
    assert withdraw_own(shown, 1) == Reason.NOT_OPEN
    assert withdraw_own(shown, 7) == Reason.UNKNOWN_ORDER


@pytest.mark.parametrize(
    "bad",
    [
        [level(5, BUY, 51, 5), level(5, SELL, 51, 5)], [level(5, BUY, 49, 0), level(5, BUY, 60, 5)],
        [level(5, BUY, 49, 0), level(5, BUY, 100, 5)], [level(5, BUY, 49, 0), level(5, BUY, 48, -1)],
        [level(5, BUY, 49, 0), level(5, 0, 48, 1)], [trade(5, SELL, 50, 0)], [trade(5, 3, 50, 1)],
        [trade(5, SELL, 100, 1)],
    ],
)  # fmt: skip
def test_a_crossed_or_impossible_message_is_refused_whole(shown, bad):
    rest(shown)
    before = [a.copy() for a in (shown.lots, shown.bits, shown.own, shown.ahead, shown.state)]
    with pytest.raises(BadFile, match="event 0 of the feed"):
        play(shown, bad)
    for was, now in zip(before, (shown.lots, shown.bits, shown.own, shown.ahead, shown.state), strict=True):
        assert np.array_equal(was, now)


def test_a_message_larger_than_the_book_was_made_for_is_refused():
    shown = new_displayed(GRID, rows=2)
    with pytest.raises(BadFile, match="TOO_MANY_LEVELS"):
        play(shown, [level(1, BUY, 10, 1), level(1, BUY, 11, 1), level(1, BUY, 12, 1)])
    assert shown.state[c.BIDS] == -1


def test_commands_and_messages_are_taken_by_time(shown):
    commands = [
        [3, c.SUBMIT, 1, BUY, Kind.LIMIT, GTC, 5, 50, 0],
        [5, c.CANCEL, 1, 0, 0, 0, 0, 0, 0],
        [9, c.REPLACE, 1, 0, 0, 0, 0, 0, 0],
    ]
    result = play(shown, [level(3, BUY, 50, 2)], [trade(4, SELL, 50, 3)], [trade(5, SELL, 50, 1)], commands=commands)
    assert [tuple(r[[c.EV_KIND, c.EV_TIME, c.EV_QUANTITY]].tolist()) for r in result.log] == [
        (EventKind.ACCEPTED, 3, 5),
        (EventKind.TRADED, 4, 1),
        (EventKind.TRADED, 5, 1),
        (EventKind.CANCELLED, 5, 3),
        (EventKind.REJECTED, 9, 0),
    ]
    assert result.quotes.tolist() == [[50, 2, 52, 8]] * 3


def test_a_small_log_loses_nothing():
    shown = new_displayed(GRID, orders=40, log=16)
    commands = [[1 + k, c.SUBMIT, 1 + k, BUY, Kind.LIMIT, GTC, 1, 50, 0] for k in range(40)]
    result = play(shown, [level(0, SELL, 60, 5)], [trade(90, SELL, 50, 40)], commands=commands)
    assert np.bincount(result.log[:, c.EV_KIND]).tolist() == [0, 40, 40]


def test_a_model_or_an_order_of_time_that_makes_no_sense_is_refused(shown):
    for power in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError):
            play(shown, [trade(2, SELL, 50, 1)], power=power)
    with pytest.raises(InputError, match="order of time"):
        play(shown, [trade(2, SELL, 50, 1)], [trade(1, SELL, 50, 1)])
    with pytest.raises(InputError, match="empty"):
        play(shown, [trade(2, SELL, 50, 1)], [])
    with pytest.raises(InputError, match="order of time"):
        play(shown, [trade(2, SELL, 50, 1)], commands=[[5, 0, 1, 1, 1, 0, 1, 5, 0], [4, 0, 2, 1, 1, 0, 1, 5, 0]])
