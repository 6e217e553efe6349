"""The market as rows see it: a History turned once into arrays that every environment gathers from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from data.errors import InputError
from data.history import History
from data.market import AssetClass, BoolArray, Float32Array, FloatArray, IntArray
from rl.forecasts import Forecaster, fit_forecaster
from rl.kernel import Layout, MarketArrays, Packed, Starts, one_bar, pack
from rl.observation import (
    OBS_V1,
    OBS_WIDTH,
    ObservationSchema,
    bar_volatility,
    bars_a_year,
    known_cells,
    observe,
    without_market_wide,
)
from tools.market.costs import CostModel
from tools.market.schedule import LiquiditySchedule


@dataclass(frozen=True)
class RowMarket:
    """Prices, costs and observation columns of a history; treated as one immutable value (copying shares it)."""

    symbols: tuple[str, ...]
    groups: IntArray
    """(S,): asset class, as an index into AssetClass."""
    arrays: MarketArrays
    shown: Layout | None = None
    """How observations are laid out; None: as in obs-v1, one bar."""

    def __deepcopy__(self, memo: dict[int, Any]) -> RowMarket:
        """RLlib copies its configs deeply and often; the arrays are read only."""
        return self

    def __reduce__(self) -> tuple[type[RowMarket], tuple[Any, ...]]:
        """What travels to another process leaves the packed copy behind."""
        return RowMarket, (self.symbols, self.groups, self.arrays, self.shown)

    @property
    def layout(self) -> Layout:
        """Columns of an observation."""
        a = self.arrays
        return self.shown or one_bar(a.block.shape[2], a.shared_from, a.shared_to, OBS_WIDTH)

    @cached_property
    def packed(self) -> Packed:
        """As the kernel reads it; checked and made once. Raises InputError and BadBar for what cannot be stepped."""
        return pack(self.arrays, self.layout, self.symbols)

    @property
    def slots(self) -> int:
        """T."""
        return self.arrays.close.shape[0]


def row_market(
    history: History, costs: CostModel | None = None, schema: ObservationSchema = OBS_V1,
    forecaster: Forecaster | None = None,
) -> RowMarket:  # fmt: skip
    """Arrays of a history under a cost model (the default one unless given), shown as `schema` says.

    Where the schema shows forecasts they are `forecaster`'s, or else fitted here, walk-forward. Raises InputError where
    the history lacks a feature of the schema, before any time is spent.

    Impact is charged where rules give sleeves a capital; the notional of a bar is its close times its volume, in the
    currency of its prices.

    Slots at which the market-wide columns are not known yet (the regime needs two years) are used all the same: rows
    see zeros there, as blinded episodes do. A policy in use says nothing on such a slot (rl.symbol_policy). Slots
    before a whole window of bars are not decided on; a bar within the window that is not known is shown as zeros.
    """
    schema.check(history.features)
    features, panel = history.features, history.panel
    per_year, forecasts = bars_a_year(panel.times), None
    if schema.needs_forecasts:
        forecaster = forecaster or fit_forecaster(history)
        forecasts = forecaster.forecasts(features, panel.instruments, panel.times, per_year=per_year)
    seen = without_market_wide(
        schema, observe(schema, features, panel.instruments, per_year=per_year, forecasts=forecasts)
    )
    ready = history.ready & known_cells(seen.block) & known_cells(seen.context) & np.isfinite(panel.close)
    ready[: schema.window - 1] = False
    vol = bar_volatility(features, per_year=per_year)
    arrays = MarketArrays(
        close=np.asfortranarray(panel.close),
        fill=np.asfortranarray(history.fill),
        ready=np.asfortranarray(ready),
        scale=np.asfortranarray(np.where(np.isfinite(vol), vol, 1.0)),
        cost_bps=(costs or CostModel()).vector(panel.instruments),
        hedge_gap=np.zeros(vol.shape, order="F"),
        hedge_day=np.zeros(vol.shape, order="F"),
        block=_symbol_first(seen.block),
        shared_from=schema.layout().shared_from,
        shared_to=schema.layout().shared_to,
        context=_symbol_first(seen.context) if schema.context_width else None,
        impact=LiquiditySchedule().columns(panel.instruments)["impact"],
        volume=np.asfortranarray(panel.close * panel.volume),
    )
    classes = list(AssetClass)
    groups = np.array([classes.index(i.asset_class) for i in panel.instruments], dtype=np.int64)
    return _frozen(RowMarket(panel.symbols, groups, arrays, schema.layout()))


def _symbol_first(columns: Float32Array) -> Float32Array:
    """(T, S, K) as (S, T, K), zeros where unknown."""
    return np.ascontiguousarray(np.where(np.isfinite(columns), columns, np.float32(0.0)).transpose(1, 0, 2))


def hedged(market: RowMarket, learn: BoolArray, peers: float, own_mean: float, premium: float) -> RowMarket:
    """The market whose rewards leave out what a symbol shares with its peers and what it happened to earn on average.

    `peers`: share taken off of the mean return of the other symbols of its asset class, slot by slot (in volatilities,
    then scaled to the symbol's own); `own_mean`: share taken off of what is left on average over the slots `learn`
    (T,); `premium`: share given back of the mean return of the whole class over those slots. What then pays is which
    symbol and when, and being in a class that pays, not what happened to rise.
    """
    a = market.arrays
    with np.errstate(invalid="ignore"):
        gap = (a.fill / a.close - 1.0) / a.scale
        day = (np.vstack([a.close[1:], np.full((1, a.close.shape[1]), np.nan)]) / a.fill - 1.0) / a.scale
    known = a.ready & np.isfinite(gap) & np.isfinite(day)
    shared = [peers * _mean_of_others(np.where(known, x, 0.0), known, market.groups) for x in (gap, day)]
    learned = known & learn[:, None]
    own = _mean(gap + day - shared[0] - shared[1], learned)
    of_class = np.zeros_like(own)
    for group in np.unique(market.groups):
        members = market.groups == group
        of_class[members] = _mean((gap + day)[:, members].reshape(-1, 1), learned[:, members].reshape(-1, 1))
    arrays = a._replace(
        hedge_gap=np.asfortranarray(shared[0] * a.scale),
        hedge_day=np.asfortranarray((shared[1] + own_mean * own - premium * of_class) * a.scale),
    )
    return _frozen(replace(market, arrays=arrays))


def _mean(values: FloatArray, known: BoolArray) -> FloatArray:
    """(S,): the mean of each column over its known cells; 0 where there are none."""
    return np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _mean_of_others(values: FloatArray, known: BoolArray, groups: IntArray) -> FloatArray:
    """(T, S): at each slot the mean over the known other members of a symbol's group; 0 where there are none."""
    out = np.zeros(values.shape)
    for group in np.unique(groups):
        members = groups == group
        inside, counted = values[:, members], known[:, members]
        total, count = inside.sum(axis=1, keepdims=True), counted.sum(axis=1, keepdims=True)
        out[:, members] = (total - inside) / np.maximum(count - counted, 1)
    return out


def _frozen(market: RowMarket) -> RowMarket:
    for values in market.arrays:
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    return market


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
