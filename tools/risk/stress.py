"""Stress: what a book would lose if a named day came again, or the worst days of its own window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.market import AssetClass, FloatArray, Instrument

Shock = Annotated[float, Field(ge=-1.0, le=10.0, allow_inf_nan=False)]
"""A simple return."""


class Scenario(BaseModel):
    """Returns of one bad event. A sector's shock stands in for its class's; what has neither stays where it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    class_shocks: dict[AssetClass, Shock] = Field(default_factory=dict)
    sector_shocks: dict[str, Shock] = Field(default_factory=dict)


def shocks(scenarios: Sequence[Scenario], instruments: Sequence[Instrument]) -> FloatArray:
    """The return of each instrument in each scenario (K, S)."""
    rows = [[_shock(scenario, instrument) for instrument in instruments] for scenario in scenarios]
    return np.array(rows, dtype=np.float64).reshape(len(scenarios), len(instruments))


def worst_window(returns: FloatArray, bars: int) -> float:
    """The loss of the worst `bars` successive portfolio returns (R,), weights restored at each; positive is a loss.

    Summed, not compounded, so that half the weights lose half. With fewer returns than `bars`, all of them.
    """
    total = np.concatenate(([0.0], np.cumsum(returns)))
    bars = min(bars, returns.size)
    return -float((total[bars:] - total[: total.size - bars]).min())


def _shock(scenario: Scenario, instrument: Instrument) -> float:
    by_class = scenario.class_shocks.get(instrument.asset_class, 0.0)
    return scenario.sector_shocks.get(instrument.sector, by_class) if instrument.sector else by_class
