"""What a set of option legs pays: its value at expiry and before, break-evens, and the most that can be won or lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from data.errors import InputError
from data.market import FloatArray
from tools.options.black_scholes import european_price

Kind = Literal["call", "put", "underlying"]


class Leg(NamedTuple):
    """One holding; a short one has negative `units`.

    `units` are of the underlying: one contract on 100 shares is 100. `price` is what a unit cost or brought, in
    currency. `strike` and `years` (to expiry, now) are ignored for the underlying.
    """

    kind: Kind
    units: float
    price: float
    strike: float = math.nan
    years: float = math.nan


class Outcome(NamedTuple):
    """What can happen at expiry, in currency; infinite where nothing bounds it."""

    most_gained: float
    most_lost: float
    """Positive for a loss."""
    break_evens: tuple[float, ...]
    """Prices of the underlying where the profit changes its sign, ascending."""


class Market(NamedTuple):
    """What values a leg before its expiry: fractions per year, continuous."""

    vol: float
    rate: float
    dividend: float = 0.0


def check(legs: Sequence[Leg]) -> None:
    """Raises InputError that names the first leg whose numbers cannot be."""
    if not legs:
        raise InputError("A structure without legs", "give at least one")
    for number, leg in enumerate(legs):
        wrong = not math.isfinite(leg.units) or leg.units == 0.0 or not 0.0 <= leg.price < math.inf
        if leg.kind != "underlying":
            wrong = wrong or not 0.0 < leg.strike < math.inf or not 0.0 <= leg.years < math.inf
        if wrong:
            raise InputError(f"Leg {number} cannot be: {leg}", "units are not 0, price and years not negative")


def profit_at_expiry(legs: Sequence[Leg], spot: FloatArray) -> FloatArray:
    """Payoffs less what was paid, (N,), at prices of the underlying `spot` (N,).

    Raises InputError where expiries differ: then `profit_before` has to value the later legs.
    """
    check(legs)
    expiries = sorted({leg.years for leg in legs if leg.kind != "underlying"})
    if len(expiries) > 1:
        raise InputError(f"Legs expire after {expiries} years", "value them at the first expiry with profit_before")
    total = np.zeros(len(spot))
    for leg in legs:
        total += leg.units * (_intrinsic(leg, spot) - leg.price)
    return total


def profit_before(legs: Sequence[Leg], spot: FloatArray, elapsed: float, market: Market) -> FloatArray:
    """Value by Black-Scholes-Merton `elapsed` years from now less what was paid, (N,); expired legs pay at `spot`."""
    check(legs)
    total = np.zeros(len(spot))
    for leg in legs:
        left = 0.0 if leg.kind == "underlying" else max(leg.years - elapsed, 0.0)
        if left > 0.0:
            carry = market.rate - market.dividend
            value = european_price(spot, leg.strike, left, market.vol, market.rate, carry, leg.kind == "call")
        else:
            value = _intrinsic(leg, spot)
        total += leg.units * (value - leg.price)
    return total


def outcome(legs: Sequence[Leg]) -> Outcome:
    """Extremes and break-evens at the common expiry: the profit is straight between strikes, so they are exact."""
    strikes = sorted({leg.strike for leg in legs if leg.kind != "underlying"})
    kinks = np.array([0.0, *strikes])
    profit = profit_at_expiry(legs, kinks)
    slope = sum(leg.units for leg in legs if leg.kind != "put")
    most = math.inf if slope > 0.0 else float(profit.max())
    least = -math.inf if slope < 0.0 else float(profit.min())
    return Outcome(most, -least, _crossings(kinks, profit, slope))


def _intrinsic(leg: Leg, spot: FloatArray) -> FloatArray:
    if leg.kind == "underlying":
        return spot
    return np.maximum(spot - leg.strike if leg.kind == "call" else leg.strike - spot, 0.0)


def _crossings(kinks: FloatArray, profit: FloatArray, slope: float) -> tuple[float, ...]:
    """Sign changes along the straight pieces and the last, endless one."""
    found: list[float] = []
    for i in range(len(kinks) - 1):
        a, b = float(profit[i]), float(profit[i + 1])
        if a * b < 0.0 or (b == 0.0 and a != 0.0):
            found.append(float(kinks[i] + (kinks[i + 1] - kinks[i]) * a / (a - b)))
    if float(profit[-1]) * slope < 0.0:
        found.append(float(kinks[-1] - profit[-1] / slope))
    return tuple(found)
