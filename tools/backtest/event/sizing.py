"""From a row of weights to changes in units, and what is refused before it."""

from __future__ import annotations

import math

import numpy as np

from data.compiled import njit
from data.errors import TargetRefused
from data.market import FloatArray, IntArray
from tools.backtest.arithmetic import Market, known, sized
from tools.backtest.rules import Rules
from tools.backtest.vectorised.checks import LARGEST, check_weights


def checked_row(row: FloatArray, symbols: tuple[str, ...], t: int, rules: Rules) -> bool:
    """Whether the row (S,) of slot `t` decides anything. TargetRefused, naming slot and symbol, for weights that no
    account under `rules` can hold."""
    if row.shape != (len(symbols),) or row.dtype != np.float64:
        raise TargetRefused(f"{row.dtype} weights of shape {row.shape}", "shape", t, "", "give a float64 a symbol")
    decides, beyond_doubt = _examined(row, rules.short, rules.borrow)
    if not beyond_doubt:
        until = np.full((t + 1, row.size), np.nan)
        until[t] = row
        check_weights(until, symbols, t + 1, rules)
    return bool(decides)


@njit(cache=True)
def _examined(row: FloatArray, short: bool, borrow: bool) -> tuple[bool, bool]:
    """Whether any weight is given, and whether all are beyond doubt, as those of almost every row are."""
    decides, total, low, high = False, 0.0, 0.0, 0.0
    for s in range(row.size):
        if not math.isnan(row[s]):
            decides = True
            total += row[s]
            low, high = min(low, row[s]), max(high, row[s])
    ordinary = low >= -LARGEST and high <= LARGEST
    return decides, ordinary and (short or low >= 0.0) and (borrow or total <= 1.0)


@njit(cache=True)
def changes(
    market: Market, price: FloatArray, t: int, row: FloatArray, units: FloatArray, value: float, lot: FloatArray,
    min_notional: float,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """Columns (N,) and signed units (N,) to trade, sells first, so that each symbol stands at its weight of `value` at
    row t of `price` (T, S). Nothing where the weight is NaN, and where nothing can be ordered."""
    columns, signed, count = np.empty(row.size, dtype=np.int64), np.empty(row.size), 0
    change = np.zeros(row.size)
    for s in range(row.size):
        if not math.isnan(row[s]) and known(market, t, s):
            change[s] = sized(row[s], value, price[t, s] * market.fx[t, s], units[s], lot[s], min_notional)
    for sells in (True, False):
        for s in range(row.size):
            if change[s] != 0.0 and (change[s] < 0.0) == sells:
                columns[count], signed[count] = s, change[s]
                count += 1
    return columns[:count].copy(), signed[:count].copy()
