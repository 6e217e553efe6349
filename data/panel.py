"""The price panel: bars of many symbols, aligned to the slots of one book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import BoolArray, FloatArray, Instrument, IntArray, TimeArray


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars as known at each slot; the last row is the present.

    `times` (T,) are the book's slots, ascending. Price arrays are (T, S), in instrument order; a cell is the last bar
    of the symbol known at that slot, NaN before its first bar (nothing is ever filled backwards). `age` (T, S) counts
    slots since a new bar arrived: 0 is fresh, -1 means no bar yet. `closes_only` marks symbols without opens (S,).
    """

    instruments: tuple[Instrument, ...]
    times: TimeArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    age: IntArray
    closes_only: BoolArray

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in column order."""
        return tuple(i.symbol for i in self.instruments)

    def until(self, row: int) -> Panel:
        """The panel as it stood after `row` rows: the first `row` slots."""
        cut = slice(0, row)
        return Panel(
            self.instruments, self.times[cut], self.open[cut], self.high[cut], self.low[cut],
            self.close[cut], self.volume[cut], self.age[cut], self.closes_only,
        )  # fmt: skip

    def returns(self) -> FloatArray:
        """Simple close-to-close returns (T, S); the first row is NaN."""
        out = np.full_like(self.close, np.nan)
        out[1:] = self.close[1:] / self.close[:-1] - 1.0
        return out
