"""The queues of a book: orders in FIFO at each tick, the best tick of each side, and the log."""

from __future__ import annotations

from numba import njit

from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Side, State
from tools.market.orderbook.ladder import above, below, mark, unmark
from tools.market.orderbook.state import Book


@njit(cache=True)
def queue_of(side: int) -> int:
    """Where the resting orders of a side stand."""
    return c.BIDS if side == Side.BUY else c.ASKS


@njit(cache=True)
def worse(book: Book, queue: int, tick: int) -> int:
    """The next level of a queue behind `tick`; -1 where there is none."""
    return above(book.bits[queue], tick) if queue & 1 else below(book.bits[queue], tick)


@njit(cache=True)
def enqueue(book: Book, queue: int, tick: int, order: int) -> None:
    """Put an order at the back of a level."""
    level = book.levels[queue, tick]
    last = level[c.TAIL]
    book.orders[order, c.PREVIOUS], book.orders[order, c.NEXT] = last, 0
    level[c.TAIL] = order
    level[c.SIZE] += book.orders[order, c.LEFT]
    level[c.COUNT] += 1
    if last != 0:
        book.orders[last, c.NEXT] = order
        return
    level[c.HEAD] = order
    mark(book.bits[queue], tick)
    best = book.state[queue]
    if best < 0 or (tick < best if queue & 1 else tick > best):
        book.state[queue] = tick


@njit(cache=True)
def dequeue(book: Book, queue: int, tick: int, order: int) -> None:
    """Take an order out of its level, with the lots it has left."""
    level = book.levels[queue, tick]
    row = book.orders[order]
    before, after = row[c.PREVIOUS], row[c.NEXT]
    row[c.PREVIOUS], row[c.NEXT] = 0, 0
    level[c.SIZE] -= row[c.LEFT]
    level[c.COUNT] -= 1
    if before != 0:
        book.orders[before, c.NEXT] = after
    else:
        level[c.HEAD] = after
    if after != 0:
        book.orders[after, c.PREVIOUS] = before
    else:
        level[c.TAIL] = before
    if level[c.HEAD] == 0:
        unmark(book.bits[queue], tick)
        if tick == book.state[queue]:
            book.state[queue] = worse(book, queue, tick)


@njit(cache=True)
def units_ahead(book: Book, order: int) -> int:
    """Lots that trade before this resting order does at its price; -1 for an order that does not rest."""
    if order < 1 or order >= book.orders.shape[0] or book.orders[order, c.STATE] != State.OPEN:
        return -1
    lots = 0
    before = book.orders[order, c.PREVIOUS]
    while before != 0:
        lots += book.orders[before, c.LEFT]
        before = book.orders[before, c.PREVIOUS]
    return lots


@njit(cache=True)
def write(book: Book, kind: int, order: int, maker: int, price: int, quantity: int, left: int, reason: int) -> None:
    """Add an event to the log; the caller has made sure of room."""
    row = book.log[book.state[c.LOGGED]]
    row[c.EV_KIND], row[c.EV_TIME], row[c.EV_ORDER], row[c.EV_MAKER] = kind, book.state[c.NOW], order, maker
    row[c.EV_PRICE], row[c.EV_QUANTITY], row[c.EV_LEFT], row[c.EV_REASON] = price, quantity, left, reason
    book.state[c.LOGGED] += 1
