"""The messages of Trader Workstation's API, field by field, in the layouts of server version 157."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

ENDED = {"Filled", "Cancelled", "Inactive"}
Message = tuple[Any, ...]


@dataclass
class Listed:
    """A contract of the stub's."""

    number: int
    symbol: str
    kind: str = "STK"
    currency: str = "USD"
    tick: str = "0.01"
    multiplier: str = ""
    expiry: str = ""

    def fields(self) -> Message:
        return (self.number, self.symbol, self.kind, self.expiry, "0", "", self.multiplier, "SMART", self.currency,
                self.symbol, self.symbol)  # fmt: skip


LISTED = [
    Listed(265598, "AAPL"), Listed(272093, "MSFT"), Listed(72063691, "BRK B"), Listed(14204, "SAP", currency="EUR"),
    Listed(1, "DUAL"), Listed(2, "DUAL"), Listed(12087792, "EUR", "CASH"), Listed(69067924, "XAUUSD", "CMDTY"),
    Listed(495512563, "ES", "FUT", multiplier="50", expiry="20251219"),
]  # fmt: skip


@dataclass
class Placed:
    """An order as the stub holds it."""

    number: int
    client: int
    permanent: int
    listed: Listed
    side: str
    quantity: Decimal
    kind: str
    limit: str
    stop: str
    time_in_force: str
    account: str
    reference: str
    status: str = "Submitted"
    filled: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.quantity - self.filled)


@dataclass
class Executed:
    """One execution; `total` is what was executed of the order with it."""

    order: Placed
    name: str
    quantity: Decimal
    price: Decimal
    total: Decimal
    at: datetime


def status(order: Placed) -> Message:
    return (3, order.number, order.status, order.filled, order.left, "100", order.permanent, 0, "100", order.client,
            "", "0")  # fmt: skip


def executed(e: Executed, request: int, zone: str, commission: Decimal | None = None) -> list[Message]:
    """An execution and, where it is known, its commission; without a `zone` the time is TWS's own, here UTC."""
    at = e.at.strftime("%Y%m%d %H:%M:%S") + zone if zone else e.at.strftime("%Y%m%d  %H:%M:%S")
    order = e.order
    details = (
        11, request, order.number, *order.listed.fields(), e.name, at, order.account, "ISLAND",
        "BOT" if order.side == "BUY" else "SLD", e.quantity, e.price, order.permanent, order.client, "0", e.total,
        e.price, order.reference, "", "", "", "1",
    )  # fmt: skip
    return [details] if commission is None else [details, (59, 1, e.name, commission, "USD", "", "", "")]


def open_order(o: Placed) -> Message:
    return (
        5, o.number, *o.listed.fields(), o.side, o.quantity, o.kind, o.limit, o.stop, o.time_in_force, "", o.account,
        "O", "0", o.reference, o.client, o.permanent, *[""] * 9, *[""] * 29, *[""] * 7, "0", "0", "0", *[""] * 3, "",
        *[""] * 4, "0", "", "0", "0", o.status, *[""] * 16, "0", *[""] * 16,
    )  # fmt: skip


def completed(o: Placed) -> Message:
    return (
        101, *o.listed.fields(), o.side, o.left, o.kind, o.limit, o.stop, o.time_in_force, "", o.account, "O", "0",
        o.reference, o.permanent, *[""] * 8, *[""] * 23, *[""] * 5, "0", "0", "0", *[""] * 3, "", *[""] * 3, "0", "",
        "0", o.status, "", "", "0", *[""] * 6, o.filled, *[""] * 8,
    )  # fmt: skip


def error(number: int, code: int, words: str) -> Message:
    return (4, 2, number, code, words)


def number_of(asked: list[str]) -> int:
    """The number under which a request would be refused; -1 for one without."""
    return int(asked[{3: 1}.get(int(asked[0]), 2)]) if int(asked[0]) in (3, 4, 7, 9, 76) else -1
