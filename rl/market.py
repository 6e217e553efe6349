"""The market as rows see it: a History turned once into arrays that every environment gathers from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.errors import InputError
from data.history import History
from data.market import BoolArray, IntArray
from rl.kernel import MarketArrays, Starts
from rl.observation import SHARED, bar_volatility, known_cells, market_block
from tools.market.costs import CostModel


@dataclass(frozen=True)
class RowMarket:
    """Prices, costs and observation columns of a history; treated as one immutable value (copying shares it)."""

    symbols: tuple[str, ...]
    arrays: MarketArrays

    def __deepcopy__(self, memo: dict[int, Any]) -> RowMarket:
        """RLlib copies its configs deeply and often; the arrays are read only."""
        return self

    @property
    def slots(self) -> int:
        """T."""
        return self.arrays.close.shape[0]


def row_market(history: History, costs: CostModel | None = None) -> RowMarket:
    """Arrays of a history under a cost model (the default one unless given)."""
    instruments = history.panel.instruments
    block = market_block(history.features, instruments)
    ready = history.ready & known_cells(block) & np.isfinite(history.panel.close)
    vol = bar_volatility(history.features)
    arrays = MarketArrays(
        close=np.asfortranarray(history.panel.close),
        fill=np.asfortranarray(history.fill),
        ready=np.asfortranarray(ready),
        scale=np.asfortranarray(np.where(np.isfinite(vol), vol, 1.0)),
        cost_bps=(costs or CostModel()).vector(instruments),
        block=np.ascontiguousarray(np.where(np.isfinite(block), block, np.float32(0.0)).transpose(1, 0, 2)),
        shared_from=SHARED.start,
        shared_to=SHARED.stop,
    )
    for values in arrays[:6]:
        values.flags.writeable = False
    return RowMarket(history.panel.symbols, arrays)


def starts_in(market: RowMarket, allowed: BoolArray, shortest: int = 2) -> Starts:
    """Where episodes may begin: ready cells with at least `shortest` bars before the end of an allowed stretch.

    `allowed` (T,): slots whose prices may be used; an episode is never marked outside the stretch it began in.
    Raises InputError where there is none.
    """
    stop = _last_of_stretch(allowed)
    slots = np.arange(market.slots)
    open_slots = allowed & (stop - slots >= shortest)
    cells = market.arrays.ready & open_slots[:, None]
    cells[:-1] &= np.isfinite(market.arrays.fill[:-1]) & np.isfinite(market.arrays.close[1:])
    per_symbol = [np.flatnonzero(cells[:, s]) for s in range(cells.shape[1])]
    symbols = np.array([s for s, found in enumerate(per_symbol) if found.size], dtype=np.int64)
    if symbols.size == 0:
        raise InputError("no symbol has a complete bar in the chosen dates", "choose a longer span")
    found = [per_symbol[s] for s in symbols]
    offsets = np.concatenate([[0], np.cumsum([f.size for f in found])]).astype(np.int64)
    return Starts(symbols, offsets, np.concatenate(found).astype(np.int64), stop)


def _last_of_stretch(allowed: BoolArray) -> IntArray:
    """For each slot, the last slot of the run of allowed slots it stands in (itself where not allowed)."""
    stop = np.arange(allowed.size, dtype=np.int64)
    for t in range(allowed.size - 2, -1, -1):
        if allowed[t] and allowed[t + 1]:
            stop[t] = stop[t + 1]
    return stop
