"""Strategies without an opinion: what any other must beat at the same costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.market import FloatArray
from data.snapshot import Snapshot
from tools.backtest.strategies.cadence import Paced, named
from tools.portfolio.prior import CASH_SHARE, equal_weight, inverse_volatility

MONTH = 21
"""Working days of a month, about."""


class BuyAndHold(BaseModel):
    """The same share of the account for each symbol, bought when it is first seen and never touched again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def name(self) -> str:
        """buy_and_hold"""
        return "buy_and_hold"

    def decide(self, snapshot: Snapshot) -> Mapping[str, float]:
        """The symbols whose first price has just come; what is not listed yet leaves its share in cash."""
        known = snapshot.panel.age >= 0
        new = known[-1] & ~known[:-1].any(axis=0)
        share = (1.0 - CASH_SHARE) / len(snapshot.symbols)
        return named(snapshot, np.full(new.size, share), new)


class EqualWeight(Paced):
    """The same weight for every tradable symbol (`tools.portfolio.prior.equal_weight`)."""

    every: int = Field(default=MONTH, ge=0, le=260)

    @property
    def name(self) -> str:
        """equal_weight"""
        return "equal_weight"

    def weights(self, snapshot: Snapshot) -> Mapping[str, float]:
        """Empty where nothing is tradable."""
        if not snapshot.tradable.any():
            return {}
        return named(snapshot, equal_weight(snapshot.tradable, _all_cash(snapshot)), snapshot.tradable)


class InverseVolatility(Paced):
    """Weights in proportion to 1 / volatility over three months (`tools.portfolio.prior.inverse_volatility`)."""

    every: int = Field(default=MONTH, ge=0, le=260)

    @property
    def name(self) -> str:
        """inverse_volatility"""
        return "inverse_volatility"

    def weights(self, snapshot: Snapshot) -> Mapping[str, float]:
        """A symbol without volatility (a price that stands still) is left as it is held."""
        volatility = snapshot.last("vol_63")
        tradable = snapshot.tradable & np.isfinite(volatility) & (volatility > 0.0)
        if not tradable.any():
            return {}
        return named(snapshot, inverse_volatility(volatility, tradable, _all_cash(snapshot)), tradable)


def _all_cash(snapshot: Snapshot) -> FloatArray:
    """Weights held (S + 1,), as a prior wants them: a strategy is not told what is held."""
    return np.append(np.zeros(len(snapshot.symbols)), 1.0)
