"""The terms of trade of each symbol, as arrays that numba reads, and what a fill costs under them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from data.compiled import compiled
from data.market import FloatArray, Instrument
from tools.market.commission import unit_commission
from tools.market.costs import CostModel, trade_cost
from tools.market.impact import kyle_impact, square_root_impact
from tools.market.schedule import LiquiditySchedule
from tools.market.spread import volatility_spread, volume_spread


class CostTerms(NamedTuple):
    """One row a symbol, (S,) float64 each; 0 switches a term off, and a cap of inf caps nothing."""

    rate_bps: FloatArray
    """Half-spread, commission and slippage in proportion to the notional, basis points."""
    spread_vol: FloatArray
    """Half-spread that grows with volatility: fraction of the notional per unit of one bar's volatility."""
    per_unit: FloatArray
    """Commission a share or contract, account currency."""
    minimum: FloatArray
    """Least commission of a fill (of the per-unit part), account currency."""
    impact: FloatArray
    """Square-root impact: fraction of the notional per unit of volatility x sqrt(units / volume of the bar)."""
    kyle: FloatArray
    """Kyle's lambda: fraction of the notional per unit of volatility x (units / volume of the bar)."""
    cap: FloatArray
    """Largest fraction of a bar's volume that may be filled."""
    lot: FloatArray
    """Smallest tradable number of units; 0 is any."""
    spread_volume: FloatArray
    """Half-spread that narrows with volume: fraction of the notional per unit of volatility / sqrt(volume)."""


class _Row(NamedTuple):
    """The terms of one symbol: numbers, so that handing them on counts no references to arrays."""

    rate_bps: float
    spread_vol: float
    per_unit: float
    minimum: float
    impact: float
    kyle: float
    spread_volume: float
    lot: float


def free_terms(symbols: int) -> CostTerms:
    """Terms of `symbols` names under which a trade costs nothing, any size is filled, and units are fractional."""
    return proportional_terms(np.zeros(symbols))


def proportional_terms(rate_bps: FloatArray) -> CostTerms:
    """Terms whose only cost is `rate_bps` (S,), basis points of the notional; any size is filled, units are
    fractional. Other terms are set with `_replace`, each (S,) float64."""
    rate = np.ascontiguousarray(rate_bps, dtype=np.float64)
    zero = np.zeros(rate.shape)
    off = {name: zero.copy() for name in CostTerms._fields}
    return CostTerms(**off | {"rate_bps": rate, "cap": np.full(rate.shape, np.inf)})


def terms_of(
    instruments: Iterable[Instrument], costs: CostModel, schedule: LiquiditySchedule | None = None
) -> CostTerms:
    """The terms of `instruments`, in their order: `costs` of each class in proportion to the notional, and on top of
    them what `schedule` says (None: nothing, so that units are fractional and size costs nothing)."""
    names = tuple(instruments)
    terms = proportional_terms(costs.vector(names))
    return terms if schedule is None else terms._replace(**schedule.columns(names))


@compiled
def fill_cost(
    units: float, price: float, fx: float, volume: float, volatility: float, terms: CostTerms, s: int
) -> float:
    """Cash paid for filling `units` (either sign) of symbol s at `price`, in account currency; never negative.

    `fx` is account currency per unit of the symbol's; an unknown or empty `volume` (NaN, 0) has no impact term.
    """
    return _cost(units, price, fx, volume, volatility, _row(terms, s))


@compiled
def _row(terms: CostTerms, s: int) -> _Row:
    return _Row(
        terms.rate_bps[s],
        terms.spread_vol[s],
        terms.per_unit[s],
        terms.minimum[s],
        terms.impact[s],
        terms.kyle[s],
        terms.spread_volume[s],
        terms.lot[s],
    )


@compiled
def _cost(units: float, price: float, fx: float, volume: float, volatility: float, row: _Row) -> float:
    size = abs(units)
    notional = size * price * fx
    cost = trade_cost(notional, row.rate_bps)
    cost += volatility_spread(notional, volatility, row.spread_vol)
    cost += unit_commission(size, row.per_unit, row.minimum)
    if volume > 0.0:
        share = size / volume
        moved = square_root_impact(share, row.impact) + kyle_impact(share, row.kyle)
        cost += notional * volatility * moved
        cost += volume_spread(notional, volatility, volume, row.spread_volume)
    return cost


@compiled
def whole_lots(units: float, lot: float) -> float:
    """`units` (either sign) rounded towards zero to whole lots; a lot of 0 leaves them, as does one so small that
    floats cannot count it (2^53 lots)."""
    if lot <= 0.0 or abs(units) / lot >= 2.0**53:
        return units
    return math.copysign(math.floor(abs(units) / lot) * lot, units)


@compiled
def split_fill(wanted: float, volume: float, cap: float) -> float:
    """The part of `wanted` units (either sign) that a bar of `volume` fills where at most `cap` of it may be taken.

    An unknown volume (NaN) caps nothing, nor does a cap of inf; an empty bar under a finite cap fills nothing. Not
    rounded to lots; what is left is `wanted` minus this.
    """
    if math.isnan(volume) or math.isinf(cap):
        return wanted
    return math.copysign(min(abs(wanted), cap * volume), wanted)


@compiled
def affordable(
    cash: float, price: float, fx: float, volume: float, volatility: float, terms: CostTerms, s: int
) -> float:
    """The most units of symbol s, in whole lots, whose notional and costs together do not exceed `cash`.

    Never negative; 0 where `cash` is not positive and finite, or a price is not. With proportional costs alone it is
    whole_lots(cash / (price x fx x (1 + rate)), lot), and a lot more or less where rounding was off by a bit.
    The sum `units * price * fx + fill_cost(...)`, rounded once, is what does not exceed `cash`.
    """
    each = price * fx
    if not (0.0 < cash < math.inf and 0.0 < each < math.inf):
        return 0.0
    row = _row(terms, s)
    most = whole_lots(cash / (each * (1.0 + row.rate_bps * 1e-4)), row.lot)
    if math.isinf(most):
        return 0.0
    if row.lot > 0.0 and _payable(most + row.lot, cash, price, fx, volume, volatility, row):
        return most + row.lot
    for _ in range(2):
        if _payable(most, cash, price, fx, volume, volatility, row):
            return most
        most = max(0.0, most - row.lot if row.lot > 0.0 else np.nextafter(most, 0.0))
    return _search(most, cash, price, fx, volume, volatility, row)


@compiled
def _payable(units: float, cash: float, price: float, fx: float, volume: float, volatility: float, row: _Row) -> bool:
    return units * price * fx + _cost(units, price, fx, volume, volatility, row) <= cash


@compiled
def _search(above: float, cash: float, price: float, fx: float, volume: float, volatility: float, row: _Row) -> float:
    """The largest payable number of units in [0, above], by bisection: what is paid grows with the units. Whole lots
    are counted, so that none is lost to rounding; fractions are exact to one part in 2^50 of `above`."""
    step = row.lot if row.lot > 0.0 else above * 2.0**-50
    if step == 0.0:
        return 0.0
    low, high = 0.0, np.floor(above / step) + 1.0
    while high - low > 1.0:
        middle = np.floor(0.5 * (low + high))
        if not low < middle < high:
            break
        if _payable(middle * step, cash, price, fx, volume, volatility, row):
            low = middle
        else:
            high = middle
    return low * step
