"""What the kernel reads: markets as arrays, and where episodes may begin."""

from __future__ import annotations

from typing import NamedTuple

from data.market import BoolArray, Float32Array, FloatArray, IntArray


class MarketArrays(NamedTuple):
    """What the kernel reads, in place. T slots, S symbols, K columns of market observation."""

    close: FloatArray
    """(T, S)"""
    fill: FloatArray
    """(T, S)"""
    ready: BoolArray
    """(T, S): where not, a row can only hold."""
    scale: FloatArray
    """(T, S): the volatility of one bar, a positive fraction."""
    cost_bps: FloatArray
    """(S,)"""
    hedge_gap: FloatArray
    """(T, S): the return, from close to fill, of what a symbol's rewards are measured against."""
    hedge_day: FloatArray
    """(T, S): the same from fill to the next close."""
    block: Float32Array
    """(S, T, K), finite: symbol first, so that a row walks forward in memory."""
    shared_from: int = 0
    """Where no Layout is given: columns from here ..."""
    shared_to: int = 0
    """... to here are the same for all symbols; see Layout."""
    context: Float32Array | None = None
    """(S, T, C), finite: columns shown once, for the bar decided on; None: none."""
    impact: FloatArray | None = None
    """(S,): coefficient of tools.market.impact.square_root_impact; None: none."""
    volume: FloatArray | None = None
    """(T, S): notional that the market traded in the bar, account currency; NaN or None: unknown, moves nothing."""
    borrow: FloatArray | None = None
    """(S,): fraction of a short position paid a bar; None: nothing."""
    financing: float = 0.0
    """Fraction of borrowed cash paid a bar."""
    funding: FloatArray | None = None
    """(T, S): fraction of a position that longs pay and shorts are paid, from t - 1 to t; None: nothing."""
    low: FloatArray | None = None
    """(S,): least weight, <= 0; None: 0, long only."""
    high: FloatArray | None = None
    """(S,): greatest weight, >= 0; None: 1, nothing borrowed."""


class Starts(NamedTuple):
    """Where episodes may begin: slots[offsets[i] : offsets[i + 1]] for the i-th symbol of `symbols`."""

    symbols: IntArray
    offsets: IntArray
    slots: IntArray
    stop: IntArray
    """(T,): the last slot an episode that begins at t may be marked at."""
