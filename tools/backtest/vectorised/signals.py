"""Signals over prices: thousands of long-or-flat sleeves in one pass, each with the value of every slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.errors import BadBar, BadConfig, InputError, TargetRefused
from data.market import BoolArray, FloatArray, IntArray
from tools.backtest.rules import Rules
from tools.backtest.vectorised.checks import check_prices
from tools.backtest.vectorised.sleeves import ColumnArray, Convention, Queue, SignalArray, Sleeves, sleeves_pass


@dataclass(frozen=True, slots=True)
class SleeveRun:
    """C sleeves over T slots; money is in the account currency."""

    equity: FloatArray
    """(T, C): value at the close of each slot, after what was filled there."""
    cash: FloatArray
    """(C,): at the end."""
    units: FloatArray
    """(C,): at the end."""
    orders: IntArray
    """(C,): fills."""
    costs: FloatArray
    """(C,): cash paid in costs."""
    turnover: FloatArray
    """(C,): notional bought and sold."""


def run_signals(
    close: FloatArray,
    open_: FloatArray,
    signal: BoolArray | SignalArray,
    columns: npt.NDArray[np.integer],
    rules: Rules,
    *,
    rate_bps: float | FloatArray = 0.0,
    lot: float | FloatArray = 0.0,
    symbols: Sequence[str] = (),
) -> SleeveRun:
    """Run C sleeves, each an account of `rules.initial_cash` that is all in one symbol or all out.

    `close` and `open_` (T, S): prices in the account currency, adjusted for splits and dividends, NaN without a bar;
    `signal` (T, C): in (1) or out (0); `columns` (C,): whose prices a sleeve trades, so that many sets of parameters
    share one column. A sleeve orders where its signal differs from the one before it (out before the first); the order
    is the weight 1 or 0 under `rules`, every other slot decides nothing. `rate_bps`: cost of a fill, basis points of
    its notional; `lot`: smallest tradable units, 0 is any; both one for all or (C,). `symbols` (S,): names for errors.

    BadBar for a price that cannot be and TargetRefused for a signal that is neither 0 nor 1, each naming slot and
    symbol; InputError for shapes and columns; BadConfig for rules with shorts or borrowing.
    """
    names = tuple(symbols) or tuple(f"column {s}" for s in range(close.shape[-1]))
    whose = _check_shapes(close, open_, signal, columns, rules, names)
    prices, marks = _prices(close, open_ if rules.fill == "next_open" else close, names)
    rows = np.ascontiguousarray(signal).view(np.int8)
    sleeves = _sleeves(whose.size, rules, rate_bps, lot)
    places = [np.zeros(whose.size, dtype=np.int64) for _ in range(2)]
    none = np.zeros(whose.size, dtype=np.int8)
    queue = Queue(places[0], none.astype(np.bool_), np.zeros(whose.size), places[1], none)
    convention = Convention(rules.fill == "same_close", rules.sizing == "fill", rules.min_notional)
    equity = np.empty(rows.shape)
    slot, sleeve = sleeves_pass(prices, marks, rows, whose, convention, sleeves, queue, equity)
    if slot >= 0:
        name = names[int(whose[sleeve])]
        message = f"signal {rows[slot, sleeve]} of {name} (sleeve {sleeve}) in slot {slot}"
        raise TargetRefused(message, "signal", slot, name, "a signal is 0 or 1")
    return SleeveRun(equity, sleeves.cash, sleeves.units, sleeves.orders, sleeves.costs, sleeves.turnover)


def _check_shapes(
    close: FloatArray, open_: FloatArray, signal: SignalArray | BoolArray, columns: npt.NDArray[np.integer],
    rules: Rules, names: tuple[str, ...],
) -> ColumnArray:  # fmt: skip
    if close.ndim != 2 or open_.shape != close.shape or len(names) != close.shape[1]:
        raise InputError(
            f"close {close.shape}, open {open_.shape}, {len(names)} names", "give (slots, symbols) of each"
        )
    if signal.shape != (close.shape[0], columns.size) or columns.ndim != 1:
        raise InputError(
            f"signal {signal.shape} and columns {columns.shape} over {close.shape[0]} slots", "one column a sleeve"
        )
    if signal.dtype.kind not in "bi" or signal.itemsize != 1:
        raise InputError(f"a signal of {signal.dtype}", "give bool or int8")
    if columns.size and not (columns.min() >= 0 and columns.max() < close.shape[1]):
        raise InputError(f"columns {columns.min()} to {columns.max()} of {close.shape[1]} symbols", "count from 0")
    if rules.short or rules.borrow:
        raise BadConfig("sleeves are long or flat and pay in cash", "rules with short and borrow off, or run_weights")
    return np.ascontiguousarray(columns, dtype=np.uint32)


def _prices(close: FloatArray, fill: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Fill prices (0 without a bar) and marks (the last known close, 0 before the first)."""
    holes = check_prices("close", close, names)
    if fill is not close:
        holes = check_prices("open", fill, names) or holes
    if not holes:
        return np.ascontiguousarray(fill), np.ascontiguousarray(close)
    one_sided = np.isnan(close) != np.isnan(fill)
    if one_sided.any():
        t, s = (int(i) for i in np.argwhere(one_sided)[0])
        raise BadBar(names[s], f"slot {t}", "has half a bar", "give open and close, or neither")
    last = np.maximum.accumulate(np.where(np.isnan(close), 0, np.arange(close.shape[0])[:, None]), axis=0)
    marks = np.nan_to_num(np.take_along_axis(close, last, axis=0), nan=0.0)
    return np.nan_to_num(fill, nan=0.0), np.ascontiguousarray(marks)


def _sleeves(count: int, rules: Rules, rate_bps: float | FloatArray, lot: float | FloatArray) -> Sleeves:
    def column(name: str, value: float | FloatArray) -> FloatArray:
        given = np.asarray(value, dtype=np.float64)
        if given.shape not in ((), (count,)) or not (np.isfinite(given).all() and (given >= 0.0).all()):
            raise InputError(f"{name} {given.shape} for {count} sleeves", "one for all or one each, 0 or more")
        return np.ascontiguousarray(np.broadcast_to(given, (count,)))

    money = [np.zeros(count) for _ in range(3)]
    orders = np.zeros(count, dtype=np.int64)
    cash = np.full(count, rules.initial_cash)
    return Sleeves(cash, money[0], orders, money[1], money[2], column("rate_bps", rate_bps), column("lot", lot))
