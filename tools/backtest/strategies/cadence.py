"""What shipped strategies share: a name, a cadence that needs no memory, and weights for what can be traded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.market import BoolArray, FloatArray
from data.snapshot import Snapshot

MONDAY = np.datetime64("1970-01-05", "D")
"""From which working days are counted, so that every 5 is once a week, at its first slot."""


class Paced(BaseModel, ABC):
    """A strategy that decides at the first slot of each period of `every` working days, and is silent in between.

    The calendar alone says when: runs that begin on other dates rebalance on the same days.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(default=5, ge=0, le=260)
    """Working days (Monday to Friday) in a period; 0 decides at every slot."""

    @property
    @abstractmethod
    def name(self) -> str:
        """As in `bullpen backtest NAME`."""

    @abstractmethod
    def weights(self, snapshot: Snapshot) -> Mapping[str, float]:
        """Target weights at a slot that is due."""

    def decide(self, snapshot: Snapshot) -> Mapping[str, float]:
        """See `tools.backtest.strategy.Strategy`; empty where no period begins."""
        return self.weights(snapshot) if self._due(snapshot) else {}

    def _due(self, snapshot: Snapshot) -> bool:
        days = snapshot.panel.times[-2:].astype("datetime64[D]")
        if self.every == 0 or days.size < 2:
            return True
        before, now = (np.busday_count(MONDAY, days + 1) - 1) // self.every
        return bool(now != before)


def named(snapshot: Snapshot, weights: FloatArray, chosen: BoolArray) -> dict[str, float]:
    """`weights` (S,) by symbol, of the `chosen` (S,) ones only: the others keep their units."""
    symbols = snapshot.symbols
    return {symbols[s]: float(weights[s]) for s in np.flatnonzero(chosen).tolist()}
