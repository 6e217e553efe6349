"""The rules of a run: when an order is filled, what it is sized at, and what an account may do.

One slot of either engine, in this order:

1. carry since the last slot, on the cash and the units with which that slot ended, at its marks: interest on cash,
   borrow on shorts, funding on positions;
2. corporate actions, before the open: a split multiplies units and pending units, a dividend pays cash (a short pays);
3. orders that wait for an open are filled at it (`next_open`);
4. orders that wait for a close are filled at it (`next_close`);
5. the account is marked at the close: cash plus units x (close x fx), added up in column order;
6. a decision is taken on those marks; it replaces whatever is still pending;
7. under `same_close` orders, waiting ones as well, are filled at that very close;
8. what is delisted at this slot turns into cash at its close times the recovery, and its orders are dropped.

A decision is a row of target weights: NaN keeps the units held, a row of NaN decides nothing (what is pending stays).
The units wanted are weight x value / (price x fx), rounded towards zero to whole lots; value and prices are those of
the decision (`sizing` is "decision") or, all symbols at that open or close, of the fill ("fill"). At a value of 0 or
less, 0 units are wanted. An order is what is wanted less what is held; a change of at most 1e-12 of what is held is
rounding, and no order. A weight on a symbol that has no price yet, or whose last bar is past, orders nothing.

Sells go before buys, each in column order. An order whose notional at the sizing price is under `min_notional` is left
out unless it closes a position. A symbol without a fresh bar is not filled: its order waits, under sizing "fill"
unsized. A participation cap fills at most cap x volume, in whole lots where it binds; the rest waits in units. Without
`borrow`, a buy that cash cannot pay, costs included, is cut to the most whole lots that it can, and the remainder is
dropped; a row that adds up beyond 1 (by more than 1e-9) is then an error. Without `short`, a negative weight is an
error, as is one beyond a million. Costs and carry alone may leave cash below zero.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SimulatedFill = Literal["next_open", "next_close", "same_close"]
"""The bar's price at which a decision is filled; "same_close" is for comparison: nobody trades at the close he saw."""
Sizing = Literal["decision", "fill"]
"""Whose prices and value turn a weight into units."""


class Rules(BaseModel):
    """Money is in the account currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fill: SimulatedFill = "next_open"
    sizing: Sizing = "decision"
    initial_cash: float = Field(default=1_000_000.0, gt=0.0, le=1e15, allow_inf_nan=False)
    min_notional: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    short: bool = False
    """Whether units may be sold that are not held."""
    borrow: bool = False
    """Whether cash may become negative."""
    recovery: float = Field(default=1.0, ge=0.0, le=1.0, allow_inf_nan=False)
    """What a delisted symbol pays, as a fraction of its last close."""
