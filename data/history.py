"""History: the past with its outcomes, for training and backtests. Never part of a Snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from data.features.spec import Features
from data.market import BoolArray, FloatArray
from data.panel import Panel


@dataclass(frozen=True, slots=True)
class History:
    """A panel with features and the price at which a decision taken at each slot is filled.

    `fill` (T, S): the first open strictly after the slot (the next close where a symbol has closes only), NaN where
    there is none yet. `ready` (T, S): True where the bar is fresh and every per-symbol feature is known.
    `features.values` is (T, S, F), `features.shared` (T, G).
    """

    source: str
    panel: Panel
    features: Features
    fill: FloatArray
    ready: BoolArray
    fingerprint: str
    """sha256 of prices and features: the data hash in a policy's manifest."""
    lake: dict[str, int]
    """Delta table name -> version."""
