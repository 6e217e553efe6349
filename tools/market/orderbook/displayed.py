"""A recorded book by price level, and the levels of one exchange message applied to it whole or not at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.compiled import compiled
from data.market import FloatArray, IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Reason, Side
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.ladder import WORDS, mark, unmark
from tools.market.orderbook.queues import queue_of, worse


class Displayed(NamedTuple):
    """What a venue shows of one symbol, and our own orders in it, which the recording knows nothing of."""

    lots: IntArray
    """(2, T): lots shown at each tick, bids and asks."""
    bits: IntArray
    """(2, WORDS)"""
    state: IntArray
    """(STATE_FIELDS,): best bid and ask, LAST, LIVE, LOGGED and NOW as in a Book, and SHOWN."""
    own: IntArray
    """(N + 1, ORDER_COLUMNS): our orders; STOP holds the lots traded at the order's tick since the level was shown."""
    ahead: FloatArray
    """(N + 1,): estimated lots of others that trade before ours at its price."""
    resting: IntArray
    """(N + 1,): ids of our resting orders, oldest first; state[LIVE] are used."""
    log: IntArray
    """(L, EVENT_COLUMNS)"""
    undo: IntArray
    """(U,): lots before the message that is being applied; U bounds the rows of one message."""


def new_displayed(grid: Grid, orders: int = 1024, log: int = 65_536, rows: int = 65_536) -> Displayed:
    """An empty book for our orders 1 .. `orders`, and messages of up to `rows` levels."""
    state = np.full(c.STATE_FIELDS, -1, dtype=np.int64)
    state[c.LIVE :] = 0
    return Displayed(
        np.zeros((2, grid.ticks), dtype=np.int64),
        np.zeros((2, WORDS), dtype=np.int64),
        state,
        np.zeros((orders + 1, c.ORDER_COLUMNS), dtype=np.int64),
        np.zeros(orders + 1),
        np.zeros(orders + 1, dtype=np.int64),
        np.zeros((log, c.EVENT_COLUMNS), dtype=np.int64),
        np.zeros(rows, dtype=np.int64),
    )


@compiled
def show(shown: Displayed, rows: IntArray, start: int, stop: int) -> int:
    """Set the levels of `rows[start:stop]`; a Reason other than NONE says that nothing was changed.

    The rows are checked first; a message that leaves the book crossed (bid >= ask) is taken back. `undo` keeps what
    stood at each row's tick before the message.
    """
    reason = _refusal(shown, rows, start, stop)
    if reason != Reason.NONE:
        return reason
    for i in range(start, stop):
        queue, tick = queue_of(rows[i, c.FEED_SIDE]), rows[i, c.FEED_TICK]
        shown.undo[i - start] = shown.lots[queue, tick]
        set_level(shown, queue, tick, rows[i, c.FEED_LOTS])
    if shown.state[c.BIDS] < 0 or shown.state[c.ASKS] < 0 or shown.state[c.BIDS] < shown.state[c.ASKS]:
        return Reason.NONE
    for i in range(stop - 1, start - 1, -1):
        set_level(shown, queue_of(rows[i, c.FEED_SIDE]), rows[i, c.FEED_TICK], shown.undo[i - start])
    return Reason.CROSSED


@compiled
def set_level(shown: Displayed, queue: int, tick: int, lots: int) -> None:
    """Let `lots` stand at a tick, and find the best again where it moved."""
    before = shown.lots[queue, tick]
    shown.lots[queue, tick] = lots
    best = shown.state[queue]
    if before == 0 and lots > 0:
        mark(shown.bits, queue, tick)
        shown.state[c.SHOWN] += 1
        if best < 0 or (tick < best if queue & 1 else tick > best):
            shown.state[queue] = tick
    elif before > 0 and lots == 0:
        unmark(shown.bits, queue, tick)
        shown.state[c.SHOWN] -= 1
        if tick == best:
            shown.state[queue] = worse(shown.bits, queue, tick)


@compiled
def _refusal(shown: Displayed, rows: IntArray, start: int, stop: int) -> int:
    if stop - start > shown.undo.size:
        return Reason.TOO_MANY_LEVELS
    for i in range(start, stop):
        if rows[i, c.FEED_KIND] != c.LEVEL or abs(rows[i, c.FEED_SIDE]) != 1:
            return Reason.BAD_CODE
        if rows[i, c.FEED_TICK] < 0 or rows[i, c.FEED_TICK] >= shown.lots.shape[1]:
            return Reason.BAD_PRICE
        if rows[i, c.FEED_LOTS] < 0 or rows[i, c.FEED_LOTS] > c.MAX_QUANTITY:
            return Reason.BAD_QUANTITY
    return Reason.NONE


@compiled
def quote(shown: Displayed, out: IntArray, row: int) -> None:
    """Best bid, its lots, best ask, its lots into `out[row]`; -1 and 0 where a side is empty."""
    for side in (Side.BUY, Side.SELL):
        queue = queue_of(side)
        best = shown.state[queue]
        out[row, 2 * queue] = best
        out[row, 2 * queue + 1] = shown.lots[queue, best] if best >= 0 else 0
