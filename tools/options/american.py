"""American options on a spot with a dividend yield, by the binomial tree of Leisen and Reimer (1996).

Its nodes are placed so that the European price converges as 1 / steps^2 (Peizer-Pratt inversion); early exercise makes
that 1 / steps, without the saw-tooth of Cox-Ross-Rubinstein. Steps are odd.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.compiled import njit
from data.errors import InputError
from data.market import BoolArray, FloatArray
from tools.options.inputs import Calls, Numbers, call_column, columns

STEPS = 301
_VOL_BUMP, _RATE_BUMP = 1e-3, 1e-4


class TreeGreeks(NamedTuple):
    """Each (N,), in the units of `black_scholes.Greeks`."""

    price: FloatArray
    delta: FloatArray
    """From the first two nodes."""
    gamma: FloatArray
    """From the three nodes of the second step."""
    theta: FloatArray
    """From price, delta and gamma by the Black-Scholes equation; 0 where exercise is due."""
    vega: FloatArray
    """Central difference of two trees, 0.1 vol points apart on either side."""
    rho: FloatArray
    """Central difference of two trees, 1 basis point apart on either side, at the same dividend."""


def american_greeks(
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    vol: Numbers,
    rate: Numbers,
    dividend: Numbers,
    call: Calls,
    steps: int = STEPS,
) -> TreeGreeks:
    """Prices and Greeks by five trees an option; raises InputError as `inputs.columns`, and where steps are not odd."""
    s, k, t, v, r, b, side = _arguments(spot, strike, years, vol, rate, dividend, call, steps)
    price, delta, gamma = _trees(s, k, t, v, r, b, side, steps)
    exercised = price <= np.where(side, s - k, k - s)
    theta = np.where(exercised | (t == 0.0), 0.0, r * price - b * s * delta - 0.5 * v * v * s * s * gamma)
    down = np.maximum(v - _VOL_BUMP, 0.0)
    vega = (_trees(s, k, t, v + _VOL_BUMP, r, b, side, steps)[0] - _trees(s, k, t, down, r, b, side, steps)[0]) / (
        v + _VOL_BUMP - down
    )
    high = _trees(s, k, t, v, r + _RATE_BUMP, b + _RATE_BUMP, side, steps)[0]
    low = _trees(s, k, t, v, r - _RATE_BUMP, b - _RATE_BUMP, side, steps)[0]
    return TreeGreeks(price, delta, gamma, theta, vega, (high - low) / (2.0 * _RATE_BUMP))


def american_price(
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    vol: Numbers,
    rate: Numbers,
    dividend: Numbers,
    call: Calls,
    steps: int = STEPS,
) -> FloatArray:
    """Prices alone, (N,)."""
    s, k, t, v, r, b, side = _arguments(spot, strike, years, vol, rate, dividend, call, steps)
    return _trees(s, k, t, v, r, b, side, steps)[0]


def _arguments(
    spot: Numbers, strike: Numbers, years: Numbers, vol: Numbers, rate: Numbers, dividend: Numbers, call: Calls,
    steps: int,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, BoolArray]:  # fmt: skip
    if steps % 2 == 0 or not 3 <= steps <= 20_001:
        raise InputError(f"A tree of {steps} steps", f"take an odd number from 3 to 20001, {STEPS} by default")
    s, k, t, v, r, q = columns(spot=spot, strike=strike, years=years, vol=vol, rate=rate, dividend=dividend)
    return s, k, t, v, r, r - q, call_column(call, len(s))


@njit(cache=True)
def _trees(
    spot: FloatArray, strike: FloatArray, years: FloatArray, vol: FloatArray, rate: FloatArray, carry: FloatArray,
    call: BoolArray, steps: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """(price, delta, gamma), each (N,)."""
    price, delta, gamma = np.empty(spot.size), np.empty(spot.size), np.empty(spot.size)
    values, nodes = np.empty(steps + 1), np.empty(steps + 1)
    for i in range(spot.size):
        sign = 1.0 if call[i] else -1.0
        price[i], delta[i], gamma[i] = _tree(
            spot[i], strike[i], years[i], vol[i], rate[i], carry[i], sign, values, nodes
        )
    return price, delta, gamma


@njit(cache=True)
def _tree(
    spot: float, strike: float, years: float, vol: float, rate: float, carry: float, sign: float, values: FloatArray,
    nodes: FloatArray,
) -> tuple[float, float, float]:  # fmt: skip
    """(price, delta, gamma); `values` and `nodes` (steps + 1,) are overwritten, sorted from the lowest node."""
    steps = values.size - 1
    deviation = vol * math.sqrt(years)
    if deviation <= 0.0:
        return _certain(spot, strike, years, rate, carry, sign, steps)
    dt = years / steps
    d2 = (math.log(spot / strike) + carry * years) / deviation - 0.5 * deviation
    up, down = _peizer_pratt(d2, steps), _peizer_pratt(-d2, steps)
    if up == 0.0 or down == 0.0:
        return _certain(spot, strike, years, rate, carry, sign, steps)
    growth, discount = math.exp(carry * dt), math.exp(-rate * dt)
    rise = growth * _peizer_pratt(d2 + deviation, steps) / up
    fall = growth * _peizer_pratt(-d2 - deviation, steps) / down
    for j in range(steps + 1):
        nodes[j] = spot * math.exp(j * math.log(rise) + (steps - j) * math.log(fall))
        values[j] = max(sign * (nodes[j] - strike), 0.0)
    up, down = up * discount, down * discount
    delta = gamma = 0.0
    for step in range(steps - 1, -1, -1):
        for j in range(step + 1):
            nodes[j] /= fall
            values[j] = max(down * values[j] + up * values[j + 1], sign * (nodes[j] - strike))
        if step == 2:
            above = (values[2] - values[1]) / (nodes[2] - nodes[1])
            below = (values[1] - values[0]) / (nodes[1] - nodes[0])
            gamma = 2.0 * (above - below) / (nodes[2] - nodes[0])
        elif step == 1:
            delta = (values[1] - values[0]) / (nodes[1] - nodes[0])
    return max(values[0], sign * (spot - strike)), delta, gamma


@njit(cache=True)
def _peizer_pratt(z: float, steps: int) -> float:
    """Probability whose binomial distribution over `steps` matches N(z): Peizer-Pratt inversion, method 2."""
    scaled = z / (steps + 1.0 / 3.0 + 0.1 / (steps + 1.0))
    gap = math.exp(-scaled * scaled * (steps + 1.0 / 6.0))
    root = math.sqrt(1.0 - gap)
    return 0.5 + 0.5 * root if z >= 0.0 else 0.5 * gap / (1.0 + root)


@njit(cache=True)
def _certain(
    spot: float, strike: float, years: float, rate: float, carry: float, sign: float, steps: int
) -> tuple[float, float, float]:
    """(price, delta, gamma) where the path is known: exercised at the step that pays most today."""
    best, delta = 0.0, 0.0
    for step in range(steps + 1):
        t = years * step / steps
        paid = sign * (spot * math.exp((carry - rate) * t) - strike * math.exp(-rate * t))
        if paid > best:
            best, delta = paid, sign * math.exp((carry - rate) * t)
    return best, delta, 0.0
