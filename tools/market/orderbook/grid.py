"""The border between prices and quantities as written, and the ticks and lots of a book: exact, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from data.errors import BadFile, InputError, OrderRefused
from data.market import FloatArray, IntArray
from tools.market.orderbook.codes import MAX_QUANTITY
from tools.market.orderbook.ladder import MAX_TICKS

Number = Decimal | float | int | str
"""A float counts as the shortest decimal that reads back as it: 0.1 is a tenth."""

_LARGEST = 1e15
"""Of a recorded number; floats are whole beyond 9e15."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The window of prices low, low + tick, ... below high, and quantities in whole lots, of one symbol."""

    symbol: str
    tick: Decimal
    lot: Decimal
    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        sizes = (self.tick, self.lot, self.low, self.high)
        if not all(s.is_finite() for s in sizes) or self.tick <= 0 or self.lot <= 0:
            raise InputError(f"{self.symbol}: a grid of {sizes}", "give a positive tick and lot, and finite bounds")
        if not 0 < self.ticks <= MAX_TICKS:
            raise InputError(f"{self.symbol}: a window of {self.ticks} ticks", f"keep it within {MAX_TICKS}")

    @property
    def ticks(self) -> int:
        """Price levels of the window."""
        return int((self.high - self.low) / self.tick)

    def tick_of(self, price: Number) -> int:
        """The tick of a price; OrderRefused where it is not finite, off the grid or outside the window."""
        steps = self._steps(price, self.low, self.tick, "price", "tick")
        if not 0 <= steps < self.ticks:
            message = f"{self.symbol}: price {price} is outside the window {self.low} to {self.high}"
            raise OrderRefused(message, "price_window", self.symbol, "widen the window of the book")
        return steps

    def lots_of(self, quantity: Number) -> int:
        """Whole lots; OrderRefused where a quantity is not finite, not positive, off the lot or too large."""
        lots = self._steps(quantity, Decimal(0), self.lot, "quantity", "lot")
        if not 1 <= lots <= MAX_QUANTITY:
            message = f"{self.symbol}: quantity {quantity} is not between 1 and {MAX_QUANTITY} lots"
            raise OrderRefused(message, "quantity_positive", self.symbol, f"order whole lots of {self.lot}")
        return lots

    def price(self, tick: int) -> Decimal:
        """The price of a tick."""
        return self.low + tick * self.tick

    def quantity(self, lots: int) -> Decimal:
        """Units of so many lots."""
        return lots * self.lot

    def ticks_of(self, prices: FloatArray) -> IntArray:
        """Ticks (n,) of prices recorded as float32: the nearest, refused (BadFile) beyond the error of float32."""
        return _nearest(self.symbol, prices - float(self.low), float(self.tick), np.abs(prices), self.ticks - 1)

    def many_lots_of(self, quantities: FloatArray) -> IntArray:
        """Lots (n,) of quantities recorded as float32, likewise; 0 is allowed."""
        return _nearest(self.symbol, quantities, float(self.lot), np.abs(quantities), MAX_QUANTITY)

    def _steps(self, value: Number, start: Decimal, step: Decimal, what: str, unit: str) -> int:
        try:
            whole, rest = divmod(Decimal(str(value)) - start, step)
            steps = int(whole)
        except (InvalidOperation, ValueError) as error:  # no number, not finite, or more digits than decimals carry
            message = f"{self.symbol}: {what} {value} is not a usable number"
            raise OrderRefused(message, f"{what}_finite", self.symbol, "give a finite decimal") from error
        if rest != 0:
            message = f"{self.symbol}: {what} {value} is off the {unit} of {step}"
            raise OrderRefused(message, f"{what}_{unit}", self.symbol, f"round it to the {unit}")
        return steps


def _nearest(symbol: str, values: FloatArray, step: float, magnitude: FloatArray, largest: int) -> IntArray:
    usable = np.abs(values) < _LARGEST
    if not usable.all():
        row = int(np.flatnonzero(~usable)[0])
        raise BadFile(f"{symbol}: value {row} of a recorded column is not a usable number", "record it again")
    steps = np.round(values / step)
    error = np.abs(values - steps * step)
    allowed = np.spacing(magnitude.astype(np.float32)).astype(np.float64) + 1e-9 * step
    bad = (error > allowed) | (steps < 0) | (steps > largest)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        message = f"{symbol}: value {row} of a recorded column is off the grid of {step:g}"
        raise BadFile(message, "check tick, lot and window")
    return steps.astype(np.int64)
