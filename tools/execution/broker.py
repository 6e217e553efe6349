"""What the desk asks of a broker: take an order under our id, and say what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from tools.execution.orders import Fill, Order, OrderState, Side


class Answer(NamedTuple):
    """What a broker knows of an order.

    `fills` are all executions so far, oldest first, as the venue has them: never clipped to the order's quantity.
    """

    state: OrderState
    fills: tuple[Fill, ...] = ()
    reason: str = ""
    """Why an order was rejected or cancelled, in the venue's words."""


class OpenOrder(NamedTuple):
    """An order that may still be filled, by the broker's own count (units)."""

    order_id: str
    symbol: str
    side: Side
    quantity: float
    filled: float


class Broker(Protocol):
    """A venue, or a simulation of one.

    Any call may raise SourceUnavailable: a timeout, a lost connection, an answer that does not parse; or RateLimited,
    which says how long to wait. Then the outcome is unknown, and only `query` can tell. Empty means truly none.
    """

    def submit(self, order: Order) -> OrderState:
        """Hand in an order: accepted, partial, filled or rejected. The same id again is the same order, not another.

        Raises OrderRefused where the last gate or the adapter refuses: then nothing was sent. InputError where the id
        is known with other content.
        """
        ...

    def query(self, order_id: str) -> Answer | None:
        """What became of an id; None where this broker surely never saw it."""
        ...

    def cancel(self, order_id: str) -> OrderState:
        """Withdraw what is not filled of an order; returns the state it is in afterwards."""
        ...

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """The account's orders that may still be filled, oldest first."""
        ...

    def positions(self) -> dict[str, float]:
        """Units held by symbol (short: negative), by the broker's own count."""
        ...

    def cash(self) -> float:
        """Cash of the account (account currency)."""
        ...

    def server_time(self) -> datetime:
        """The venue's clock (UTC, aware)."""
        ...
