"""The other side of an adapter under test: what a venue holds, how it is told to misbehave, and a gate that watches."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from data.errors import OrderRefused
from tools.execution.orders import Order


class Wire(NamedTuple):
    """An order as it stands at the venue; `kind` and `time_in_force` in our words."""

    order_id: str
    symbol: str
    side: str
    quantity: Decimal
    kind: str
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    reduce_only: bool = False


class Venue(Protocol):
    """The other side: what it holds, and how it is told to behave. Symbols and ids are ours."""

    def orders(self) -> list[Wire]:
        """Every order the venue took or rejected, once each, oldest first."""
        ...

    def requests(self) -> int:
        """How many requests of any kind reached the venue."""
        ...

    def fill(self, order_id: str, quantity: Decimal | None = None, price: Decimal | None = None) -> None:
        """Execute `quantity` of an order (what is open of it) at `price` (100), also after it was cancelled."""
        ...

    def overfill(self, order_id: str, quantity: Decimal) -> None:
        """Execute `quantity` whatever is open."""
        ...

    def repeat_execution(self, order_id: str) -> None:
        """Tell the last execution of an order once more."""
        ...

    def reject_next(self, reason: str) -> None:
        """Take the next order as rejected, for `reason`."""
        ...

    def lose_requests(self, count: int) -> None:
        """The next `count` requests never arrive: the adapter hears nothing."""
        ...

    def lose_answers(self, count: int) -> None:
        """The next `count` requests arrive and are carried out, and their answers are lost."""
        ...

    def answer_with(self, status: int, count: int, retry_after_s: float | None = None) -> None:
        """The next `count` requests are not carried out: HTTP 429, 500, or what says the same at this venue."""
        ...

    def garble(self, count: int) -> None:
        """The next `count` answers cannot be parsed."""
        ...

    def disconnect(self) -> None:
        """Cut the line; nothing arrives until `reconnect`."""
        ...

    def reconnect(self) -> None:
        """The line is there again."""
        ...

    def set_clock(self, at: datetime) -> None:
        """The venue's clock says `at`."""
        ...


class SpyGate:
    """A last gate that notes what it is asked, and refuses on demand."""

    def __init__(self) -> None:
        self.asked: list[Order] = []
        self.refusing = False

    def check(self, order: Order) -> None:
        self.asked.append(order)
        if self.refusing:
            raise OrderRefused(f"{order.symbol} is over a limit", "kit_rule", order.symbol, "trade less")
