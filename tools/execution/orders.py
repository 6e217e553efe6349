"""Order intents and fills: what is sent, under a deterministic id, and what came back."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Side = Literal["buy", "sell"]
OrderState = Literal["intended", "sent", "unknown", "accepted", "filled", "rejected", "cancelled"]
FillConvention = Literal["next_open", "next_close", "same_close"]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


def order_id(book: str, slot: str, symbol: str, leg: int, decision_version: int) -> str:
    """The id of an order: a function of book, slot, symbol, leg and decision; never of price, size or text."""
    key = "\x1f".join((book, slot, symbol, str(leg), str(decision_version)))
    return "bp-" + hashlib.sha256(key.encode()).hexdigest()[:24]


class Order(BaseModel):
    """An intent to trade `quantity` units of `symbol`; sized at `reference_price` (the last known close)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order_id: str
    symbol: str
    side: Side
    quantity: Positive
    reference_price: Positive
    leg: int = 0
    decision_version: int = 1


class Fill(BaseModel):
    """What came back: `price` is the executed price before costs, `cost` the cash paid in costs (account currency)."""

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
