"""The terms of trade of each symbol, as arrays that numba reads, and what a fill costs under them."""

from __future__ import annotations

import math
from typing import NamedTuple

from numba import njit

from data.market import FloatArray
from tools.market.costs import trade_cost


class CostTerms(NamedTuple):
    """One row a symbol, (S,) float64 each; 0 switches a term off, and a cap of inf caps nothing."""

    rate_bps: FloatArray
    """Half-spread, commission and slippage in proportion to the notional, basis points."""
    spread_vol: FloatArray
    """Half-spread that grows with volatility: fraction of the notional per unit of one bar's volatility."""
    per_unit: FloatArray
    """Commission a share or contract, account currency."""
    minimum: FloatArray
    """Least commission of a fill (of the per-unit part), account currency."""
    impact: FloatArray
    """Square-root impact: fraction of the notional per unit of volatility x sqrt(units / volume of the bar)."""
    kyle: FloatArray
    """Kyle's lambda: fraction of the notional per unit of volatility x (units / volume of the bar)."""
    cap: FloatArray
    """Largest fraction of a bar's volume that may be filled."""
    lot: FloatArray
    """Smallest tradable number of units; 0 is any."""


@njit(cache=True)
def fill_cost(
    units: float, price: float, fx: float, volume: float, volatility: float, terms: CostTerms, s: int
) -> float:
    """Cash paid for filling `units` (either sign) of symbol s at `price`, in account currency; never negative.

    `fx` is account currency per unit of the symbol's; an unknown or empty `volume` (NaN, 0) has no impact term.
    """
    size = abs(units)
    notional = size * price * fx
    cost = trade_cost(notional, terms.rate_bps[s]) + notional * terms.spread_vol[s] * volatility
    if size > 0.0:
        cost += max(terms.minimum[s], size * terms.per_unit[s])
    if volume > 0.0:
        share = size / volume
        cost += notional * volatility * (terms.impact[s] * math.sqrt(share) + terms.kyle[s] * share)
    return cost


@njit(cache=True)
def whole_lots(units: float, lot: float) -> float:
    """`units` (either sign) rounded towards zero to whole lots; a lot of 0 leaves them."""
    if lot <= 0.0:
        return units
    return math.copysign(math.floor(abs(units) / lot) * lot, units)
