"""Our own orders in a recorded book, each at an estimated place in its queue.

The recording does not react to us. What we take is gone until the level is shown anew; what we rest is filled by the
trades that were printed. The place in the queue is an estimate, as level data name no orders: an order joins behind all
that is shown at its price; a trade there takes from the front; of what vanishes without a trade, the share
ahead^n / (ahead^n + behind^n) is taken from ahead of us (n = 1: in proportion). Source: E. Rigtorp, "Estimating order
queue position" (2013), and the ProbQueueModel of hftbacktest. A trade through our price, or an opposite quote at it,
fills us whole.
"""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import EventKind, Kind, Reason, Side, State, TimeInForce
from tools.market.orderbook.displayed import Displayed, set_level, show
from tools.market.orderbook.events import write
from tools.market.orderbook.queues import queue_of
from tools.market.orderbook.rules import codes_agree, fills, would_trade


@compiled
def enter(shown: Displayed, order: int, side: int, kind: int, tif: int, quantity: int, price: int) -> int:
    """Our order arrives: takes what is shown at its limit or better, rests behind what is shown, or is dropped.

    MARKET and LIMIT with every time in force; stops are for the matching core.
    """
    ticks = shown.lots.shape[1]
    limit = price if kind == Kind.LIMIT else (ticks - 1 if side == Side.BUY else 0)
    reason = _refusal(shown, order, side, kind, tif, quantity, limit)
    if reason != Reason.NONE:
        write(shown.log, shown.state, EventKind.REJECTED, order, 0, price, quantity, 0, reason)
        return reason
    own = shown.own
    own[order, c.STATE], own[order, c.SIDE], own[order, c.TIF] = State.OPEN, side, tif
    own[order, c.QUANTITY], own[order, c.LEFT], own[order, c.PRICE] = quantity, quantity, limit
    write(shown.log, shown.state, EventKind.ACCEPTED, order, 0, limit, quantity, quantity, Reason.NONE)
    queue = queue_of(-side)
    while own[order, c.LEFT] > 0 and would_trade(shown.state, side, limit):
        best = shown.state[queue]
        lots = min(own[order, c.LEFT], shown.lots[queue, best])
        set_level(shown, queue, best, shown.lots[queue, best] - lots)
        _fill(shown, order, best, lots)
    if own[order, c.LEFT] == 0:
        return Reason.NONE
    if kind == Kind.MARKET or tif == TimeInForce.IOC:
        _end(shown, order, Reason.UNFILLED)
        return Reason.NONE
    shown.ahead[order] = shown.lots[queue_of(side), limit]
    shown.resting[shown.state[c.LIVE]] = order
    shown.state[c.LIVE] += 1
    return Reason.NONE


@compiled
def withdraw_own(shown: Displayed, order: int) -> int:
    """Our cancel arrives; UNKNOWN_ORDER or NOT_OPEN where there is nothing to cancel."""
    known = 1 <= order < shown.own.shape[0] and shown.own[order, c.STATE] != State.NEVER_SEEN
    for k in range(shown.state[c.LIVE]):
        if shown.resting[k] == order:
            _forget(shown, k)
            _end(shown, order, Reason.REQUESTED)
            return Reason.NONE
    reason = Reason.NOT_OPEN if known else Reason.UNKNOWN_ORDER
    write(shown.log, shown.state, EventKind.REJECTED, order, 0, 0, 0, 0, reason)
    return reason


@compiled
def apply_event(shown: Displayed, rows: IntArray, start: int, stop: int, power: float) -> int:
    """One message: its levels, or its trade. A Reason other than NONE says that nothing was changed."""
    if rows[start, c.FEED_KIND] == c.TRADE:
        return _trade(shown, rows, start, stop)
    reason = show(shown, rows, start, stop)
    if reason != Reason.NONE:
        return reason
    shown.state[c.NOW] = rows[start, c.FEED_TIME]
    for k in range(shown.state[c.LIVE]):
        _move_up(shown, shown.resting[k], rows, start, stop, power)
    k = 0
    while k < shown.state[c.LIVE]:
        order = shown.resting[k]
        side, tick = shown.own[order, c.SIDE], shown.own[order, c.PRICE]
        opposite = shown.state[queue_of(-side)]
        if opposite >= 0 and side * (tick - opposite) >= 0:
            _fill(shown, order, tick, shown.own[order, c.LEFT])
            _forget(shown, k)
        else:
            k += 1
    return Reason.NONE


@compiled
def roomy(shown: Displayed) -> bool:
    """Whether the log holds whatever one event or command may cause: a fill an order, or one a level taken."""
    return shown.log.shape[0] - shown.state[c.LOGGED] >= shown.state[c.LIVE] + shown.state[c.SHOWN] + 8


@compiled
def cancelled_ahead(ahead: float, behind: float, vanished: float, power: float) -> float:
    """Of `vanished` lots that did not trade, those that stood ahead of us; `power` 1 takes them in proportion."""
    if ahead <= 0.0:
        return 0.0
    if behind <= 0.0:
        return min(vanished, ahead)
    front, back = ahead**power, behind**power
    return min(ahead, vanished * front / (front + back))


@compiled
def _trade(shown: Displayed, rows: IntArray, start: int, stop: int) -> int:
    """A printed trade reaches our orders on the side it took from, in price-time priority among ours."""
    tick, lots, aggressor = rows[start, c.FEED_TICK], rows[start, c.FEED_LOTS], rows[start, c.FEED_SIDE]
    if stop - start != 1 or abs(aggressor) != 1:
        return Reason.BAD_CODE
    if tick < 0 or tick >= shown.lots.shape[1]:
        return Reason.BAD_PRICE
    if lots < 1 or lots > c.MAX_QUANTITY:
        return Reason.BAD_QUANTITY
    shown.state[c.NOW] = rows[start, c.FEED_TIME]
    shown.state[c.LAST] = tick
    reach = lots
    k = 0
    while k < shown.state[c.LIVE]:
        order = shown.resting[k]
        better = shown.own[order, c.SIDE] * (shown.own[order, c.PRICE] - tick)
        if shown.own[order, c.SIDE] == aggressor or better < 0:
            k += 1
            continue
        if better > 0:
            _fill(shown, order, shown.own[order, c.PRICE], shown.own[order, c.LEFT])
        else:
            reach -= _reach(shown, order, reach, lots)
        if shown.own[order, c.LEFT] == 0:
            _forget(shown, k)
        else:
            k += 1
    return Reason.NONE


@compiled
def _reach(shown: Displayed, order: int, reach: int, lots: int) -> int:
    """What of a trade at our price is left for others and us takes those ahead first, then us; returns our fill."""
    ahead = shown.ahead[order]
    fill = min(shown.own[order, c.LEFT], max(0, int(reach - ahead)))
    shown.ahead[order] = max(0.0, ahead - reach)
    shown.own[order, c.STOP] += lots
    if fill > 0:
        _fill(shown, order, shown.own[order, c.PRICE], fill)
    return fill


@compiled
def _move_up(shown: Displayed, order: int, rows: IntArray, start: int, stop: int, power: float) -> None:
    """Our place after our level was shown anew: what went without a trade is shared between ahead and behind."""
    side, tick = shown.own[order, c.SIDE], shown.own[order, c.PRICE]
    for i in range(start, stop):
        if rows[i, c.FEED_SIDE] != side or rows[i, c.FEED_TICK] != tick:
            continue
        before, now = shown.undo[i - start], rows[i, c.FEED_LOTS]
        traded = shown.own[order, c.STOP]
        shown.own[order, c.STOP] = 0
        ahead = shown.ahead[order]
        vanished = before - now - traded
        if vanished > 0:
            ahead -= cancelled_ahead(ahead, before - traded - ahead, vanished, power)
        shown.ahead[order] = min(ahead, float(now))


@compiled
def _refusal(shown: Displayed, order: int, side: int, kind: int, tif: int, quantity: int, limit: int) -> int:
    if order < 1 or order >= shown.own.shape[0]:
        return Reason.BAD_ID
    if shown.own[order, c.STATE] != State.NEVER_SEEN:
        return Reason.DUPLICATE_ID
    if kind > Kind.LIMIT or not codes_agree(side, kind, tif):
        return Reason.BAD_CODE
    if quantity < 1 or quantity > c.MAX_QUANTITY:
        return Reason.BAD_QUANTITY
    if limit < 0 or limit >= shown.lots.shape[1]:
        return Reason.BAD_PRICE
    if tif == TimeInForce.POST_ONLY and would_trade(shown.state, side, limit):
        return Reason.WOULD_TRADE
    if tif == TimeInForce.FOK and not fills(shown.lots, shown.bits, shown.state, side, limit, quantity):
        return Reason.WOULD_NOT_FILL
    return Reason.NONE


@compiled
def _fill(shown: Displayed, order: int, tick: int, lots: int) -> None:
    shown.own[order, c.LEFT] -= lots
    shown.own[order, c.FILLED] += lots
    if shown.own[order, c.LEFT] == 0:
        shown.own[order, c.STATE] = State.FILLED
    write(shown.log, shown.state, EventKind.TRADED, order, 0, tick, lots, shown.own[order, c.LEFT], Reason.NONE)


@compiled
def _end(shown: Displayed, order: int, reason: int) -> None:
    left = shown.own[order, c.LEFT]
    shown.own[order, c.LEFT] = 0
    shown.own[order, c.STATE] = State.CANCELLED
    write(shown.log, shown.state, EventKind.CANCELLED, order, 0, shown.own[order, c.PRICE], left, 0, reason)


@compiled
def _forget(shown: Displayed, k: int) -> None:
    """Take the k-th of our resting orders off the list, keeping the others in order."""
    last = shown.state[c.LIVE] - 1
    for i in range(k, last):
        shown.resting[i] = shown.resting[i + 1]
    shown.state[c.LIVE] = last
