"""The log of a book: one row an event."""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray
from tools.market.orderbook import codes as c


@compiled
def write(
    log: IntArray,
    state: IntArray,
    kind: int,
    order: int,
    maker: int,
    price: int,
    quantity: int,
    left: int,
    reason: int,
) -> None:
    """Add an event at state[NOW]; the caller has made sure of room."""
    at = state[c.LOGGED]
    log[at, c.EV_KIND] = kind
    log[at, c.EV_TIME] = state[c.NOW]
    log[at, c.EV_ORDER] = order
    log[at, c.EV_MAKER] = maker
    log[at, c.EV_PRICE] = price
    log[at, c.EV_QUANTITY] = quantity
    log[at, c.EV_LEFT] = left
    log[at, c.EV_REASON] = reason
    state[c.LOGGED] = at + 1
