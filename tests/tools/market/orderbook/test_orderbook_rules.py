"""The rules of the book by hand: priority, times in force, stops, replace, the log, and what is refused."""

import numpy as np
import pytest

from data.errors import InputError
from tools.market.orderbook import codes as c
from tools.market.orderbook.book import cancel, has_room, replace, run
from tools.market.orderbook.book import submit as submit_codes
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.ladder import MAX_TICKS, WORDS, above, below, mark, unmark
from tools.market.orderbook.queues import units_ahead
from tools.market.orderbook.state import drain, enlarged, new_book

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def book():
    return new_book(100, 50, 256)


def submit(book, *words):
    return submit_codes(book, *map(int, words))  # one compilation, whatever the words' types


def limit(book, order, side, quantity, price, tif=TimeInForce.GTC):
    return submit(book, order, side, Kind.LIMIT, tif, quantity, price, 0)


def trades(book):
    return [
        (row[c.EV_ORDER], row[c.EV_MAKER], row[c.EV_PRICE], row[c.EV_QUANTITY])
        for row in drain(book).tolist()
        if row[c.EV_KIND] == EventKind.TRADED
    ]


def test_better_prices_trade_first_and_within_a_price_the_older_order(book):
    for order, price in ((1, 51), (2, 50), (3, 50)):
        limit(book, order, SELL, 5, price)
    limit(book, 4, BUY, 12, 60)
    assert trades(book) == [(4, 2, 50, 5), (4, 3, 50, 5), (4, 1, 51, 2)]
    assert book.orders[1, c.LEFT] == 3


def test_a_smaller_order_keeps_its_place_and_a_larger_or_repriced_one_loses_it(book):
    for order in (1, 2, 3):
        limit(book, order, BUY, 10, 40)
    replace(book, 1, 4, 40)
    assert [units_ahead(book, o) for o in (1, 2, 3)] == [0, 4, 14]
    replace(book, 1, 5, 40)
    assert [units_ahead(book, o) for o in (2, 3, 1)] == [0, 10, 20]
    replace(book, 2, 10, 41)
    replace(book, 2, 10, 40)
    assert [units_ahead(book, o) for o in (3, 1, 2)] == [0, 10, 15]


def test_a_replace_counts_what_is_filled_and_cannot_go_below_it(book):
    limit(book, 1, BUY, 10, 40)
    limit(book, 2, SELL, 6, 40)
    assert replace(book, 1, 6, 40) == Reason.BAD_QUANTITY
    assert book.orders[1, c.LEFT] == 4
    assert replace(book, 1, 7, 40) == Reason.NONE
    assert book.orders[1, c.LEFT] == 1


def test_a_fill_or_kill_trades_whole_or_leaves_the_book_as_it_was(book):
    limit(book, 1, SELL, 5, 50)
    limit(book, 2, SELL, 5, 52)
    assert limit(book, 3, BUY, 10, 51, TimeInForce.FOK) == Reason.WOULD_NOT_FILL
    assert trades(book) == []
    assert limit(book, 3, BUY, 10, 52, TimeInForce.FOK) == Reason.NONE
    assert trades(book) == [(3, 1, 50, 5), (3, 2, 52, 5)]


def test_an_immediate_or_cancel_leaves_nothing_behind(book):
    limit(book, 1, SELL, 5, 50)
    limit(book, 2, BUY, 8, 50, TimeInForce.IOC)
    assert book.orders[2, c.STATE] == State.CANCELLED
    assert book.orders[2, c.FILLED] == 5
    assert (book.state[c.BIDS], book.state[c.ASKS], book.state[c.LIVE]) == (-1, -1, 0)


def test_a_post_only_order_rests_or_is_rejected_also_when_it_is_replaced(book):
    limit(book, 1, SELL, 5, 50)
    assert limit(book, 2, BUY, 1, 50, TimeInForce.POST_ONLY) == Reason.WOULD_TRADE
    assert limit(book, 2, BUY, 1, 49, TimeInForce.POST_ONLY) == Reason.NONE
    assert replace(book, 2, 1, 50) == Reason.WOULD_TRADE
    assert book.orders[2, c.PRICE] == 49


def test_a_market_order_in_an_empty_book_is_cancelled(book):
    assert submit(book, 1, BUY, Kind.MARKET, TimeInForce.GTC, 3, 0, 0) == Reason.NONE
    assert drain(book)[-1, c.EV_REASON] == Reason.UNFILLED


def test_stops_trigger_from_the_nearest_and_may_trigger_more(book):
    for order, price in ((1, 50), (2, 52), (3, 54)):
        limit(book, order, SELL, 1, price)
    submit(book, 10, BUY, Kind.STOP, TimeInForce.GTC, 1, 0, 52)
    submit(book, 11, BUY, Kind.STOP, TimeInForce.GTC, 1, 0, 50)
    submit(book, 12, BUY, Kind.STOP_LIMIT, TimeInForce.GTC, 1, 53, 51)
    drain(book)
    submit(book, 20, BUY, Kind.MARKET, TimeInForce.GTC, 1, 0, 0)
    events = [(row[0], row[2]) for row in drain(book).tolist()]
    assert events == [
        (EventKind.ACCEPTED, 20), (EventKind.TRADED, 20),
        (EventKind.TRIGGERED, 11), (EventKind.TRADED, 11),
        (EventKind.TRIGGERED, 12), (EventKind.TRIGGERED, 10), (EventKind.TRADED, 10),
    ]  # fmt: skip
    assert book.orders[12, c.STATE] == State.OPEN
    assert book.state[c.BIDS] == 53


def test_a_waiting_stop_can_be_cancelled_but_not_replaced(book):
    submit(book, 1, SELL, Kind.STOP, TimeInForce.GTC, 1, 0, 30)
    assert replace(book, 1, 2, 30) == Reason.NOT_RESTING
    assert units_ahead(book, 1) == -1
    assert cancel(book, 1) == Reason.NONE
    assert cancel(book, 1) == Reason.NOT_OPEN
    assert book.state[c.SELL_STOPS] == -1


def test_a_full_log_stops_before_anything_is_changed():
    book = new_book(100, 50, 16)
    commands = np.zeros((20, c.COMMAND_COLUMNS), dtype=np.int64)
    commands[:, c.CMD_ORDER], commands[:, c.CMD_SIDE] = np.arange(1, 21), 1
    commands[:, c.CMD_KIND], commands[:, c.CMD_QUANTITY], commands[:, c.CMD_PRICE] = Kind.LIMIT, 1, 5
    done = run(book, commands, 0)
    assert done < 20
    assert not has_room(book)
    before = book.orders.copy()
    assert submit(book, 40, 1, Kind.LIMIT, 0, 1, 5, 0) == Reason.LOG_FULL
    assert cancel(book, 1) == Reason.LOG_FULL
    assert np.array_equal(book.orders, before)
    while done < 20:
        drain(book)
        book = enlarged(book, 50, 2 * book.log.shape[0])
        done = run(book, commands, done)
    assert book.levels[c.BIDS, 5, c.COUNT] == 20


def test_a_log_too_short_for_what_could_follow_refuses_the_order():
    book = new_book(100, 50, 64)
    for order in range(1, 16):
        limit(book, order, SELL, 1, 50)
    book.state[c.LOGGED] = 64 - 10
    assert submit(book, 20, BUY, Kind.MARKET, TimeInForce.GTC, 15, 0, 0) == Reason.LOG_FULL
    assert (book.state[c.LOGGED], book.lots[c.ASKS, 50]) == (54, 15)
    drain(book)
    assert submit(book, 20, BUY, Kind.MARKET, TimeInForce.GTC, 15, 0, 0) == Reason.NONE


def test_a_command_nobody_knows_is_rejected_in_the_log(book):
    commands = np.full((1, c.COMMAND_COLUMNS), 9, dtype=np.int64)
    run(book, commands, 0)
    assert drain(book)[0, [c.EV_KIND, c.EV_TIME, c.EV_REASON]].tolist() == [EventKind.REJECTED, 9, Reason.BAD_CODE]


@pytest.mark.parametrize(("ticks", "orders", "log"), [(0, 1, 64), (MAX_TICKS + 1, 1, 64), (10, 0, 64), (10, 1, 4)])
def test_a_book_without_room_is_refused(ticks, orders, log):
    with pytest.raises(InputError):
        new_book(ticks, orders, log)


def test_the_ladder_finds_neighbours_across_words_like_a_sorted_set():
    random = np.random.default_rng(3)
    bits, held = np.zeros((2, WORDS), dtype=np.int64), set()
    edges = [0, 31, 32, 1023, 1024, 32767, 32768, MAX_TICKS - 1]
    for tick in edges + random.integers(0, MAX_TICKS, 300).tolist() + random.integers(500, 600, 100).tolist():
        if tick in held:
            unmark(bits, 1, tick)
            held.remove(tick)
        else:
            mark(bits, 1, tick)
            held.add(tick)
        for at in (tick, max(tick - 1, 0), min(tick + 1, MAX_TICKS - 1), 550):
            assert above(bits, 1, at) == min((t for t in held if t > at), default=-1)
            assert below(bits, 1, at) == max((t for t in held if t < at), default=-1)
    assert not bits[0].any()
    for tick in held:
        unmark(bits, 1, tick)
    assert not bits.any()
