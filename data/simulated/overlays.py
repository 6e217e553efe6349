"""Option strategies held as indices: marked by Black-Scholes on the moving surface, rolled every 21 sessions.

An index is worth, for one at the last roll, `shares` of the underlying, `lots` of its legs (each on one unit of it),
and the rest in cash. Every strategy is covered, capped or paid up front, so that its value stays positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import FloatArray, IntArray, TimeArray
from data.simulated.surface import YEAR, Surface, black_scholes, implied_vol

ROLL = 21
_TAIL_DAYS = 30
"""Calendar days to expiry of the last, unfinished roll."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """`legs`: (call?, strike over spot, quantity)."""

    shares: float
    lots: float
    legs: tuple[tuple[bool, float, float], ...]


STRATEGIES: dict[str, Strategy] = {
    "BUYWRITE": Strategy(1.0, 1.0, ((True, 1.0, -1.0),)),
    "PUTWRITE": Strategy(0.0, 1.0, ((False, 0.98, -1.0),)),
    "COLLARED": Strategy(1.0, 1.0, ((False, 0.95, 1.0), (True, 1.05, -1.0))),
    "PROTPUT": Strategy(1.0, 1.0, ((False, 0.95, 1.0),)),
    "STRADDLE": Strategy(0.0, 0.5, ((True, 1.0, 1.0), (False, 1.0, 1.0))),
    "CONDORS": Strategy(0.0, 2.0, ((False, 0.95, -1.0), (False, 0.90, 1.0), (True, 1.05, -1.0), (True, 1.10, 1.0))),
}


@dataclass(frozen=True, slots=True)
class Underlying:
    """What the strategies are written on, at each session's close (N,)."""

    close: FloatArray
    time: TimeArray
    surface: Surface
    rate: FloatArray


def _value(
    strategy: Strategy, under: Underlying, session: IntArray, at: IntArray, spot: FloatArray, time: TimeArray
) -> FloatArray:
    """Value (M, K) for one at the last roll, of prices `spot` at `time` (M, K) in `session` (M,).

    `at` (M, 1) is the session whose surface and rate are used.
    """
    roll = (np.maximum(session - 1, 0) // ROLL * ROLL)[:, None]
    entry, began = under.close[roll], under.time[roll]
    due = _expiry(under.time, roll + ROLL)
    held = spot / entry
    cash = np.full_like(held, 1.0 - strategy.shares)
    options = np.zeros_like(held)
    for call, money, quantity in strategy.legs:
        at_roll = _leg(under, roll, np.ones_like(entry), money, _years(due, began), call)
        now = _leg(under, at, held, money, _years(due, time), call)
        cash -= strategy.lots * quantity * at_roll
        options += strategy.lots * quantity * now
    return strategy.shares * held + cash * np.exp(under.rate[roll] * _years(time, began)) + options


def _leg(
    under: Underlying, at: IntArray, spot: FloatArray, money: float, years: FloatArray, call: bool
) -> FloatArray:  # fmt: skip
    rate = under.rate[at]
    strike = np.full_like(spot, money)
    vol = implied_vol(under.surface.now[at], under.surface.long_run, years, np.log(strike / spot) - rate * years)
    return black_scholes(spot, strike, years, vol, rate, call)


def _expiry(time: TimeArray, session: IntArray) -> TimeArray:
    """The next roll; the last one expires a month after it began."""
    late = time[session - ROLL] + np.timedelta64(_TAIL_DAYS, "D")
    return np.where(session < len(time), time[np.minimum(session, len(time) - 1)], late)


def _years(later: TimeArray, earlier: TimeArray) -> FloatArray:
    return (later - earlier).astype(np.float64) / 1e9 / YEAR


def overlay_levels(strategy: Strategy, under: Underlying) -> tuple[FloatArray, FloatArray]:
    """Index level at each close (N,), 100 at the first, and the level at which each session's roll began (N,)."""
    session = np.arange(len(under.close))
    at = session[:, None]
    growth = _value(strategy, under, session, at, under.close[at], under.time[at])[:, 0]
    rolls = session[ROLL::ROLL]
    base = 100.0 * np.concatenate([[1.0], np.cumprod(growth[rolls])])[np.maximum(session - 1, 0) // ROLL]
    return base * growth, base


def overlay_marks(
    strategy: Strategy, under: Underlying, base: FloatArray, session: IntArray, spot: FloatArray, time: TimeArray
) -> FloatArray:
    """Levels (M, K) at prices and times (M, K) within each session (M,), on the surface of the evening before."""
    yesterday = np.maximum(session - 1, 0)[:, None]
    return base[session][:, None] * _value(strategy, under, session, yesterday, spot, time)
