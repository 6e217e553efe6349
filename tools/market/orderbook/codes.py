"""The words of the order book as integers: sides, kinds, times in force, states, events and reasons."""

from __future__ import annotations

from enum import IntEnum


class Side(IntEnum):
    """Who trades; the sign of the position it makes."""

    BUY = 1
    SELL = -1


class Kind(IntEnum):
    """What an order is on arrival."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    """Becomes a market order once a trade reaches its stop price."""
    STOP_LIMIT = 3
    """Becomes a limit order once a trade reaches its stop price."""


class TimeInForce(IntEnum):
    """What becomes of that part of a limit order which does not trade at once."""

    GTC = 0
    """Rests until it trades or is cancelled."""
    DAY = 1
    """Rests until `expire_day`."""
    IOC = 2
    """Immediate or cancel: is cancelled."""
    FOK = 3
    """Fill or kill: the whole order trades at once, or is rejected."""
    POST_ONLY = 4
    """Rests like GTC, and is rejected where it would trade at once."""


class State(IntEnum):
    """Where an order stands."""

    NEVER_SEEN = 0
    OPEN = 1
    """Resting in the book, or on its way through it."""
    WAITING = 2
    """A stop that no trade has reached."""
    FILLED = 3
    CANCELLED = 4


class EventKind(IntEnum):
    """What a row of the log says."""

    ACCEPTED = 1
    TRADED = 2
    """`order` took `quantity` from the resting `maker` at the maker's `price`."""
    CANCELLED = 3
    """The open part, `quantity`, left the book for `reason`."""
    REJECTED = 4
    """Nothing was changed, for `reason`."""
    TRIGGERED = 5
    """A trade reached the stop price `price`."""
    REPLACED = 6
    """The order now wants `quantity` in all, at `price`; `reason` tells whether it kept its place."""


class Reason(IntEnum):
    """Why."""

    NONE = 0
    REQUESTED = 1
    UNFILLED = 2
    """The remainder of a market, IOC or triggered stop order found nobody to trade with."""
    DAY_ENDED = 3
    KEPT_PRIORITY = 4
    LOST_PRIORITY = 5
    BAD_ID = 10
    """Not between 1 and the size of the pool."""
    DUPLICATE_ID = 11
    BAD_CODE = 12
    """No such side, kind or time in force, or no such combination."""
    BAD_QUANTITY = 13
    """Not between 1 and MAX_QUANTITY lots, or a replace to no more than what is filled."""
    BAD_PRICE = 14
    """A limit price outside the window of the book."""
    BAD_STOP = 15
    """A stop price outside the window of the book."""
    WOULD_TRADE = 16
    """A post-only order that would trade at once."""
    WOULD_NOT_FILL = 17
    """A fill-or-kill order that the book cannot fill whole."""
    UNKNOWN_ORDER = 18
    NOT_OPEN = 19
    """The order is filled or cancelled."""
    NOT_RESTING = 20
    """A waiting stop can be cancelled, not replaced."""
    LOG_FULL = 21
    """The log may not hold what could follow: drain it. This reason is returned only, and leaves no event."""
    CROSSED = 22
    """A recorded message that would leave the best bid at or above the best ask."""
    TOO_MANY_LEVELS = 23
    """A recorded message with more levels than a Displayed was made for."""


MAX_QUANTITY = 1 << 40
"""Lots of one order; 2^20 such orders still add up within 63 bits."""

# queues: the even ones are best at their highest tick, the odd ones at their lowest
BIDS, ASKS, SELL_STOPS, BUY_STOPS = 0, 1, 2, 3
QUEUES = 4

# columns of Book.orders
STATE, SIDE, KIND, TIF, QUANTITY, LEFT, FILLED, PRICE, STOP, NEXT, PREVIOUS = range(11)
ORDER_COLUMNS = 12
"""Padded to 96 bytes."""

# columns of Book.levels
HEAD, TAIL, COUNT = range(3)
LEVEL_COLUMNS = 4
"""Padded to 32 bytes."""

# places in Book.state; the first four are the best tick of each queue, -1 where it is empty
LAST, LIVE, LOGGED, NOW, ELECTED_FIRST, ELECTED_LAST = 4, 5, 6, 7, 8, 9
SHOWN = 8
"""Of a Displayed, which has no stops: how many levels are shown."""
STATE_FIELDS = 10

# columns of Book.log
EV_KIND, EV_TIME, EV_ORDER, EV_MAKER, EV_PRICE, EV_QUANTITY, EV_LEFT, EV_REASON = range(8)
EVENT_COLUMNS = 8

# columns of a command, and its operations
CMD_TIME, CMD_OP, CMD_ORDER, CMD_SIDE, CMD_KIND, CMD_TIF, CMD_QUANTITY, CMD_PRICE, CMD_STOP = range(9)
COMMAND_COLUMNS = 9
SUBMIT, CANCEL, REPLACE, EXPIRE_DAY = 0, 1, 2, 3

# columns of a recorded feed's rows, and their kinds
FEED_TIME, FEED_KIND, FEED_SIDE, FEED_TICK, FEED_LOTS = range(5)
FEED_COLUMNS = 5
LEVEL, TRADE = 0, 1
