"""Order intents and executions: what is sent, under a deterministic id, and what came back, piece by piece."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Side = Literal["buy", "sell"]
OrderKind = Literal["market", "limit", "stop", "stop_limit"]
"""`stop` becomes a market order, `stop_limit` a limit order, once the price reaches `stop_price`."""
TimeInForce = Literal["day", "gtc", "ioc", "fok"]
"""Until the session ends; until cancelled; what can be filled at once, or the whole at once, and nothing later."""
OrderState = Literal["intended", "sent", "unknown", "accepted", "partial", "filled", "rejected", "cancelled"]
FillConvention = Literal["next_open", "next_close", "same_close", "venue"]
"""Whose price a fill was made at: a bar's open or close, or what a venue reported."""
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


def order_id(book: str, slot: str, symbol: str, leg: int, decision_version: int) -> str:
    """The id of an order: a function of book, slot, symbol, leg and decision; never of price, size or text."""
    key = "\x1f".join((book, slot, symbol, str(leg), str(decision_version)))
    return "bp-" + hashlib.sha256(key.encode()).hexdigest()[:24]


class Order(BaseModel):
    """An intent to trade `quantity` units of `symbol`; sized at `reference_price` (the last known close).

    `limit_price` is given for the kinds that have a limit and `stop_price` for those that have a stop, both in the
    symbol's currency per unit. A `reduce_only` order may bring a position nearer to zero, never past it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order_id: str
    symbol: str
    side: Side
    quantity: Positive
    reference_price: Positive
    leg: int = 0
    decision_version: int = 1
    kind: OrderKind = "market"
    limit_price: Positive | None = None
    stop_price: Positive | None = None
    time_in_force: TimeInForce = "day"
    reduce_only: bool = False

    @model_validator(mode="after")
    def _has_the_prices_of_its_kind(self) -> Self:
        for price, needed, name in (
            (self.limit_price, self.kind in ("limit", "stop_limit"), "limit_price"),
            (self.stop_price, self.kind in ("stop", "stop_limit"), "stop_price"),
        ):
            if (price is None) == needed:
                raise ValueError(f"a {self.kind} order on {self.symbol} {'needs a' if needed else 'has no'} {name}")
        return self


class Fill(BaseModel):
    """One execution: `price` before costs, `cost` the cash paid in costs (account currency).

    (`order_id`, `execution_id`) is unique; the same pair again is the same execution, told twice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order_id: str
    symbol: str
    side: Side
    quantity: Positive
    price: Positive
    cost: float = Field(ge=0.0, allow_inf_nan=False)
    convention: FillConvention
    bar_time: str
    """ISO time (UTC) of the instant whose price was taken."""
    execution_id: str = ""
    """The venue's own id of the execution; "" at a venue that fills every order whole."""

    @property
    def signed_quantity(self) -> float:
        """Units gained (a buy) or given up (a sell, negative)."""
        return self.quantity if self.side == "buy" else -self.quantity
