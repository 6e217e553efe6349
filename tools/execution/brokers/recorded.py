"""The venue of a replay: what it answers is what the record says became of each order, and nothing leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.executions import TOLERANCE
from tools.execution.orders import Fill, Order, OrderState


class RecordedVenue(GatedBroker):
    """Keeps the Broker contract for the account of one record, whose executions a real venue made."""

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})

    def __init__(self, gate: LastGate, fills: Iterable[Fill], as_of: datetime) -> None:
        """`fills` are the record's executions, oldest first; `as_of` its instant (UTC)."""
        super().__init__(gate)
        self._fills, self._as_of = tuple(fills), as_of
        self._orders: dict[str, Order] = {}

    def _send(self, order: Order) -> OrderState:
        self._orders[order.order_id] = order
        return self._state(order)

    def query(self, order_id: str) -> Answer | None:
        """The executions the record has for an order that was sent to this venue."""
        order = self._orders.get(order_id)
        return None if order is None else Answer(self._state(order), self._of(order_id))

    def cancel(self, order_id: str) -> OrderState:
        """What is not in the record was not executed: nothing is left to withdraw."""
        order = self._orders.get(order_id)
        return "cancelled" if order is None else self._state(order)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Orders whose recorded executions do not make up the whole, in the order in which they were sent."""
        return tuple(
            OpenOrder(o.order_id, o.symbol, o.side, o.quantity, self._filled(o))
            for o in self._orders.values()
            if self._state(o) != "filled"
        )

    def positions(self) -> dict[str, float]:
        """Units the record's executions gained or gave up, by symbol."""
        symbols = sorted({fill.symbol for fill in self._fills})
        return {s: math.fsum(f.signed_quantity for f in self._fills if f.symbol == s) for s in symbols}

    def cash(self) -> float:
        """Cash the record's executions earned less what they paid, costs included (account currency)."""
        return -math.fsum(fill.signed_quantity * fill.price + fill.cost for fill in self._fills)

    def server_time(self) -> datetime:
        """The instant of the record."""
        return self._as_of

    def _of(self, order_id: str) -> tuple[Fill, ...]:
        return tuple(fill for fill in self._fills if fill.order_id == order_id)

    def _filled(self, order: Order) -> float:
        return math.fsum(fill.quantity for fill in self._of(order.order_id))

    def _state(self, order: Order) -> OrderState:
        filled = self._filled(order)
        if filled >= order.quantity * (1.0 - TOLERANCE):
            return "filled"
        return "partial" if filled > 0.0 else "accepted"
