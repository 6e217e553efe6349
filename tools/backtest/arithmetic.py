"""The arithmetic of tools/backtest/rules.py, compiled: what an account is worth, pays, earns, orders and is filled.

Each symbol after the other in column order, so that sums are the same to the last bit whoever adds them up.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.compiled import compiled
from data.market import BoolArray, FloatArray, IntArray
from tools.backtest.result import Trades
from tools.backtest.tape import Tape
from tools.market.terms import CostTerms, affordable, fill_cost, split_fill, whole_lots

ROUNDING = 1e-12
"""Of the units held: a smaller change is the last bits of a division, and no order."""


class Market(NamedTuple):
    """The arrays of a tape that numba reads, (T, S) each; `interest` (T,), `delisted` (S,)."""

    open: FloatArray
    close: FloatArray
    volume: FloatArray
    fresh: BoolArray
    volatility: FloatArray
    fx: FloatArray
    split: FloatArray
    dividend: FloatArray
    interest: FloatArray
    borrow: FloatArray
    funding: FloatArray
    delisted: IntArray


def market_of(tape: Tape) -> Market:
    """The same arrays, C-contiguous: numba compiles for one layout only."""
    return Market(*(np.ascontiguousarray(getattr(tape, name)) for name in Market._fields))


class Fills(NamedTuple):
    """Room for fills in the order in which they are made; see `result.Trades`."""

    slot: IntArray
    column: IntArray
    quantity: FloatArray
    price: FloatArray
    cost: FloatArray
    fx: FloatArray


def room_for(fills: int) -> Fills:
    """Room that takes memory as it is filled."""
    slot, column = np.empty(fills, dtype=np.int64), np.empty(fills, dtype=np.int64)
    return Fills(slot, column, np.empty(fills), np.empty(fills), np.empty(fills), np.empty(fills))


def trades_of(fills: Fills, made: int) -> Trades:
    """The first `made` of `fills`, in memory of their own size."""
    return Trades(
        fills.slot[:made].copy(), fills.column[:made].copy(), fills.quantity[:made].copy(), fills.price[:made].copy(),
        fills.cost[:made].copy(), fills.fx[:made].copy(),
    )  # fmt: skip


@compiled
def worth(price: FloatArray, fx: FloatArray, t: int, cash: float, units: FloatArray) -> float:
    """Cash plus units x (price x fx) of row t; a symbol not held needs no price."""
    held = 0.0
    for s in range(units.size):
        if units[s] != 0.0:
            held += units[s] * (price[t, s] * fx[t, s])
    return cash + held


@compiled
def carried(market: Market, t: int, cash: float, units: FloatArray) -> float:
    """Cash after interest, borrow and funding from t - 1 to t, on what t - 1 ended with."""
    after = cash + cash * market.interest[t]
    for s in range(units.size):
        if units[s] != 0.0:
            held = units[s] * (market.close[t - 1, s] * market.fx[t - 1, s])
            after -= max(0.0, -held) * market.borrow[t, s] + held * market.funding[t, s]
    return after


@compiled
def acted(market: Market, t: int, cash: float, units: FloatArray, pending: FloatArray) -> float:
    """Cash after dividends; `units` (S,) and pending units (S,) are split in place."""
    for s in range(units.size):
        units[s] *= market.split[t, s]
        pending[s] *= market.split[t, s]
        if units[s] != 0.0:
            cash += units[s] * (market.dividend[t, s] * market.fx[t, s])
    return cash


@compiled
def sized(weight: float, value: float, unit: float, held: float, lot: float, min_notional: float) -> float:
    """Signed units to trade so that a symbol that costs `unit` (account currency) stands at `weight` of `value`;
    a ruined account (value below 0) only closes."""
    wanted = whole_lots(weight * value / unit, lot) if value > 0.0 else 0.0
    change = wanted - held
    if wanted != 0.0 and abs(change) <= ROUNDING * abs(held):
        return 0.0
    closing = wanted == 0.0 and held != 0.0
    return change if closing or abs(change) * unit >= min_notional else 0.0


@compiled
def known(market: Market, t: int, s: int) -> bool:
    """Whether a symbol can be ordered: it has had a bar, and its last one is not past."""
    return not (math.isnan(market.close[t, s]) or 0 <= market.delisted[s] < t)


@compiled
def filled(
    market: Market, price: FloatArray, t: int, pending: FloatArray, here: BoolArray, cash: float, units: FloatArray,
    terms: CostTerms, borrow: bool, fills: Fills, made: int,
) -> tuple[float, int]:  # fmt: skip
    """Fill the pending units (S,) that are `here` (S,) at row t of `price` (T, S), sells first.

    `pending` and `units` move in place; what is filled is written into `fills` from `made` on. Returns cash and the
    number of fills after it.
    """
    for side in (-1.0, 1.0):
        for s in range(units.size):
            if not (pending[s] * side > 0.0 and here[s] and market.fresh[t, s]):
                continue
            quote, fx, volume, volatility = price[t, s], market.fx[t, s], market.volume[t, s], market.volatility[t, s]
            quantity, pending[s] = taken(pending[s], volume, terms, s)
            cost = fill_cost(quantity, quote, fx, volume, volatility, terms, s)
            if side > 0.0 and not borrow and quantity * quote * fx + cost > cash:
                quantity, pending[s] = min(quantity, affordable(cash, quote, fx, volume, volatility, terms, s)), 0.0
                cost = fill_cost(quantity, quote, fx, volume, volatility, terms, s)
            if quantity != 0.0:
                cash -= quantity * quote * fx + cost
                units[s] += quantity
                fills.slot[made], fills.column[made], fills.quantity[made] = t, s, quantity
                fills.price[made], fills.cost[made], fills.fx[made] = quote, cost, fx
                made += 1
    return cash, made


@compiled
def taken(wanted: float, volume: float, terms: CostTerms, s: int) -> tuple[float, float]:
    """What the participation cap lets through, in whole lots where it binds, and what waits."""
    quantity = split_fill(wanted, volume, terms.cap[s])
    if quantity != wanted:
        quantity = whole_lots(quantity, terms.lot[s])
    return quantity, wanted - quantity
