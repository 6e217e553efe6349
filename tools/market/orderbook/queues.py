"""The queues of a book: orders in FIFO at each tick, and the best tick of each side."""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Side, State
from tools.market.orderbook.ladder import above, below, mark, unmark
from tools.market.orderbook.state import Book


@compiled
def queue_of(side: int) -> int:
    """Where the resting orders of a side stand."""
    return c.BIDS if side == Side.BUY else c.ASKS


@compiled
def worse(bits: IntArray, queue: int, tick: int) -> int:
    """The next level of a queue behind `tick`; -1 where there is none."""
    return above(bits, queue, tick) if queue & 1 else below(bits, queue, tick)


@compiled
def enqueue(book: Book, queue: int, tick: int, order: int) -> None:
    """Put an order at the back of a level."""
    orders, levels = book.orders, book.levels
    last = levels[queue, tick, c.TAIL]
    orders[order, c.PREVIOUS] = last
    orders[order, c.NEXT] = 0
    levels[queue, tick, c.TAIL] = order
    book.lots[queue, tick] += orders[order, c.LEFT]
    levels[queue, tick, c.COUNT] += 1
    if last != 0:
        orders[last, c.NEXT] = order
        return
    levels[queue, tick, c.HEAD] = order
    mark(book.bits, queue, tick)
    best = book.state[queue]
    if best < 0 or (tick < best if queue & 1 else tick > best):
        book.state[queue] = tick


@compiled
def dequeue(book: Book, queue: int, tick: int, order: int) -> None:
    """Take an order out of its level, with the lots it has left."""
    orders, levels = book.orders, book.levels
    before, after = orders[order, c.PREVIOUS], orders[order, c.NEXT]
    orders[order, c.PREVIOUS] = 0
    orders[order, c.NEXT] = 0
    book.lots[queue, tick] -= orders[order, c.LEFT]
    levels[queue, tick, c.COUNT] -= 1
    if before != 0:
        orders[before, c.NEXT] = after
    else:
        levels[queue, tick, c.HEAD] = after
    if after != 0:
        orders[after, c.PREVIOUS] = before
    else:
        levels[queue, tick, c.TAIL] = before
    if before == 0 and after == 0:
        unmark(book.bits, queue, tick)
        if tick == book.state[queue]:
            book.state[queue] = worse(book.bits, queue, tick)


@compiled
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
