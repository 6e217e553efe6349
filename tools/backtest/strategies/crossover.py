"""The moving-average crossover: in a symbol while its fast mean is above its slow one, otherwise out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from data.snapshot import Snapshot
from tools.backtest.strategies.cadence import Paced, named
from tools.portfolio.prior import CASH_SHARE


class SmaCrossover(Paced):
    """An equal share of the account for each symbol, invested or in cash by its own crossover."""

    fast: Literal[20, 50] = 20
    """Slots of the fast mean; it has a feature."""
    slow: Literal[50, 200] = 50
    """Slots of the slow mean."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"the fast mean ({self.fast} slots) must be shorter than the slow one ({self.slow})")
        return self

    @property
    def name(self) -> str:
        """sma_crossover"""
        return "sma_crossover"

    def weights(self, snapshot: Snapshot) -> Mapping[str, float]:
        """The features are close / mean - 1: the higher mean has the lower ratio."""
        fast, slow = (snapshot.last(f"sma_ratio_{slots}") for slots in (self.fast, self.slow))
        known = snapshot.tradable & np.isfinite(fast) & np.isfinite(slow)
        share = (1.0 - CASH_SHARE) / len(snapshot.symbols)
        return named(snapshot, np.where(fast < slow, share, 0.0), known)
