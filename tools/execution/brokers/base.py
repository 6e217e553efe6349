"""What every adapter is: a venue that no order reaches unless the last gate lets it through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Protocol, final

from data.errors import ClockSkew, OrderRefused
from tools.execution.broker import Answer, OpenOrder
from tools.execution.orders import Order, OrderState

MAX_SKEW_S = 5.0
"""How far the venue's clock may be from ours (seconds): wide of any network, narrow against a session's end."""
Capability = Literal["limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"]
"""What an order may ask for beside `market` and `day`, which every venue knows."""


class LastGate(Protocol):
    """The limits that are checked where an order leaves the house."""

    def check(self, order: Order) -> None:
        """Raise OrderRefused (rule, symbol) where the order must not leave."""
        ...


class RecordedGate:
    """A gate that refuses the orders it is told, in the words it is told: for replays, and where nothing is refused."""

    def __init__(self, refusals: Mapping[str, str] | None = None) -> None:
        """`refusals`: the reason by order id."""
        self._refusals = dict(refusals or {})

    def check(self, order: Order) -> None:
        """OrderRefused where the order's id was refused before."""
        if order.order_id in self._refusals:
            raise OrderRefused(self._refusals[order.order_id], "recorded", order.symbol)


class GatedBroker(ABC):
    """Keeps the Broker contract; adapters fill in `_send` and the rest, and `submit` cannot be overridden."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    """What this venue takes; anything else is refused before it is sent."""
    max_order_id: ClassVar[int] = 128
    """The longest client order id the venue takes, in characters."""

    def __init__(self, gate: LastGate) -> None:
        """`gate` is asked before each send, the repetition of one included."""
        self._gate = gate

    @final
    def submit(self, order: Order) -> OrderState:
        """Hand in an order that this venue can take and the gate lets through; see Broker.submit."""
        self._refuse_what_the_venue_cannot(order)
        self._gate.check(order)
        return self._send(order)

    @abstractmethod
    def _send(self, order: Order) -> OrderState:
        """Broker.submit behind the gate."""

    @abstractmethod
    def query(self, order_id: str) -> Answer | None:
        """See Broker."""

    @abstractmethod
    def cancel(self, order_id: str) -> OrderState:
        """See Broker."""

    @abstractmethod
    def open_orders(self) -> tuple[OpenOrder, ...]:
        """See Broker."""

    @abstractmethod
    def positions(self) -> dict[str, float]:
        """See Broker."""

    @abstractmethod
    def cash(self) -> float:
        """See Broker."""

    @abstractmethod
    def server_time(self) -> datetime:
        """See Broker."""

    def close(self) -> None:  # noqa: B027 - most venues keep no line open
        """Let go of the line to the venue; orders stay where they are."""

    def verify_clock(self, now: datetime, tolerance_s: float = MAX_SKEW_S) -> None:
        """ClockSkew where the venue's clock is more than `tolerance_s` away from `now` (UTC, aware)."""
        skew_s = (self.server_time() - now).total_seconds()
        if abs(skew_s) > tolerance_s:
            raise ClockSkew(f"the broker's clock is {skew_s:+.1f} s from ours", "synchronise this machine's clock")

    def _refuse_what_the_venue_cannot(self, order: Order) -> None:
        """It may have been built around validation, so its words are not trusted to be words."""
        if type(order) is not Order or type(order.__dict__.get("order_id")) is not str:
            raise OrderRefused("what was handed in is no order", "malformed", str(getattr(order, "symbol", "")))
        asked = [str(order.kind), str(order.time_in_force), *(["reduce_only"] if order.reduce_only else [])]
        missing = [name for name in asked if name not in ("market", "day") and name not in self.capabilities]
        if missing:
            takes = ", ".join(sorted({"market", "day", *self.capabilities}))
            raise OrderRefused(
                f"{order.symbol}: this broker takes no {missing[0]} order", "capability", order.symbol, f"use {takes}"
            )
        if len(order.order_id) > self.max_order_id:
            raise OrderRefused(
                f"{order.symbol}: the id {order.order_id} is longer than {self.max_order_id} characters",
                "order_id", order.symbol, "make ids with tools.execution.orders.order_id",
            )  # fmt: skip
