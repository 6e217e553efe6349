"""Synthetic depth: the order book that a daily bar lets one expect, so that walking it costs the square-root law.

The lots offered within a distance d of the best price (a fraction of the mid) are

    D(d) = volume x (d / (1.5 x impact x volatility))^2

A book whose density grows linearly with the distance from the price is the "latent order book" of Toth et al.,
"Anomalous price impact and the critical nature of liquidity in financial markets" (Phys. Rev. X 1, 021006, 2011). An
order of x units that walks it reaches d = 1.5 x impact x volatility x sqrt(x / volume), and on average pays two thirds
of that: the square-root impact of `tools.market.terms` with the same coefficient. A model of cost, not of any book.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.errors import InputError
from data.market import IntArray
from tools.market.orderbook import codes as c
from tools.market.orderbook.codes import Side
from tools.market.orderbook.feed import feed_of
from tools.market.orderbook.grid import Grid

_EXACT = 1e-6
"""Of a tick: a price that close to the grid lies on it."""


@dataclass(frozen=True, slots=True)
class BarDepth:
    """What a bar tells. InputError for what is not finite, not positive, or a negative spread."""

    price: float
    """Mid, quote currency a unit."""
    half_spread_bps: float
    """Of the price."""
    volume: float
    """Units of one bar."""
    volatility: float
    """Standard deviation of the return of one bar."""
    impact: float = 1.0
    """Coefficient of the square-root law (CostTerms.impact); about 1 across markets (Toth et al. 2011, section II)."""

    def __post_init__(self) -> None:
        positive = (self.price, self.volume, self.volatility, self.impact)
        if not all(math.isfinite(v) and v > 0.0 for v in positive):
            raise InputError(f"a bar of {positive}", "give a positive price, volume, volatility and impact")
        if not (math.isfinite(self.half_spread_bps) and 0.0 <= self.half_spread_bps < 10_000.0):
            raise InputError(f"a half-spread of {self.half_spread_bps} bps", "give 0 to 10,000")


def synthetic_levels(bar: BarDepth, grid: Grid, levels: int) -> IntArray:
    """One message (rows, FEED_COLUMNS) at time 0 with up to `levels` ticks a side, bids then asks, each from the best.

    Each tick holds the whole lots within half a tick of it, rounding carried on; ticks without a whole lot are left
    out. The best bid is at or below the mid less the half-spread, the best ask at or above the mid plus it, never at
    one tick. InputError where no level of one side lies in the window of the grid.
    """
    sides = [_side(bar, grid, levels, Side.BUY), _side(bar, grid, levels, Side.SELL)]
    for side, rows in zip((Side.BUY, Side.SELL), sides, strict=True):
        if not rows:
            raise InputError(f"{grid.symbol}: no {side.name} level", "widen the window, or take more levels")
    return feed_of(sides).rows


def _side(bar: BarDepth, grid: Grid, levels: int, side: Side) -> list[list[int]]:
    tick, low = float(grid.tick), float(grid.low)
    half = bar.price * bar.half_spread_bps * 1e-4
    first = math.floor((bar.price - half - low) / tick + _EXACT)
    if side is Side.SELL:
        first = max(first + 1, math.ceil((bar.price + half - low) / tick - _EXACT))
    rows: list[list[int]] = []
    offered = 0
    for k in range(levels):
        at = first - side * k
        if not 0 <= at < grid.ticks:
            break
        reach = (k + 0.5) * tick / (1.5 * bar.impact * bar.volatility * bar.price)
        lots = min(math.floor(bar.volume * reach * reach / float(grid.lot)) - offered, c.MAX_QUANTITY)
        if lots > 0:
            rows.append([0, c.LEVEL, side, at, lots])
            offered += lots
    return rows
