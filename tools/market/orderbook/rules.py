"""The rules of entry: why an order, a replace or a cancel is refused, before anything is changed."""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.queues import queue_of, worse
from tools.market.orderbook.state import Book


@compiled
def refusal(book: Book, order: int, side: int, kind: int, tif: int, quantity: int, price: int, stop: int) -> int:
    """Why a new order is refused; NONE where it is not."""
    ticks = book.levels.shape[1]
    if order < 1 or order >= book.orders.shape[0]:
        return Reason.BAD_ID
    if book.orders[order, c.STATE] != State.NEVER_SEEN:
        return Reason.DUPLICATE_ID
    if not codes_agree(side, kind, tif):
        return Reason.BAD_CODE
    if quantity < 1 or quantity > c.MAX_QUANTITY:
        return Reason.BAD_QUANTITY
    limited = kind == Kind.LIMIT or kind == Kind.STOP_LIMIT
    if limited and (price < 0 or price >= ticks):
        return Reason.BAD_PRICE
    if kind >= Kind.STOP and (stop < 0 or stop >= ticks):
        return Reason.BAD_STOP
    limit = price if limited else (ticks - 1 if side == Side.BUY else 0)
    if tif == TimeInForce.POST_ONLY and would_trade(book.state, side, limit):
        return Reason.WOULD_TRADE
    if tif == TimeInForce.FOK and not fills(book.lots, book.bits, book.state, side, limit, quantity):
        return Reason.WOULD_NOT_FILL
    return Reason.NONE


@compiled
def codes_agree(side: int, kind: int, tif: int) -> bool:
    """Whether side, kind and time in force exist and go together."""
    if side != Side.BUY and side != Side.SELL:
        return False
    if kind < Kind.MARKET or kind > Kind.STOP_LIMIT or tif < TimeInForce.GTC or tif > TimeInForce.POST_ONLY:
        return False
    if tif == TimeInForce.POST_ONLY:
        return kind == Kind.LIMIT
    return tif != TimeInForce.FOK or kind < Kind.STOP


@compiled
def replace_refusal(book: Book, order: int, quantity: int, price: int) -> int:
    """Why a replace is refused; NONE where it is not."""
    reason = not_live(book, order)
    if reason != Reason.NONE:
        return reason
    row = book.orders[order]
    if row[c.STATE] == State.WAITING:
        return Reason.NOT_RESTING
    if quantity <= row[c.FILLED] or quantity > c.MAX_QUANTITY:
        return Reason.BAD_QUANTITY
    if price < 0 or price >= book.levels.shape[1]:
        return Reason.BAD_PRICE
    if row[c.TIF] == TimeInForce.POST_ONLY and would_trade(book.state, row[c.SIDE], price):
        return Reason.WOULD_TRADE
    return Reason.NONE


@compiled
def not_live(book: Book, order: int) -> int:
    """Why there is nothing to cancel or replace; NONE for an order that rests or waits."""
    if order < 1 or order >= book.orders.shape[0] or book.orders[order, c.STATE] == State.NEVER_SEEN:
        return Reason.UNKNOWN_ORDER
    state = book.orders[order, c.STATE]
    return Reason.NONE if state == State.OPEN or state == State.WAITING else Reason.NOT_OPEN


@compiled
def would_trade(state: IntArray, side: int, limit: int) -> bool:
    """Whether somebody stands on the other side at `limit` or better."""
    best = state[queue_of(-side)]
    return best >= 0 and side * (limit - best) >= 0


@compiled
def fills(lots: IntArray, bits: IntArray, state: IntArray, side: int, limit: int, quantity: int) -> bool:
    """Whether `quantity` lots stand on the other side at `limit` or better."""
    queue = queue_of(-side)
    tick = state[queue]
    while tick >= 0 and side * (limit - tick) >= 0:
        quantity -= lots[queue, tick]
        if quantity <= 0:
            return True
        tick = worse(bits, queue, tick)
    return False
