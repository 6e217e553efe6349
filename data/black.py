"""Black's formula (1976) and its inverse, the implied volatility: the one arithmetic of every room that needs either.

With x = -|log(forward / strike)| and s = volatility x sqrt(years), the undiscounted price of the out-of-the-money call
or put, over sqrt(forward x strike), is

    b(x, s) = exp(x/2) N(x/s + s/2) - exp(-x/2) N(x/s - s/2),      0 < b < exp(x/2)

It has one inflection, at s = sqrt(2|x|). Below it 1/log b is close to linear in s^2, far above it log(exp(x/2) - b) is
smooth: solved in these forms, a few Halley steps reach the last bits (P. Jaeckel, "Let's be rational", 2015).
"""

from __future__ import annotations

import math

import numpy as np

from data.compiled import njit
from data.market import BoolArray, FloatArray

_ROOT_2 = math.sqrt(2.0)
_ROOT_PI = math.sqrt(math.pi)
_ROOT_2PI = math.sqrt(2.0 * math.pi)
_STEPS = 48
_CLOSE = 1e-7
"""A relative step below this is the last: what it leaves is of third order."""
_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)
"""Of the intrinsic value: a time value within it is none."""


@njit(cache=True)
def black_prices(forward: float, strike: FloatArray, years: float, vol: FloatArray, call: BoolArray) -> FloatArray:
    """Undiscounted prices of options on one forward, (N,), as `strike`, `vol` (fractions per year) and `call`."""
    out = np.empty(strike.size)
    for i in range(strike.size):
        x = math.log(forward / strike[i])
        time_value = math.sqrt(forward * strike[i]) * normalised_black(-abs(x), vol[i] * math.sqrt(years))
        out[i] = intrinsic(forward, strike[i], call[i]) + time_value
    return out


@njit(cache=True)
def black_vols(price: FloatArray, forward: float, strike: FloatArray, years: float, call: BoolArray) -> FloatArray:
    """The inverse of `black_prices`, (N,), fractions per year; NaN where a price has no volatility."""
    out = np.empty(price.size)
    for i in range(price.size):
        out[i] = black_vol(price[i], forward, strike[i], years, call[i])
    return out


@njit(cache=True)
def black_vol(price: float, forward: float, strike: float, years: float, call: bool) -> float:
    """The volatility of an undiscounted price; NaN for no price, and at or outside the bounds of arbitrage.

    Solved for the out-of-the-money option of the same strike, whose price is the time value of this one.
    """
    least = intrinsic(forward, strike, call)
    value = price - least
    if not (value > _ROUNDING * least and years > 0.0 and forward > 0.0 and strike > 0.0):
        return math.nan
    x = -abs(math.log(forward / strike))
    scaled = value / math.sqrt(forward) / math.sqrt(strike)
    return implied_deviation(scaled, x) / math.sqrt(years) if 0.0 < scaled < math.exp(0.5 * x) else math.nan


@njit(cache=True)
def intrinsic(forward: float, strike: float, call: bool) -> float:
    """What exercise at the forward would pay."""
    return max(forward - strike if call else strike - forward, 0.0)


@njit(cache=True)
def density(x: float) -> float:
    """Standard normal density."""
    return math.exp(-0.5 * x * x) / _ROOT_2PI


@njit(cache=True)
def normal(x: float) -> float:
    """Standard normal distribution function, to full relative precision in the lower tail."""
    return 0.5 * math.erfc(-x / _ROOT_2)


@njit(cache=True)
def erfcx(z: float) -> float:
    """exp(z^2) erfc(z) for z >= 0; z^2 is split as in W. J. Cody (1969), so that no digits are lost in the tail."""
    if z < 9.0:
        coarse = math.floor(16.0 * z) / 16.0
        return math.exp(coarse * coarse) * math.exp((z - coarse) * (z + coarse)) * math.erfc(z)
    term, total, square = 1.0, 1.0, 2.0 * z * z
    for n in range(1, 12):
        term *= -(2.0 * n - 1.0) / square
        total += term
    return total / (z * _ROOT_PI)


@njit(cache=True)
def normal_quantile(p: float) -> float:
    """Inverse of `normal` for 0 < p <= 0.5, relative error under 1.2e-9 (P. Acklam's rational approximation, 2003)."""
    if p < 0.02425:
        q = math.sqrt(-2.0 * math.log(p))
        top = (((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q
        low = (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q
        return ((top + 4.374664141464968) * q + 2.938163982698783) / (low + 1.0)
    q = p - 0.5
    r = q * q
    top = ((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690
    top = ((top * r - 30.66479806614716) * r + 2.506628277459239) * q
    low = ((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972
    return top / ((low * r - 13.28068155288572) * r + 1.0)


@njit(cache=True)
def normalised_black(x: float, s: float) -> float:
    """b(x, s) for x <= 0 and s >= 0."""
    if s <= 0.0:
        return 0.0
    h, t = x / s, 0.5 * s
    return math.exp(0.5 * x) * normal(h + t) - math.exp(-0.5 * x) * normal(h - t)


@njit(cache=True)
def implied_deviation(b: float, x: float) -> float:
    """s with b(x, s) = b, for x <= 0 and 0 < b < exp(x/2); its relative error is that of `b` times b / (s b')."""
    if x == 0.0:
        return _above(b, x, 0.0, 0.0)
    centre = math.sqrt(-2.0 * x)
    at_centre = 0.5 * math.exp(0.5 * x) * (1.0 - erfcx(centre / _ROOT_2))
    return _below(b, x, centre, at_centre) if b < at_centre else _above(b, x, centre, at_centre)


@njit(cache=True)
def _below(b: float, x: float, centre: float, at_centre: float) -> float:
    """The root left of the inflection, in the form 1 / log b."""
    goal = 1.0 / math.log(b)
    share = goal * math.log(at_centre)
    s = math.sqrt(-goal * (0.5 * x * x * (1.0 - share) - centre * centre * math.log(at_centre) * share))
    low, high = 0.0, centre
    for _ in range(_STEPS):
        h, t = x / s, 0.5 * s
        gap = erfcx(-(h + t) / _ROOT_2) - erfcx((t - h) / _ROOT_2)
        if gap <= 0.0:
            low, s = s, 0.5 * (s + high)
            continue
        log_b = math.log(0.5 * gap) - 0.5 * (h * h + t * t)
        relative = 2.0 / (_ROOT_2PI * gap)
        newton = -(1.0 / log_b - goal) * log_b * log_b / relative
        low, high = (low, s) if newton > 0.0 else (s, high)
        bend = x * x / (s * s * s) - 0.25 * s - relative - 2.0 * relative / log_b
        step, s = s, _next(s, newton, bend, low, high)
        if abs(s - step) <= _CLOSE * s:
            break
    return s


@njit(cache=True)
def _above(b: float, x: float, centre: float, at_centre: float) -> float:
    """The root right of the inflection: in b itself, or in log(exp(x/2) - b) where b is past half of its bound."""
    top = math.exp(0.5 * x)
    rest = top - b
    s = -2.0 * normal_quantile(normal(-0.5 * centre) * min(1.0, rest / (top - at_centre)))
    low, high = centre, centre + 40.0
    s = min(max(s, centre + 1e-12), high)
    for _ in range(_STEPS):
        h, t = x / s, 0.5 * s
        spread = 0.5 * (erfcx((h + t) / _ROOT_2) + erfcx((t - h) / _ROOT_2))
        log_left = math.log(spread) - 0.5 * (h * h + t * t)
        bend = x * x / (s * s * s) - 0.25 * s
        if rest < 0.5 * top:
            relative = 1.0 / (_ROOT_2PI * spread)
            newton = (math.log(rest) - log_left) / relative
            bend += relative
        else:
            newton = (rest - math.exp(log_left)) / density(math.sqrt(h * h + t * t))
        low, high = (low, s) if newton > 0.0 else (s, high)
        step, s = s, _next(s, newton, bend, low, high)
        if abs(s - step) <= _CLOSE * s:
            break
    return s


@njit(cache=True)
def _next(s: float, newton: float, bend: float, low: float, high: float) -> float:
    """Halley's step from `s`: `newton` is error over slope, `bend` curvature over slope; else the middle."""
    after = s - newton / min(max(1.0 - 0.5 * newton * bend, 0.5), 2.0)
    return after if low <= after <= high else 0.5 * (low + high)
