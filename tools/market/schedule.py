"""The liquidity of each asset class beyond its proportional costs: impact, participation, lots and unit charges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.market import AssetClass, FloatArray, Instrument
from tools.market.conventions import convention_of
from tools.market.impact import SQUARE_ROOT
from tools.market.spread import trade_size_root


class ClassLiquidity(BaseModel):
    """Liquidity of one asset class. The defaults charge the impact of size and cap it; they add no spread and no
    commission to those of a CostModel, so that nothing is paid twice."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    spread_vol: float = Field(default=0.0, ge=0.0, le=10.0)
    """Half-spread per unit of one bar's volatility, a fraction."""
    trade_size: float = Field(default=0.0, ge=0.0)
    """Units of a mean trade, from which a half-spread by volatility and volume follows
    (tools.market.spread.trade_size_root); 0 is none."""
    per_unit: float = Field(default=0.0, ge=0.0)
    """Commission a unit, account currency."""
    minimum: float = Field(default=0.0, ge=0.0)
    """Least commission of a fill, account currency."""
    per_contract: float = Field(default=0.0, ge=0.0)
    """Commission a contract, account currency, where the instrument has contracts: this over the multiplier a unit."""
    impact: float = Field(default=SQUARE_ROOT, ge=0.0, le=10.0)
    """Coefficient of tools.market.impact.square_root_impact."""
    kyle: float = Field(default=0.0, ge=0.0, le=100.0)
    """Coefficient of tools.market.impact.kyle_impact."""
    cap: float = Field(default=0.1, gt=0.0, le=1.0)
    """Largest fraction of a bar's volume that may be filled: a convention of ours, well under the quarter of the mean
    daily volume that an issuer may buy back (17 CFR 240.10b-18(b)(4))."""
    lot: float | None = Field(default=None, ge=0.0)
    """Smallest tradable number of units; 0 is any, None what tools.market.conventions says of the instrument."""


class LiquiditySchedule(BaseModel):
    """Liquidity by asset class, each field under the class's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stock: ClassLiquidity = ClassLiquidity()
    etf: ClassLiquidity = ClassLiquidity()
    commodity: ClassLiquidity = ClassLiquidity()
    option: ClassLiquidity = ClassLiquidity(lot=1.0)
    """By the unit: the option names of a book are funds of option strategies. Contracts are traded by tools.options."""
    forex: ClassLiquidity = ClassLiquidity()
    crypto: ClassLiquidity = ClassLiquidity()
    index_future: ClassLiquidity = ClassLiquidity()

    def of(self, asset_class: AssetClass) -> ClassLiquidity:
        """The liquidity of one class."""
        found: ClassLiquidity = getattr(self, asset_class.value)
        return found

    def columns(self, instruments: Sequence[Instrument]) -> dict[str, FloatArray]:
        """The columns of tools.market.terms.CostTerms that this sets, (S,) each, by name."""
        rows = [(self.of(i.asset_class), convention_of(i)) for i in instruments]
        columns = {
            "spread_vol": [row.spread_vol for row, _ in rows],
            "per_unit": [row.per_unit + row.per_contract / one.multiplier * one.by_contract for row, one in rows],
            "minimum": [row.minimum for row, _ in rows],
            "impact": [row.impact for row, _ in rows],
            "kyle": [row.kyle for row, _ in rows],
            "cap": [row.cap for row, _ in rows],
            "lot": [one.lot if row.lot is None else row.lot for row, one in rows],
            "spread_volume": [trade_size_root(row.trade_size) for row, _ in rows],
        }
        return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
