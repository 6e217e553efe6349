"""A market as the kernel reads it: checked, and all numbers of one symbol's slot side by side in memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data.errors import BadBar, InputError
from data.market import BoolArray, Float32Array, FloatArray
from rl.kernel.arrays import MarketArrays
from rl.kernel.layout import Layout, checked_layout

# columns of a cell: eight float64 are one line of the cache
CLOSE, FILL, SCALE, GAP, DAY, VOLUME, FUNDING, READY, N_CELL = 0, 1, 2, 3, 4, 5, 6, 7, 8
# columns of a symbol's terms
RATE, IMPACT, BORROW, FINANCING, LOW, HIGH, N_TERM = 0, 1, 2, 3, 4, 5, 6
RATE_LIMIT = 5000.0
"""Basis points, half of the notional: dearer than any market, and a trade still leaves something."""
IMPACT_LIMIT = 10.0
"""As in tools.market.schedule."""
CARRY_LIMIT = 1.0
"""Of the position, in one bar."""
LEVERAGE_LIMIT = 50.0
"""Of the sleeve, either side: what a US broker may lend on a major currency pair (17 CFR 5.9(a)(1): 2 % down)."""


class Packed(NamedTuple):
    """What the kernel reads, in place. T slots, S symbols, K bar columns, C context columns."""

    cells: FloatArray
    """(S, T, N_CELL): symbol first, so that a row walks forward in memory."""
    terms: FloatArray
    """(S, N_TERM)."""
    bars: Float32Array
    """(S, T x K): a window is one stretch of it."""
    context: Float32Array
    """(S, T, C)."""


def pack(arrays: MarketArrays, layout: Layout, symbols: tuple[str, ...]) -> Packed:
    """The arrays as the kernel reads them, for observations of `layout`.

    Raises InputError for shapes that do not fit and for terms out of range, BadBar for a number no bar may show.
    """
    slots, count = _checked_shape(arrays, len(symbols))
    checked_layout(layout, arrays.block.shape[2], 0 if arrays.context is None else arrays.context.shape[2])
    cells = np.empty((count, slots, N_CELL))
    columns = {
        CLOSE: arrays.close, FILL: arrays.fill, SCALE: arrays.scale, GAP: arrays.hedge_gap, DAY: arrays.hedge_day,
        READY: arrays.ready, VOLUME: arrays.volume, FUNDING: arrays.funding,
    }  # fmt: skip
    absent = {VOLUME: np.nan, FUNDING: 0.0}
    for column, values in columns.items():
        cells[:, :, column] = absent[column] if values is None else values.T
    context = np.zeros((count, slots, 0), dtype=np.float32) if arrays.context is None else arrays.context
    _check_bars(cells, symbols)
    for name, seen in (("block", arrays.block), ("context", context)):
        _refuse(np.logical_or.reduce(~np.isfinite(seen), axis=2), symbols, f"a {name} column is not a finite number")
    bars = np.ascontiguousarray(arrays.block, dtype=np.float32).reshape(count, -1)
    return Packed(cells, _terms(arrays, symbols), bars, np.ascontiguousarray(context, dtype=np.float32))


def _checked_shape(a: MarketArrays, symbols: int) -> tuple[int, int]:
    """(T, S), if every array has its shape."""
    shape = a.close.shape
    if len(shape) != 2 or shape[0] < 2 or shape[1] != symbols or symbols < 1:
        raise InputError(f"close is {shape} for {symbols} symbols", "give (T, S) with two slots or more")
    for name in ("fill", "ready", "scale", "hedge_gap", "hedge_day", "volume", "funding"):
        _expect(name, getattr(a, name), shape)
    for name in ("cost_bps", "impact", "borrow", "low", "high"):
        _expect(name, getattr(a, name), shape[1:])
    for name, values in (("block", a.block), ("context", a.context)):
        if values is not None and (values.ndim != 3 or values.shape[:2] != shape[::-1]):
            raise InputError(f"{name} is {values.shape}, close is {shape}", "give (S, T, columns)")
    return shape


def _expect(name: str, values: FloatArray | None, shape: tuple[int, ...]) -> None:
    if values is not None and values.shape != shape:
        raise InputError(f"{name} begins {values.shape}, close is of {shape} cells", "see rl.kernel.MarketArrays")


def _check_bars(cells: FloatArray, symbols: tuple[str, ...]) -> None:
    """A price is positive or unknown; what a row decides on is known; what it is rewarded by is a number."""
    close, ready = cells[:, :, CLOSE], cells[:, :, READY] > 0.0
    for column, name in ((CLOSE, "close"), (FILL, "fill")):
        price = cells[:, :, column]
        _refuse((price <= 0.0) | np.isinf(price), symbols, f"{name} is not a positive price")
    scale, volume = cells[:, :, SCALE], cells[:, :, VOLUME]
    _refuse(~(np.isfinite(scale) & (scale > 0.0)), symbols, "the volatility of a bar is not positive")
    _refuse(ready & np.isnan(close), symbols, "a bar that is ready has no close")
    _refuse((volume < 0.0) | np.isinf(volume), symbols, "the volume is negative or infinite")
    for column, name in ((GAP, "hedge_gap"), (DAY, "hedge_day"), (FUNDING, "funding")):
        _refuse(~np.isfinite(cells[:, :, column]), symbols, f"{name} is not a finite number")


def _refuse(bad: BoolArray, symbols: tuple[str, ...], rule: str) -> None:
    """BadBar for the first True of `bad` (S, T)."""
    if bad.any():
        s, t = np.unravel_index(int(bad.argmax()), bad.shape)
        raise BadBar(symbols[int(s)], f"slot {t}", rule, "mend the bar, or mark it as not ready and its price as NaN")


def _terms(a: MarketArrays, symbols: tuple[str, ...]) -> FloatArray:
    """(S, N_TERM), each in its range."""
    columns = (
        (RATE, "cost_bps", a.cost_bps, 0.0, RATE_LIMIT), (IMPACT, "impact", a.impact, 0.0, IMPACT_LIMIT),
        (BORROW, "borrow", a.borrow, 0.0, CARRY_LIMIT), (LOW, "low", a.low, -LEVERAGE_LIMIT, 0.0),
        (HIGH, "high", a.high, 0.0, LEVERAGE_LIMIT),
    )  # fmt: skip
    terms = np.zeros((len(symbols), N_TERM))
    terms[:, HIGH], terms[:, FINANCING] = 1.0, a.financing
    for column, name, values, least, most in columns:
        if values is not None:
            terms[:, column] = values
        outside = ~((terms[:, column] >= least) & (terms[:, column] <= most))
        if outside.any():
            s = int(outside.argmax())
            raise InputError(f"{name} of {symbols[s]} is {terms[s, column]}", f"give {least} to {most}")
    if not 0.0 <= a.financing <= CARRY_LIMIT:
        raise InputError(f"financing is {a.financing} a bar", f"give 0 to {CARRY_LIMIT}")
    return terms
