"""Implied volatilities of European options: NaN with a reason where a price has none."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from data.black import implied_deviation
from data.market import BoolArray, FloatArray
from tools.options.inputs import BOUNDS, Calls, Numbers, call_column, unchecked

ReasonArray = npt.NDArray[np.int8]
"""Values of Reason, (N,)."""


class Reason(IntEnum):
    """Why a row has no volatility."""

    FOUND = 0
    BAD_NUMBER = 1
    """An argument is NaN or outside `inputs.BOUNDS`."""
    EXPIRED = 2
    """No time is left."""
    BELOW_INTRINSIC = 3
    """Less than the discounted forward intrinsic value: an arbitrage."""
    NO_TIME_VALUE = 4
    """Nothing, or the intrinsic value to within rounding: any small enough volatility gives it."""
    ABOVE_BOUND = 5
    """At or above the discounted forward (call) or strike (put): an arbitrage."""


_FOUND, _BAD_NUMBER, _EXPIRED = int(Reason.FOUND), int(Reason.BAD_NUMBER), int(Reason.EXPIRED)
_BELOW, _NO_TIME_VALUE, _ABOVE = int(Reason.BELOW_INTRINSIC), int(Reason.NO_TIME_VALUE), int(Reason.ABOVE_BOUND)
_ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


class ImpliedVol(NamedTuple):
    """`vol` (N,), fractions per year, NaN where `reason` (N,) is not Reason.FOUND."""

    vol: FloatArray
    reason: ReasonArray

    @property
    def found(self) -> BoolArray:
        """(N,) where there is one."""
        return self.reason == Reason.FOUND


def implied_vol(
    price: Numbers,
    spot: Numbers,
    strike: Numbers,
    years: Numbers,
    rate: Numbers,
    carry: Numbers,
    call: Calls,
) -> ImpliedVol:
    """The volatility at which the generalised Black-Scholes price is `price`; arguments as in `black_scholes`.

    Solved on the out-of-the-money side (`data.black.implied_deviation`). What the price leaves open stays open: deep in
    the money the time value is what remains of `price` after the intrinsic value, and carries its rounding.
    Raises InputError where the lengths differ; bad numbers are reasons, not errors.
    """
    found = unchecked(price=price, spot=spot, strike=strike, years=years, rate=rate, carry=carry)
    usable = np.ones(len(found[0]), dtype=np.bool_)
    for name, column in zip(("price", "spot", "strike", "years", "rate", "carry"), found, strict=True):
        usable &= (column >= BOUNDS[name][0]) & (column <= BOUNDS[name][1])
    p, s, k, t, r, b = found
    vol, reason = _implied(p, s, k, t, r, b, call_column(call, len(usable)), usable)
    return ImpliedVol(vol, reason)


@njit(cache=True)
def _implied(
    price: FloatArray, spot: FloatArray, strike: FloatArray, years: FloatArray, rate: FloatArray, carry: FloatArray,
    call: BoolArray, usable: BoolArray,
) -> tuple[FloatArray, ReasonArray]:  # fmt: skip
    vol, reason = np.full(price.size, np.nan), np.zeros(price.size, dtype=np.int8)
    for i in range(price.size):
        if not usable[i] or years[i] <= 0.0:
            reason[i] = _EXPIRED if usable[i] else _BAD_NUMBER
            continue
        discount = math.exp(-rate[i] * years[i])
        forward = spot[i] * math.exp(carry[i] * years[i])
        reason[i], value = _time_value(price[i] / discount, forward, strike[i], call[i])
        if reason[i] == _FOUND:
            x = -abs(math.log(spot[i] / strike[i]) + carry[i] * years[i])
            scaled = value / math.sqrt(forward) / math.sqrt(strike[i])
            if 0.0 < scaled < math.exp(0.5 * x):
                vol[i] = implied_deviation(scaled, x) / math.sqrt(years[i])
            else:
                reason[i] = _NO_TIME_VALUE if scaled <= 0.0 else _ABOVE
    return vol, reason


@njit(cache=True)
def _time_value(price: float, forward: float, strike: float, call: bool) -> tuple[int, float]:
    """Reason and undiscounted price of the out-of-the-money option of the same strike, by parity."""
    intrinsic = max(forward - strike if call else strike - forward, 0.0)
    value = price - intrinsic
    if abs(value) <= _ROUNDING * intrinsic or price == 0.0 == intrinsic:
        return _NO_TIME_VALUE, 0.0
    if value < 0.0:
        return _BELOW, 0.0
    return (_FOUND, value) if price < (forward if call else strike) else (_ABOVE, 0.0)
