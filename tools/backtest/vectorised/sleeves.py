"""The compiled pass over sleeves: each column an account of its own, long or flat, all in or all out.

Each slot: fill what waits, find the signals that changed, queue their orders, mark. Finding and marking touch every
cell and are plain loops that the compiler turns into vector instructions; the rest touches only the few that trade.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.compiled import compiled, njit
from data.market import BoolArray, FloatArray, IntArray
from tools.backtest.arithmetic import sized
from tools.market.costs import trade_cost
from tools.market.terms import whole_lots

SignalArray = npt.NDArray[np.int8]
ColumnArray = npt.NDArray[np.uint32]
STRIDE = 16
"""Signals compared at once: as many bytes as the narrowest vector register holds."""


class Sleeves(NamedTuple):
    """What C sleeves hold and have done, (C,) each; money is in the account currency."""

    cash: FloatArray
    units: FloatArray
    orders: IntArray
    """Fills so far."""
    costs: FloatArray
    """Cash paid in costs so far."""
    turnover: FloatArray
    """Notional bought and sold so far."""
    rate_bps: FloatArray
    """Cost of a fill, basis points of its notional."""
    lot: FloatArray
    """Smallest tradable number of units; 0 is any."""


class Queue(NamedTuple):
    """The orders that wait, (C,) each: the first few of `sleeve` are those that have one; and room for finding more."""

    sleeve: IntArray
    waits: BoolArray
    """Whether a sleeve is among them."""
    left: FloatArray
    """Units of a sleeve's order, where orders are sized at the decision."""
    changed: IntArray
    """Room for the sleeves whose signal changed."""
    before: SignalArray
    """The signals before the first slot: 0."""


class Convention(NamedTuple):
    """The rules of the run that sleeves obey."""

    same_slot: bool
    """Filled in the slot of the decision."""
    by_fill: bool
    """Sized at the fill."""
    min_notional: float


@njit(cache=True, nogil=True)
def sleeves_pass(
    prices: FloatArray, marks: FloatArray, signal: SignalArray, columns: ColumnArray, convention: Convention,
    sleeves: Sleeves, queue: Queue, equity: FloatArray,
) -> tuple[int, int]:  # fmt: skip
    """Walk T slots of C sleeves, changing `sleeves` and `queue` and writing `equity` (T, C).

    `prices` (T, S): where orders are filled, 0 without a bar; `marks` (T, S): the last known closes, 0 before the
    first; `signal` (T, C): 0 or 1; `columns` (C,): whose prices a sleeve trades. Returns the slot and the sleeve of a
    signal that is neither 0 nor 1, or (-1, -1).
    """
    before = queue.before
    waiting = int(np.int64(0))  # numba compiles a second time for a literal 0
    for t in range(signal.shape[0]):
        row = signal[t]
        if not convention.same_slot:
            waiting = _fill(prices[t], before, columns, convention, sleeves, queue, waiting)
        many = _changes(row, before, queue.changed)
        if many < 0:
            return t, -1 - many
        waiting = _decide(many, row, marks[t], columns, convention, sleeves, queue, waiting)
        if convention.same_slot:
            waiting = _fill(prices[t], row, columns, convention, sleeves, queue, waiting)
        _mark(marks[t], columns, sleeves.cash, sleeves.units, equity[t])
        before = row
    return -1, -1


@compiled
def _changes(row: SignalArray, before: SignalArray, changed: IntArray) -> int:
    """List the signals that differ from the slot before; returns how many, or -1 - c where c is neither 0 nor 1."""
    many = 0
    for start in range(0, row.size, STRIDE):
        stop = start + STRIDE
        if stop > row.size:
            stop = row.size
        else:
            differs = 0
            for k in range(STRIDE):
                differs |= row[start + k] ^ before[start + k]
            if differs == 0:
                continue
        for c in range(start, stop):
            if row[c] != before[c]:
                if row[c] != 0 and row[c] != 1:
                    return -1 - c
                changed[many] = c
                many += 1
    return many


@compiled
def _decide(
    many: int, target: SignalArray, marks: FloatArray, columns: ColumnArray, convention: Convention,
    sleeves: Sleeves, queue: Queue, waiting: int,
) -> int:  # fmt: skip
    """Queue an order of each changed signal, in place of the one that still waits; without a price yet, none."""
    for k in range(many):
        c = int(queue.changed[k])
        mark = float(marks[columns[c]])
        if mark == 0.0:
            continue
        if not convention.by_fill:
            held = sleeves.units[c]
            value = sleeves.cash[c] + held * mark
            queue.left[c] = sized(target[c], value, mark, held, sleeves.lot[c], convention.min_notional)
        if not queue.waits[c]:
            queue.waits[c] = True
            queue.sleeve[waiting] = c
            waiting += 1
    return waiting


@compiled
def _fill(
    prices: FloatArray, target: SignalArray, columns: ColumnArray, convention: Convention, sleeves: Sleeves,
    queue: Queue, waiting: int,
) -> int:  # fmt: skip
    """Fill what waits and has a bar; returns how many wait on."""
    still = 0
    for k in range(waiting):
        c = int(queue.sleeve[k])
        price = float(prices[columns[c]])
        if price == 0.0:
            queue.sleeve[still] = c
            still += 1
            continue
        queue.waits[c] = False
        cash, held, lot, rate_bps = sleeves.cash[c], sleeves.units[c], sleeves.lot[c], sleeves.rate_bps[c]
        order = queue.left[c]
        if convention.by_fill:
            order = sized(target[c], cash + held * price, price, held, lot, convention.min_notional)
        if order > 0.0:
            most = _affordable(cash, price, rate_bps, lot)
            order = most if most < order else order
        if order != 0.0:
            notional = order * price
            cost = trade_cost(notional, rate_bps)
            sleeves.cash[c] = cash - (notional + cost)
            sleeves.units[c] = held + order
            sleeves.orders[c] += 1
            sleeves.costs[c] += cost
            sleeves.turnover[c] += abs(notional)
    return still


@compiled
def _affordable(cash: float, price: float, rate_bps: float, lot: float) -> float:
    """`tools.market.terms.affordable` where costs are in proportion: the most whole lots that `cash` pays."""
    if cash <= 0.0:
        return 0.0
    most = whole_lots(cash / (price * (1.0 + rate_bps * 1e-4)), lot)
    for units in (most + lot, most):
        if units * price + trade_cost(units * price, rate_bps) <= cash:
            return units
    return most - lot if most > 0.0 else most


@compiled
def _mark(marks: FloatArray, columns: ColumnArray, cash: FloatArray, units: FloatArray, equity: FloatArray) -> None:
    for c in range(equity.size):
        equity[c] = cash[c] + units[c] * marks[columns[c]]
