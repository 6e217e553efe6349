"""What the desk asks of a broker: take an order under our id, and say what became of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tools.execution.orders import Fill, Order, OrderState


class Answer(NamedTuple):
    """What a broker knows of an order; `fill` where it is filled."""

    state: OrderState
    fill: Fill | None = None


class Broker(Protocol):
    """A venue, or a simulation of one.

    Any call may raise SourceUnavailable: a timeout, a lost connection, an answer that does not parse. Then the outcome
    is unknown, and only `query` can tell.
    """

    def submit(self, order: Order) -> OrderState:
        """Hand in an order: accepted, filled or rejected. The same id again is the same order, not another one."""
        ...

    def query(self, order_id: str) -> Answer | None:
        """What became of an id; None where this broker surely never saw it."""
        ...

    def cancel(self, order_id: str) -> OrderState:
        """Withdraw an order that is not filled; returns the state it is in afterwards."""
        ...

    def positions(self) -> dict[str, float]:
        """Units held by symbol, by the broker's own count."""
        ...
