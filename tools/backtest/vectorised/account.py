"""The compiled pass over one account of shared cash: every slot of tools/backtest/rules.py, for one set of weights."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from data.compiled import compiled, njit
from data.market import BoolArray, FloatArray
from tools.backtest.arithmetic import Fills, Market, acted, carried, filled, known, sized, worth
from tools.market.terms import CostTerms


class Law(NamedTuple):
    """The rules of the run as numbers."""

    at_open: bool
    same_slot: bool
    by_fill: bool
    """Sized at the fill."""
    initial_cash: float
    min_notional: float
    borrow: bool
    recovery: float


class Path(NamedTuple):
    """What is written of each slot."""

    equity: FloatArray
    """(T,)"""
    cash: FloatArray
    """(T,)"""
    units: FloatArray
    """(T, S), or (0, S) where only totals are asked for."""


class Pending(NamedTuple):
    """Orders of the last decision, (S,) each."""

    units: FloatArray
    """Signed units not filled yet."""
    weight: FloatArray
    """Weights not sized yet, NaN without."""


@njit(cache=True, nogil=True)
def account_pass(
    market: Market, acts: BoolArray, weights: FloatArray, terms: CostTerms, law: Law, path: Path, fills: Fills,
    totals: FloatArray,
) -> int:  # fmt: skip
    """Walk T slots of one account, writing `path`, `fills` and `totals` (3,); returns the number of fills.

    `acts` (T,): where any symbol splits or pays; `weights` (T, S). `totals`: fills, cash paid in costs, notional. Where
    `path.units` keeps no slots, `fills` needs room for those of one slot only.
    """
    symbols = weights.shape[1]
    units, here = np.zeros(symbols), np.ones(symbols, dtype=np.bool_)
    pending = Pending(np.zeros(symbols), np.full(symbols, np.nan))
    cash, keeps = law.initial_cash, path.units.shape[0] > 0
    made = int(np.int64(0))  # numba compiles a second time for a literal 0
    price = market.open if law.at_open else market.close
    for t in range(weights.shape[0]):
        made = made if keeps else 0
        first = made
        if t > 0:
            cash = carried(market, t, cash, units)
        if acts[t]:
            cash = acted(market, t, cash, units, pending.units)
        if law.same_slot:
            _decide(market, weights[t], t, cash, units, terms, law, pending)
        _size_waiting(market, price, t, cash, units, terms, law, pending)
        cash, made = filled(market, price, t, pending.units, here, cash, units, terms, law.borrow, fills, made)
        if not law.same_slot:
            _decide(market, weights[t], t, cash, units, terms, law, pending)
        cash = _delist(market, t, cash, units, law.recovery, pending)
        _count(fills, first, made, totals)
        path.equity[t], path.cash[t] = worth(market.close, market.fx, t, cash, units), cash
        if keeps:
            path.units[t] = units
    return made


@njit(cache=True, nogil=True)
def _decide(
    market: Market, row: FloatArray, t: int, cash: float, units: FloatArray, terms: CostTerms, law: Law,
    pending: Pending,
) -> None:  # fmt: skip
    """Orders of a row of weights in place of all that is pending; a row of NaN leaves it."""
    if np.isnan(row).all():
        return
    value = 0.0 if law.by_fill else worth(market.close, market.fx, t, cash, units)
    for s in range(row.size):
        pending.units[s], pending.weight[s] = 0.0, np.nan
        if math.isnan(row[s]) or not known(market, t, s):
            continue
        if law.by_fill:
            pending.weight[s] = row[s]
        else:
            unit = market.close[t, s] * market.fx[t, s]
            pending.units[s] = sized(row[s], value, unit, units[s], terms.lot[s], law.min_notional)


@compiled
def _size_waiting(
    market: Market, price: FloatArray, t: int, cash: float, units: FloatArray, terms: CostTerms, law: Law,
    pending: Pending,
) -> None:  # fmt: skip
    """Weights that wait for a fill become units, at the prices of the fill."""
    if not law.by_fill:
        return
    value = worth(price, market.fx, t, cash, units)
    for s in range(units.size):
        if market.fresh[t, s] and not math.isnan(pending.weight[s]):
            unit = price[t, s] * market.fx[t, s]
            pending.units[s] = sized(pending.weight[s], value, unit, units[s], terms.lot[s], law.min_notional)
            pending.weight[s] = np.nan


@compiled
def _delist(market: Market, t: int, cash: float, units: FloatArray, recovery: float, pending: Pending) -> float:
    for s in range(units.size):
        if market.delisted[s] == t:
            if units[s] != 0.0:
                cash += units[s] * (market.close[t, s] * market.fx[t, s]) * recovery
            units[s], pending.units[s], pending.weight[s] = 0.0, 0.0, np.nan
    return cash


@compiled
def _count(fills: Fills, first: int, made: int, totals: FloatArray) -> None:
    for k in range(first, made):
        totals[0] += 1.0
        totals[1] += fills.cost[k]
        totals[2] += abs(fills.quantity[k]) * fills.price[k] * fills.fx[k]
