"""What the meta-controller's exported graph is fed of the market: feature values as they are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.features.spec import Features
from data.market import FloatArray
from rl.meta.inputs import RAW_FEATURES


@dataclass(frozen=True, slots=True)
class RawMarket:
    """One decision: `values` (S, 7) of RAW_FEATURES, NaN where unknown; `shared` (G,); `drawdown` in [0, 1]."""

    values: FloatArray
    shared: FloatArray
    drawdown: float


def raw_market(features: Features, row: int, drawdown: float) -> RawMarket:
    """The values at `row` of `features` (-1 is the present)."""
    places = [features.names.index(name) for name in RAW_FEATURES]
    return RawMarket(features.values[row][:, places], np.ascontiguousarray(features.shared[row]), drawdown)
