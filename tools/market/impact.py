"""Market impact: by how much the size of a fill moves its own average price, in units of one bar's volatility.

Both laws take `share`, the units filled over the volume of the bar; impact as a fraction of the price is their value
times the volatility of that bar. Both are even in the side and zero for nothing.
"""

from __future__ import annotations

import math

from data.compiled import njit

PEAK_TO_AVERAGE = 2.0 / 3.0
"""Average over peak impact of an order worked evenly under a square root: the mean of sqrt(x) over [0, 1]. No unit."""
SQUARE_ROOT = PEAK_TO_AVERAGE * 1.0
"""Default coefficient of `square_root_impact`. Peak impact is Y x volatility x sqrt(share) with Y about 1: Toth et al.,
"Anomalous price impact and the critical nature of liquidity in financial markets", Physical Review X 1 (2011) 021006;
the average price is moved by 2/3 of that. No unit."""
KYLE = 0.5
"""Coefficient of `kyle_impact` in equilibrium: lambda is half the standard deviation of the value over that of the
noise traders' flow (Kyle, "Continuous auctions and insider trading", Econometrica 53 (1985) 1315-1335, theorem 1). It
takes the volume of a bar for that standard deviation, and is off by default. No unit."""


@njit(cache=True)
def square_root_impact(share: float, coefficient: float) -> float:
    """coefficient x sqrt(share), in volatilities of one bar.

    Almgren, Thum, Hauptmann and Li ("Direct estimation of equity market impact", Risk, July 2005) measure
    0.142 x (share / days)^0.6 of temporary and 0.314 x share x (outstanding / volume)^0.25 of permanent impact on
    large US stocks, half of which is paid; over one day at share 0.1 that is 0.099 for a turnover of 1/263, where
    this law with `SQUARE_ROOT` says 0.21: the default is on the dear side.
    """
    return coefficient * math.sqrt(share)


@njit(cache=True)
def kyle_impact(share: float, coefficient: float) -> float:
    """coefficient x share, in volatilities of one bar: a price linear in the flow, lambda = coefficient x volatility x
    price / volume."""
    return coefficient * share


@njit(cache=True)
def impact_bps(notional: float, volume: float, volatility: float, coefficient: float) -> float:
    """The square-root law as a rate on the notional, basis points; an unknown or empty `volume` (NaN, 0) moves nothing.

    `notional` (>= 0) and `volume`, what the market traded in the bar, are in one currency; `volatility` of the bar is a
    fraction. An order beyond the whole volume counts as the whole: the law is not measured there.
    """
    if not (coefficient > 0.0 and volume > 0.0):
        return 0.0
    return 1e4 * volatility * square_root_impact(min(1.0, notional / volume), coefficient)
