"""The border of exact numbers: what leaves for a venue is a Decimal in its own units."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from data.errors import OrderRefused

SLIP = Decimal("1e-6")
"""How far, in units of the last place, a number may stand from one the venue can hear: rounding of floats, no more."""


def as_decimal(value: float, unit: Decimal, symbol: str) -> Decimal:
    """`value` as the nearest multiple of `unit` (a tick, a lot); 0.1 + 0.2 is 0.3.

    OrderRefused where it is not a positive number, or is no multiple of the unit: nothing is rounded silently.
    """
    if not (math.isfinite(value) and value > 0.0):
        raise OrderRefused(f"{symbol}: {value} is no quantity or price", "malformed", symbol, "send positive numbers")
    units = Decimal(repr(value)) / unit
    whole = units.to_integral_value(rounding=ROUND_HALF_EVEN)
    if whole == 0 or abs(units - whole) > SLIP:
        raise OrderRefused(f"{symbol}: {value} is no multiple of {unit}", "increment", symbol, f"round to {unit}")
    return whole * unit


def in_lots(quantity: float, lot: Decimal, symbol: str) -> Decimal:
    """`quantity` in whole lots of a venue, what is between two lots left out; OrderRefused for less than one lot."""
    if not (math.isfinite(quantity) and quantity > 0.0):
        raise OrderRefused(f"{symbol}: {quantity} is no quantity", "malformed", symbol, "send positive numbers")
    units = Decimal(repr(quantity)) / lot
    nearest = units.to_integral_value(rounding=ROUND_HALF_EVEN)
    whole = nearest if abs(units - nearest) <= SLIP else units.to_integral_value(rounding=ROUND_DOWN)
    if whole == 0:
        raise OrderRefused(f"{symbol}: {quantity} is less than a lot of {lot}", "increment", symbol, "trade more of it")
    return whole * lot


def plain(value: Decimal) -> str:
    """The digits without exponent or trailing zeros: "10", never "1E+1"."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
