"""The implied volatility surface of each underlying as it moves, and the Black-Scholes price on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from data.market import FloatArray, IntArray

YEAR = 365.25 * 86_400.0
"""Seconds."""
_PULL = 4.0
"""Speed at which implied variance returns to its long-run level, a year."""
_SKEW, _SMILE = 0.10, 0.02
"""Relative fall of volatility for one standard deviation of moneyness, and its curvature."""
_PREMIUM = 1.10
"""Implied over expected volatility: what sellers of options earn on average."""
_SHORTEST = 1.0 / 252.0


@dataclass(frozen=True, slots=True)
class Surface:
    """Short and long-run volatility of one underlying, a year, at each session's close (N,)."""

    now: FloatArray
    long_run: float


def moving_surface(log_price: FloatArray, regime: IntArray, unit: float) -> Surface:
    """Surface from past log closes (N,), the regime the market senses (N,), and the typical daily volatility."""
    moves = np.diff(log_price, prepend=log_price[:1])
    typical = unit * unit
    out = np.empty_like(moves)
    now = typical
    for row, square in enumerate((moves * moves).tolist()):
        now = 0.93 * now + 0.07 * square
        out[row] = now
    sensed = typical * np.array((0.55, 1.0, 3.2))[regime]
    level = _PREMIUM * np.sqrt(252.0 * (0.65 * out + 0.35 * sensed))
    return Surface(level, _PREMIUM * unit * 252.0**0.5)


def atm_vol(now: FloatArray, long_run: float, years: FloatArray) -> FloatArray:
    """At-the-money volatility by broadcasting: the mean of a variance that reverts from now^2 to long_run^2."""
    decay = _PULL * np.maximum(years, _SHORTEST)
    share = -np.expm1(-decay) / decay
    return np.sqrt(long_run**2 + (now * now - long_run**2) * share)


def implied_vol(now: FloatArray, long_run: float, years: FloatArray, moneyness: FloatArray) -> FloatArray:
    """Volatility for log(strike / forward), broadcast over all arguments; dearer below the forward than above."""
    atm = atm_vol(now, long_run, years)
    x = np.clip(moneyness / (atm * np.sqrt(np.maximum(years, _SHORTEST))), -2.5, 2.5)
    return atm * (1.0 - _SKEW * x + _SMILE * x * x)


def black_scholes(
    spot: FloatArray, strike: FloatArray, years: FloatArray, vol: FloatArray, rate: FloatArray, call: bool
) -> FloatArray:
    """European price without dividends by broadcasting; at or past expiry it is what exercise pays."""
    width = np.maximum(vol * np.sqrt(np.maximum(years, 0.0)), 1e-9)
    discount = np.exp(-rate * np.maximum(years, 0.0))
    up = (np.log(spot / strike) - np.log(discount)) / width + 0.5 * width
    sign = 1.0 if call else -1.0
    return sign * (spot * ndtr(sign * up) - strike * discount * ndtr(sign * (up - width)))
