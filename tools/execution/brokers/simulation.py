"""What one bar fills of an order, at what price and cost: the market of the paper broker."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tools.execution.orders import FillConvention, Order
from tools.market.terms import CostTerms, fill_cost, proportional_terms, split_fill, whole_lots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from data.outcomes import NextBar

ROUNDING = 1e-9
"""Fraction of a lot, or of an order, that is rounding of floats and no more."""


class SymbolTerms(NamedTuple):
    """The terms of trade of what a venue trades: row s of `terms` is that of symbols[s]."""

    symbols: tuple[str, ...]
    terms: CostTerms

    def row(self, symbol: str) -> dict[str, float] | None:
        """The terms of one symbol by name, or None where it is not traded here."""
        if symbol not in self.symbols:
            return None
        at = self.symbols.index(symbol)
        return {name: float(column[at]) for name, column in self.terms._asdict().items()}


def proportional(cost_bps: Mapping[str, float]) -> SymbolTerms:
    """Terms whose only cost is `cost_bps` by symbol, basis points of the notional; any size is filled."""
    rates: Sequence[float] = list(cost_bps.values())
    return SymbolTerms(tuple(cost_bps), proportional_terms(np.array(rates, dtype=np.float64)))


def terms_from(row: Mapping[str, float]) -> CostTerms:
    """`SymbolTerms.row` as terms of a single symbol; what it does not name is switched off."""
    columns = {name: np.array([value], dtype=np.float64) for name, value in row.items()}
    return proportional_terms(np.zeros(1))._replace(**columns)


class Attempt(NamedTuple):
    """What a bar does to an order: `units` filled at `price` (none where 0), and whether its stop has been reached."""

    units: float
    price: float
    cost: float
    convention: FillConvention
    triggered: bool


def attempt(order: Order, left: float, bar: NextBar, terms: CostTerms, triggered: bool) -> Attempt:
    """Fill what `bar` allows of the `left` units of an order under `terms` of a single symbol.

    A market order takes the bar's price. A buy limit is filled at the lower of price and limit where the bar traded
    at the limit or under it; a stop becomes a market order at the worse of price and stop where the bar reached it; a
    stop with a limit is filled in the bar that reaches it only where the limit allows the stop's price (what came
    first within a bar is not known). Sells are the mirror image. Where a bar has no high and low, only its price
    counts. No more than the participation cap of the bar's volume, in whole lots; fill-or-kill is all or nothing.
    """
    triggered = triggered or order.stop_price is None or _reaches(order, bar)
    price = _price(order, bar) if triggered else math.nan
    wanted = split_fill(left, bar.volume, float(terms.cap[0]))
    units = round(whole_lots(wanted * (1.0 + ROUNDING), float(terms.lot[0])), 9) if terms.lot[0] > 0.0 else wanted
    units = left if abs(units - left) <= ROUNDING * left else units
    if math.isnan(price) or units <= 0.0 or (order.time_in_force == "fok" and units < left):
        return Attempt(0.0, math.nan, 0.0, bar.convention, triggered)
    cost = fill_cost(units, price, 1.0, bar.volume, bar.volatility, terms, 0)
    return Attempt(units, price, cost, bar.convention if price == bar.price else "venue", triggered)


def _reaches(order: Order, bar: NextBar) -> bool:
    """Whether the bar traded at the stop or beyond it."""
    stop = order.stop_price or math.nan
    if order.side == "buy":
        return bar.price >= stop or bar.high >= stop
    return bar.price <= stop or bar.low <= stop


def _price(order: Order, bar: NextBar) -> float:
    """The price the bar gives a triggered order, or NaN where its limit was not reached."""
    sign = 1.0 if order.side == "buy" else -1.0  # a sell is a buy in mirrored prices
    first, lowest = sign * bar.price, sign * (bar.low if order.side == "buy" else bar.high)
    if order.stop_price is not None and first < sign * order.stop_price and _reaches(order, bar):
        first = lowest = sign * order.stop_price
    if order.limit_price is None or first <= sign * order.limit_price:
        return sign * first
    return order.limit_price if lowest <= sign * order.limit_price else math.nan
