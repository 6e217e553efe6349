"""The limits of the last gate: what no order may pass where it leaves the house, whoever sent it.

They are the outer fence around `RiskLimits`: the risk check shapes weights, the gate refuses orders. Exposures here are
worst cases: orders that may still be filled count in full, and sales that are not filled yet free nothing. A rotation
therefore stands above its target until its sales are done, and the defaults leave room for one cycle's turnover.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tools.risk.limits import Share

Money = Annotated[float, Field(gt=0.0, le=1e15, allow_inf_nan=False)]
"""A positive amount of the account currency."""
Multiple = Annotated[float, Field(gt=0.0, le=20.0, allow_inf_nan=False)]
"""A positive multiple of the equity."""
Seconds = Annotated[float, Field(ge=0.0, le=86_400.0, allow_inf_nan=False)]


class GateLimits(BaseModel):
    """Equity is cash plus positions at their marks. `_usd` is the account currency, US dollars unless it is renamed.

    The defaults are conventions for a book of a million: wide enough for its largest honest order, narrow enough that
    a slipped decimal point, a loop or a doubled order stops here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_currency: str = "USD"
    restricted: tuple[str, ...] = ()
    """Symbols of which nothing is opened; what is held of them may be reduced."""
    allow_short: bool = False
    """Whether a symbol may be sold beyond what is held."""
    max_order_notional_usd: Money = 1_000_000.0
    """Largest quantity x worst price of one order."""
    max_order_quantity: Money = 10_000_000.0
    """Most units of one order."""
    price_collar_bps: float = Field(default=1_000.0, gt=0.0, le=10_000.0, allow_inf_nan=False)
    """Furthest that a reference or limit price may lie from the last mark, basis points of the mark."""
    stop_collar_bps: float = Field(default=5_000.0, gt=0.0, le=10_000.0, allow_inf_nan=False)
    """The same for a stop price, which lies away from the market by nature."""
    max_participation: Share = 0.25
    """Most of a symbol's average volume per bar that one order, with those open on its side, may be."""
    require_volume: bool = False
    """Whether a symbol whose volume is unknown (currency pairs, price-only files) is refused."""
    max_name_weight: Multiple = 0.5
    """Largest worst-case exposure to one symbol, fraction of equity."""
    max_gross_usd: Money = 100_000_000.0
    """Largest worst-case sum of absolute exposures: a threshold of capital, which does not grow with the book."""
    max_net: Multiple = 1.75
    """Largest worst-case signed sum of exposures, fraction of equity, long or short."""
    max_leverage: Multiple = 1.75
    """Largest worst-case gross exposure, fraction of equity."""
    max_borrow: Share = 0.05
    """How far cash may fall below zero once all open orders are filled, fraction of equity: opening gaps and costs."""
    max_unsettled: Share = 0.75
    """How far cash may fall below zero if no open sale is filled, fraction of equity: purchases that wait for them."""
    cost_reserve_bps: float = Field(default=100.0, ge=0.0, le=1_000.0, allow_inf_nan=False)
    """Set aside for the costs of each open order, basis points of its notional."""
    duplicate_window_s: Seconds = 5.0
    """An order of the same symbol, side and size as one this recent is a duplicate, whatever its id."""
    max_messages_per_s: int = Field(default=250, ge=1, le=100_000)
    """Most orders that leave in any second, repetitions included."""
    max_repeats: int = Field(default=20, ge=1, le=100_000)
    """Orders of one symbol and side within `repeat_window_s`; the next one throws the kill switch."""
    repeat_window_s: Seconds = 3_600.0
