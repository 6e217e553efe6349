"""The matching core: orders in FIFO queues at integer ticks, price-time priority, every change in a log.

    submit / cancel / replace -> validate -> match -> rest or drop -> elect stops -> the same for each elected stop

Everything is an int64 array that numba reads; nothing here needs a Python object. Ticks count from the floor of the
book's window, quantities are lots, times are whatever the caller counts in (Book.state[NOW], copied into each event).
An operation that is refused changes nothing but the log. Every operation returns a Reason; NONE is success.
Hand in plain ints: each other type of a word (an enum, a numpy integer) is another compilation.
"""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.events import write
from tools.market.orderbook.matching import execute, trigger_stops, withdraw
from tools.market.orderbook.queues import dequeue, enqueue, queue_of
from tools.market.orderbook.rules import not_live, refusal, replace_refusal
from tools.market.orderbook.state import Book


@compiled
def submit(book: Book, order: int, side: int, kind: int, tif: int, quantity: int, price: int, stop: int) -> int:
    """A new order. `price` is read for LIMIT and STOP_LIMIT, `stop` for STOP and STOP_LIMIT.

    A market order takes what is there at any price; its remainder is cancelled. A stop that the last trade has reached
    already is triggered at once.
    """
    if not has_room(book):
        return Reason.LOG_FULL
    reason = refusal(book, order, side, kind, tif, quantity, price, stop)
    if reason != Reason.NONE:
        write(book.log, book.state, EventKind.REJECTED, order, 0, price, quantity, 0, reason)
        return reason
    row = book.orders[order]
    row[c.SIDE], row[c.KIND], row[c.TIF] = side, kind, tif
    row[c.QUANTITY], row[c.LEFT] = quantity, quantity
    row[c.PRICE], row[c.STOP] = price, stop
    if kind == Kind.MARKET or kind == Kind.STOP:
        row[c.PRICE] = book.levels.shape[1] - 1 if side == Side.BUY else 0
    book.state[c.LIVE] += 1
    write(book.log, book.state, EventKind.ACCEPTED, order, 0, row[c.PRICE], quantity, quantity, Reason.NONE)
    if kind == Kind.STOP or kind == Kind.STOP_LIMIT:
        row[c.STATE] = State.WAITING
        enqueue(book, c.BUY_STOPS if side == Side.BUY else c.SELL_STOPS, stop, order)
    else:
        row[c.STATE] = State.OPEN
        execute(book, order)
    trigger_stops(book)
    return Reason.NONE


@compiled
def cancel(book: Book, order: int) -> int:
    """Take the open part of an order, resting or waiting, out of the book."""
    if not has_room(book):
        return Reason.LOG_FULL
    reason = not_live(book, order)
    if reason != Reason.NONE:
        write(book.log, book.state, EventKind.REJECTED, order, 0, 0, 0, 0, reason)
        return reason
    withdraw(book, order, Reason.REQUESTED)
    return Reason.NONE


@compiled
def replace(book: Book, order: int, quantity: int, price: int) -> int:
    """Change a resting order to `quantity` lots in all (what is filled included) at `price`.

    A smaller quantity at the same price keeps the place in the queue; any other change goes to the back of it, and may
    trade at once. A refused replace leaves the order as it is.
    """
    if not has_room(book):
        return Reason.LOG_FULL
    reason = replace_refusal(book, order, quantity, price)
    if reason != Reason.NONE:
        write(book.log, book.state, EventKind.REJECTED, order, 0, price, quantity, 0, reason)
        return reason
    row = book.orders[order]
    grows = quantity - row[c.QUANTITY]
    if price == row[c.PRICE] and grows <= 0:
        row[c.QUANTITY] = quantity
        row[c.LEFT] += grows
        book.lots[queue_of(row[c.SIDE]), price] += grows
        write(book.log, book.state, EventKind.REPLACED, order, 0, price, quantity, row[c.LEFT], Reason.KEPT_PRIORITY)
        return Reason.NONE
    dequeue(book, queue_of(row[c.SIDE]), row[c.PRICE], order)
    row[c.QUANTITY], row[c.PRICE] = quantity, price
    row[c.LEFT] = quantity - row[c.FILLED]
    write(book.log, book.state, EventKind.REPLACED, order, 0, price, quantity, row[c.LEFT], Reason.LOST_PRIORITY)
    execute(book, order)
    trigger_stops(book)
    return Reason.NONE


@compiled
def expire_day(book: Book) -> int:
    """End the session: cancel every DAY order that is still live, by id."""
    if not has_room(book):
        return Reason.LOG_FULL
    for order in range(1, book.orders.shape[0]):
        if book.orders[order, c.TIF] == TimeInForce.DAY and not_live(book, order) == Reason.NONE:
            withdraw(book, order, Reason.DAY_ENDED)
    return Reason.NONE


@compiled
def run(book: Book, commands: IntArray, start: int) -> int:
    """Apply `commands` (M, COMMAND_COLUMNS) from row `start`; returns the first row not applied.

    Less than M says that the log is full there: drain it and go on from that row.
    """
    for i in range(start, commands.shape[0]):
        if not has_room(book):
            return i
        row = commands[i]
        book.state[c.NOW] = row[c.CMD_TIME]
        operation, order = row[c.CMD_OP], row[c.CMD_ORDER]
        if operation == c.SUBMIT:
            submit(
                book, order, row[c.CMD_SIDE], row[c.CMD_KIND], row[c.CMD_TIF], row[c.CMD_QUANTITY], row[c.CMD_PRICE],
                row[c.CMD_STOP],
            )  # fmt: skip
        elif operation == c.CANCEL:
            cancel(book, order)
        elif operation == c.REPLACE:
            replace(book, order, row[c.CMD_QUANTITY], row[c.CMD_PRICE])
        elif operation == c.EXPIRE_DAY:
            expire_day(book)
        else:
            write(book.log, book.state, EventKind.REJECTED, order, 0, 0, 0, 0, Reason.BAD_CODE)
    return commands.shape[0]


@compiled
def has_room(book: Book) -> bool:
    """Whether the log holds whatever one operation may cause.

    Each trade ends one order at least, each order is accepted, triggered or cancelled once: 3 rows a live order.
    """
    return book.log.shape[0] - book.state[c.LOGGED] >= 3 * book.state[c.LIVE] + 8
