"""What a run of either engine gives: the value of the account, its positions and every fill."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from data.market import FloatArray, IntArray, TimeArray
from tools.execution.orders import Order


@dataclass(frozen=True, slots=True)
class Trades:
    """Every fill in the order in which it was made, (N,) each."""

    slot: IntArray
    """Row of the slot whose price was taken."""
    column: IntArray
    quantity: FloatArray
    """Units, positive bought, negative sold."""
    price: FloatArray
    """Before costs, in the symbol's currency."""
    cost: FloatArray
    """Cash paid in costs, account currency."""
    fx: FloatArray
    """Account currency per unit of the symbol's, at the fill."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An order that the last gate did not let through."""

    slot: int
    """Row at which it was to be sent."""
    order: Order
    rule: str
    """The gate's rule."""
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """One account over T slots of S symbols; money is in the account currency."""

    symbols: tuple[str, ...]
    times: TimeArray
    equity: FloatArray
    """(T,): value at the close of each slot, after what was filled there."""
    cash: FloatArray
    """(T,)"""
    units: FloatArray
    """(T, S)"""
    trades: Trades
    refused: tuple[Refused, ...] = ()
    """In the order in which they were refused."""

    def returns(self) -> FloatArray:
        """Simple returns (T - 1,) from slot to slot."""
        return self.equity[1:] / self.equity[:-1] - 1.0

    def order_hash(self) -> str:
        """sha256 of every fill: time, symbol, signed units and price, each to the last bit."""
        lines = (
            f"{np.datetime_as_string(self.times[t], unit='s')} {self.symbols[c]} {q.hex()} {p.hex()}"
            for t, c, q, p in zip(
                self.trades.slot.tolist(), self.trades.column.tolist(),
                self.trades.quantity.tolist(), self.trades.price.tolist(), strict=True,
            )
        )  # fmt: skip
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
