"""What a trade costs: half the spread, commission and slippage, in basis points of the notional traded."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.compiled import njit
from data.market import AssetClass, FloatArray, Instrument


class ClassCosts(BaseModel):
    """Costs of one asset class, each in basis points of the notional traded, on every side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_spread_bps: float = Field(ge=0.0, le=500.0, allow_inf_nan=False)
    commission_bps: float = Field(ge=0.0, le=500.0, allow_inf_nan=False)
    slippage_bps: float = Field(ge=0.0, le=500.0, allow_inf_nan=False)

    @property
    def total_bps(self) -> float:
        """The three together."""
        return self.half_spread_bps + self.commission_bps + self.slippage_bps


def _costs(half_spread_bps: float, commission_bps: float, slippage_bps: float) -> ClassCosts:
    return ClassCosts(half_spread_bps=half_spread_bps, commission_bps=commission_bps, slippage_bps=slippage_bps)


class CostModel(BaseModel):
    """Proportional costs by asset class.

    The defaults are conventions for liquid names and orders small against the volume, not measurements: large US stocks
    quote 1-2 bps wide, ETFs and currency pairs under 1, front futures about one tick (1-2), listed options percents of
    their premium; crypto takers pay an exchange about 10. The impact of size is not modelled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stock: ClassCosts = _costs(1.0, 1.0, 2.0)
    etf: ClassCosts = _costs(0.5, 1.0, 1.5)
    commodity: ClassCosts = _costs(1.0, 0.5, 2.0)
    option: ClassCosts = _costs(50.0, 10.0, 25.0)
    forex: ClassCosts = _costs(0.5, 0.2, 0.5)
    crypto: ClassCosts = _costs(2.0, 10.0, 5.0)
    index_future: ClassCosts = _costs(0.5, 0.2, 0.8)

    def of(self, asset_class: AssetClass) -> ClassCosts:
        """The costs of one class: the field of its name."""
        costs: ClassCosts = getattr(self, asset_class.value)
        return costs

    def cost_bps(self, asset_class: AssetClass) -> float:
        """All costs of one side of a trade, in basis points of its notional."""
        return self.of(asset_class).total_bps

    def vector(self, instruments: Iterable[Instrument]) -> FloatArray:
        """`cost_bps` of each instrument, (S,), in their order."""
        return np.array([self.cost_bps(i.asset_class) for i in instruments], dtype=np.float64)


@njit(cache=True)
def trade_cost(notional: float, cost_bps: float) -> float:
    """Cash paid for trading `notional` (either sign), in its currency."""
    return abs(notional) * cost_bps * 1e-4
