"""A broker whose answers the gate hears, so that what is filled, cancelled or rejected stops counting as open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tools.execution.broker import Answer, Broker, OpenOrder
from tools.execution.orders import Order, OrderState

Learns = Callable[[str, Answer], None]
"""Order id, what the broker answered: `Gate.learn`."""


class WatchedBroker:
    """Keeps the Broker contract: every call goes to `broker`, and what `query` answers is told on."""

    def __init__(self, broker: Broker, learns: Learns) -> None:
        self._broker, self._learns = broker, learns

    def submit(self, order: Order) -> OrderState:
        """See Broker."""
        return self._broker.submit(order)

    def query(self, order_id: str) -> Answer | None:
        """See Broker."""
        answer = self._broker.query(order_id)
        if answer is not None:
            self._learns(order_id, answer)
        return answer

    def cancel(self, order_id: str) -> OrderState:
        """See Broker."""
        return self._broker.cancel(order_id)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker."""
        return self._broker.open_orders()

    def positions(self) -> dict[str, float]:
        """See Broker."""
        return self._broker.positions()

    def cash(self) -> float:
        """See Broker."""
        return self._broker.cash()

    def server_time(self) -> datetime:
        """See Broker."""
        return self._broker.server_time()
