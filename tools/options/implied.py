"""Implied volatilities of European options: NaN with a reason where a price has none."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.black import black_vol, intrinsic
from data.compiled import njit
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


_BAD_NUMBER, _EXPIRED = int(Reason.BAD_NUMBER), int(Reason.EXPIRED)
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

    Solved on the out-of-the-money side (`data.black.black_vol`). What the price leaves open stays open: deep in
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
        forward, undiscounted = spot[i] * math.exp(carry[i] * years[i]), price[i] * math.exp(rate[i] * years[i])
        vol[i] = black_vol(undiscounted, forward, strike[i], years[i], call[i])
        if math.isnan(vol[i]):
            reason[i] = _why(undiscounted, forward, strike[i], call[i])
    return vol, reason


@njit(cache=True)
def _why(price: float, forward: float, strike: float, call: bool) -> int:
    """The reason of an undiscounted price that has no volatility."""
    least = intrinsic(forward, strike, call)
    if price >= (forward if call else strike):
        return _ABOVE
    return _BELOW if least - price > _ROUNDING * least else _NO_TIME_VALUE
