"""The tape: what a market did, slot by slot, checked once before any engine reads it."""

from __future__ import annotations

from dataclasses import dataclass

from data.market import BoolArray, FloatArray, Instrument, IntArray, TimeArray


@dataclass(frozen=True, slots=True)
class Tape:
    """T slots of S symbols, C-contiguous. `times` (T,) ascend; all prices are positive where `fresh`, in the symbol's
    own currency.

    A cell that is not `fresh` has no bar of its own: its open and close are both the last known close, after splits
    (NaN before the first bar).
    """

    instruments: tuple[Instrument, ...]
    times: TimeArray
    open: FloatArray
    """(T, S); the close of the same bar where a symbol has closes only."""
    close: FloatArray
    """(T, S)"""
    volume: FloatArray
    """(T, S) units; NaN where unknown, which caps nothing."""
    fresh: BoolArray
    """(T, S)"""
    volatility: FloatArray
    """(T, S): standard deviation of the returns of one bar, from bars up to and including t; 0 where unknown."""
    fx: FloatArray
    """(T, S): account currency per unit of the symbol's currency."""
    split: FloatArray
    """(T, S): units after / units before, effective before the open of t; 1 is none."""
    dividend: FloatArray
    """(T, S): cash a unit (after the split of that slot) in the symbol's currency, paid before the open of t."""
    delisted: IntArray
    """(S,): the slot of the last bar ever; -1 where the symbol lives on."""
    interest: FloatArray
    """(T,): fraction that cash earns from t - 1 to t (negative cash pays it)."""
    borrow: FloatArray
    """(T, S): fraction of a short's value paid from t - 1 to t."""
    funding: FloatArray
    """(T, S): fraction of a position's signed value paid from t - 1 to t (negative: received)."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in column order."""
        return tuple(i.symbol for i in self.instruments)
