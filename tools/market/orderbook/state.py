"""The arrays of one order book, and how they are made, read out and enlarged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.errors import InputError
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.ladder import MAX_TICKS, WORDS


class Book(NamedTuple):
    """One symbol. `codes` names the columns."""

    orders: IntArray
    """(N + 1, ORDER_COLUMNS): the row is the order's id, chosen by the caller and never used again; row 0 is nobody."""
    levels: IntArray
    """(QUEUES, T, LEVEL_COLUMNS): first and last order and number of orders at each tick of each queue."""
    lots: IntArray
    """(QUEUES, T): open lots there."""
    bits: IntArray
    """(QUEUES, WORDS): which ticks hold orders."""
    state: IntArray
    """(STATE_FIELDS,)"""
    log: IntArray
    """(L, EVENT_COLUMNS): what happened since `drain`, oldest first; state[LOGGED] rows are used."""


def new_book(ticks: int, orders: int, log: int = 65_536) -> Book:
    """An empty book of `ticks` price levels for ids 1 .. `orders`; memory is taken as it is touched.

    InputError where the window is empty or wider than MAX_TICKS, or a size is not positive.
    """
    if not 0 < ticks <= MAX_TICKS:
        raise InputError(f"a book of {ticks} ticks", f"take a window of 1 to {MAX_TICKS} ticks")
    if orders < 1 or log < 16:
        raise InputError(f"a book for {orders} orders and {log} events", "give room for at least 1 and 16")
    state = np.full(c.STATE_FIELDS, -1, dtype=np.int64)
    state[c.LIVE :] = 0
    return Book(
        np.zeros((orders + 1, c.ORDER_COLUMNS), dtype=np.int64),
        np.zeros((c.QUEUES, ticks, c.LEVEL_COLUMNS), dtype=np.int64),
        np.zeros((c.QUEUES, ticks), dtype=np.int64),
        np.zeros((c.QUEUES, WORDS), dtype=np.int64),
        state,
        np.zeros((log, c.EVENT_COLUMNS), dtype=np.int64),
    )


def drain(book: Book) -> IntArray:
    """The events since the last drain, (E, EVENT_COLUMNS), copied; the log is empty afterwards."""
    events = book.log[: book.state[c.LOGGED]].copy()
    book.state[c.LOGGED] = 0
    return events


def enlarged(book: Book, orders: int, log: int) -> Book:
    """The same book with room for ids up to `orders` and `log` events, never smaller than it is; drop the old one."""
    more_orders = np.zeros((max(orders + 1, book.orders.shape[0]), c.ORDER_COLUMNS), dtype=np.int64)
    more_orders[: book.orders.shape[0]] = book.orders
    more_log = np.zeros((max(log, book.log.shape[0]), c.EVENT_COLUMNS), dtype=np.int64)
    more_log[: book.log.shape[0]] = book.log
    return book._replace(orders=more_orders, log=more_log)
