"""The rules of a run: when an order is filled, what it is sized at, and what an account may do.

One slot of either engine, in this order:

1. corporate actions, before the open: a split multiplies units, a dividend pays cash (a short pays it), pending orders
   are split as well;
2. carry since the last slot: interest on cash, borrow on shorts, funding on positions, at the last marks;
3. orders that wait for an open are filled at it (`next_open`);
4. orders that wait for a close are filled at it (`next_close`);
5. the account is marked at the close;
6. a decision is taken on those marks; it replaces whatever is still pending;
7. under `same_close` its orders are filled at that very close;
8. what is delisted at this slot turns into cash at its close times the recovery.

A decision is a row of target weights: NaN keeps the units held, a row of NaN decides nothing. The units wanted are
weight x value / price, rounded towards zero to whole lots; value and prices are those of the decision (`sizing` is
"decision") or of the fill ("fill"). Sells go before buys, each in column order. An order whose notional at the sizing
price is under `min_notional` is left out unless it closes a position. Without `borrow`, a buy is cut to what cash can
pay, costs included; without `short`, a negative weight is an error. A symbol without a fresh bar is not filled: its
order waits. Where a participation cap leaves part of an order unfilled, the rest waits.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.execution.orders import FillConvention

Sizing = Literal["decision", "fill"]
"""Whose prices and value turn a weight into units."""


class Rules(BaseModel):
    """Money is in the account currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fill: FillConvention = "next_open"
    sizing: Sizing = "decision"
    initial_cash: float = Field(default=1_000_000.0, gt=0.0, le=1e15, allow_inf_nan=False)
    min_notional: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    short: bool = False
    """Whether units may be sold that are not held."""
    borrow: bool = False
    """Whether cash may become negative."""
    recovery: float = Field(default=1.0, ge=0.0, le=1.0, allow_inf_nan=False)
    """What a delisted symbol pays, as a fraction of its last close."""
