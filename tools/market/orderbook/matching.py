"""Matching: an order against the other side in price-time priority, and the stops that its trades reach."""

from __future__ import annotations

from data.compiled import compiled
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.events import write
from tools.market.orderbook.queues import dequeue, enqueue, queue_of
from tools.market.orderbook.state import Book


@compiled
def execute(book: Book, order: int) -> None:
    """Trade an order that is in no queue against the other side; rest what is left, or drop it."""
    row = book.orders[order]
    side, limit = row[c.SIDE], row[c.PRICE]
    queue = queue_of(-side)
    while row[c.LEFT] > 0:
        best = book.state[queue]
        if best < 0 or side * (limit - best) < 0:
            break
        _trade(book, order, book.levels[queue, best, c.HEAD], queue, best)
    if row[c.LEFT] == 0:
        return
    if row[c.KIND] == Kind.MARKET or row[c.KIND] == Kind.STOP or row[c.TIF] == TimeInForce.IOC:
        drop(book, order, Reason.UNFILLED)
    else:
        enqueue(book, queue_of(side), limit, order)


@compiled
def _trade(book: Book, taker: int, maker: int, queue: int, tick: int) -> None:
    lots = min(book.orders[taker, c.LEFT], book.orders[maker, c.LEFT])
    book.state[c.LAST] = tick
    book.lots[queue, tick] -= lots
    for order in (taker, maker):
        row = book.orders[order]
        row[c.LEFT] -= lots
        row[c.FILLED] += lots
        if row[c.LEFT] == 0:
            row[c.STATE] = State.FILLED
            book.state[c.LIVE] -= 1
    if book.orders[maker, c.LEFT] == 0:
        dequeue(book, queue, tick, maker)
    write(book.log, book.state, EventKind.TRADED, taker, maker, tick, lots, book.orders[taker, c.LEFT], Reason.NONE)


@compiled
def trigger_stops(book: Book) -> None:
    """Elect the stops that the last trade has reached, and execute them; what they trade may elect more.

    Elected in order of stop price from the nearest, then of arrival; executed in the order of election.
    """
    _elect(book)
    while book.state[c.ELECTED_FIRST] != 0:
        order = book.state[c.ELECTED_FIRST]
        row = book.orders[order]
        book.state[c.ELECTED_FIRST] = row[c.NEXT]
        row[c.NEXT] = 0
        row[c.STATE] = State.OPEN
        write(book.log, book.state, EventKind.TRIGGERED, order, 0, row[c.STOP], row[c.LEFT], row[c.LEFT], Reason.NONE)
        execute(book, order)
        _elect(book)


@compiled
def _elect(book: Book) -> None:
    last = book.state[c.LAST]
    if last < 0:
        return
    while book.state[c.BUY_STOPS] >= 0 and book.state[c.BUY_STOPS] <= last:
        _elect_head(book, c.BUY_STOPS)
    while book.state[c.SELL_STOPS] >= last:
        _elect_head(book, c.SELL_STOPS)


@compiled
def _elect_head(book: Book, queue: int) -> None:
    tick = book.state[queue]
    order = book.levels[queue, tick, c.HEAD]
    dequeue(book, queue, tick, order)
    if book.state[c.ELECTED_FIRST] == 0:
        book.state[c.ELECTED_FIRST] = order
    else:
        book.orders[book.state[c.ELECTED_LAST], c.NEXT] = order
    book.state[c.ELECTED_LAST] = order


@compiled
def withdraw(book: Book, order: int, reason: int) -> None:
    """Cancel a live order for `reason`, wherever it stands."""
    row = book.orders[order]
    if row[c.STATE] == State.WAITING:
        dequeue(book, c.BUY_STOPS if row[c.SIDE] == Side.BUY else c.SELL_STOPS, row[c.STOP], order)
    else:
        dequeue(book, queue_of(row[c.SIDE]), row[c.PRICE], order)
    drop(book, order, reason)


@compiled
def drop(book: Book, order: int, reason: int) -> None:
    """End an order that is in no queue."""
    row = book.orders[order]
    write(book.log, book.state, EventKind.CANCELLED, order, 0, row[c.PRICE], row[c.LEFT], 0, reason)
    row[c.LEFT] = 0
    row[c.STATE] = State.CANCELLED
    book.state[c.LIVE] -= 1
