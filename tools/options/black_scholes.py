"""European prices and Greeks in the generalised Black-Scholes form, where the cost of carry tells the models apart.

    price = sign * (spot e^((carry - rate) years) N(sign d1) - strike e^(-rate years) N(sign d2))

`carry` is the growth of the forward, a year: rate - dividend gives Black-Scholes-Merton (1973), 0 gives Black (1976) on
a future, rate - foreign rate gives Garman-Kohlhagen (1983). Formulas: E. G. Haug, "The Complete Guide to Option Pricing
Formulas" (2007), chapters 1 and 2. Rates, carry and dividend are continuous, fractions per year.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.black import density, normal
from data.compiled import njit
from data.market import BoolArray, FloatArray
from tools.options.inputs import Calls, Numbers, call_column, columns


class Greeks(NamedTuple):
    """Each (N,), for one unit of the underlying; where vol x sqrt(years) is 0, what curves there (gamma, ...) is 0."""

    price: FloatArray
    """Currency."""
    delta: FloatArray
    """d price / d spot."""
    gamma: FloatArray
    """d delta / d spot."""
    vega: FloatArray
    """d price / d vol, per 1.0 of vol (100 points)."""
    theta: FloatArray
    """-d price / d years: gained as a year passes (per 365 days divide by 365)."""
    rho: FloatArray
    """d price / d rate, per 1.0: the dividend stays (Black-Scholes-Merton), or the future's price (Black-76)."""
    carry_rho: FloatArray
    """d price / d carry at the same rate, per 1.0; minus d price / d dividend."""
    vanna: FloatArray
    """d delta / d vol, per 1.0 of vol."""
    volga: FloatArray
    """d vega / d vol, per 1.0 of vol squared."""
    charm: FloatArray
    """-d delta / d years: what delta gains as a year passes."""


def black_scholes_merton(
    spot: Numbers, strike: Numbers, years: Numbers, vol: Numbers, rate: Numbers, dividend: Numbers, call: Calls
) -> Greeks:
    """Price and Greeks of options on a spot that pays `dividend`; raises InputError as `inputs.columns`."""
    s, k, t, v, r, q = columns(spot=spot, strike=strike, years=years, vol=vol, rate=rate, dividend=dividend)
    out = Greeks(*_greeks(s, k, t, v, r, r - q, call_column(call, len(s))))
    return out._replace(rho=out.rho + out.carry_rho)


def black_76(forward: Numbers, strike: Numbers, years: Numbers, vol: Numbers, rate: Numbers, call: Calls) -> Greeks:
    """Price and Greeks of options on a future; delta and gamma are with respect to its price."""
    f, k, t, v, r, b = columns(spot=forward, strike=strike, years=years, vol=vol, rate=rate, carry=0.0)
    return Greeks(*_greeks(f, k, t, v, r, b, call_column(call, len(f))))


def european_price(
    spot: Numbers, strike: Numbers, years: Numbers, vol: Numbers, rate: Numbers, carry: Numbers, call: Calls
) -> FloatArray:
    """Prices alone, (N,), in the generalised form."""
    s, k, t, v, r, b = columns(spot=spot, strike=strike, years=years, vol=vol, rate=rate, carry=carry)
    return _prices(s, k, t, v, r, b, call_column(call, len(s)))


@njit(cache=True)
def price_one(
    spot: float, strike: float, years: float, vol: float, rate: float, carry: float, call: bool
) -> tuple[float, float]:
    """(price, delta) of one option."""
    sign = 1.0 if call else -1.0
    near, far = math.exp((carry - rate) * years), math.exp(-rate * years)
    d1, d2 = _moneyness(spot, strike, years, vol, carry)
    delta = sign * near * normal(sign * d1)
    return max(spot * delta - sign * strike * far * normal(sign * d2), 0.0), delta


@njit(cache=True)
def _moneyness(spot: float, strike: float, years: float, vol: float, carry: float) -> tuple[float, float]:
    """(d1, d2); infinite where nothing is uncertain, 0 where that leaves the forward at the strike."""
    above = math.log(spot / strike) + carry * years
    deviation = vol * math.sqrt(years)
    if deviation > 0.0:
        return above / deviation + 0.5 * deviation, above / deviation - 0.5 * deviation
    limit = math.copysign(math.inf, above) if above != 0.0 else 0.0
    return limit, limit


@njit(cache=True)
def _prices(
    spot: FloatArray, strike: FloatArray, years: FloatArray, vol: FloatArray, rate: FloatArray, carry: FloatArray,
    call: BoolArray,
) -> FloatArray:  # fmt: skip
    out = np.empty(spot.size)
    for i in range(spot.size):
        out[i] = price_one(spot[i], strike[i], years[i], vol[i], rate[i], carry[i], call[i])[0]
    return out


@njit(cache=True)
def _greeks(
    spot: FloatArray, strike: FloatArray, years: FloatArray, vol: FloatArray, rate: FloatArray, carry: FloatArray,
    call: BoolArray,
) -> FloatArray:  # fmt: skip
    """The fields of Greeks in their order, (10, N); `rho` at the same carry."""
    out = np.zeros((10, spot.size))
    for i in range(spot.size):
        s, t, v, b = spot[i], years[i], vol[i], carry[i]
        sign = 1.0 if call[i] else -1.0
        near, far = math.exp((b - rate[i]) * t), strike[i] * math.exp(-rate[i] * t)
        d1, d2 = _moneyness(s, strike[i], t, v, b)
        delta, paid = sign * near * normal(sign * d1), sign * far * normal(sign * d2)
        price = max(s * delta - paid, 0.0)
        out[0, i], out[1, i] = price, delta
        out[4, i] = (rate[i] - b) * s * delta - rate[i] * paid
        out[5, i], out[6, i] = -t * price, t * s * delta
        out[9, i] = (rate[i] - b) * delta
        deviation = v * math.sqrt(t)
        if deviation > 0.0:
            peak = near * density(d1)
            vega = s * peak * math.sqrt(t)
            out[2, i], out[3, i] = peak / (s * deviation), vega
            out[4, i] -= 0.5 * vega * v / t
            out[7, i], out[8, i] = -peak * d2 / v, vega * d1 * d2 / v
            out[9, i] -= peak * (b / deviation - 0.5 * d2 / t)
    return out
