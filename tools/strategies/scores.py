"""Scores: what a strategy thinks of each symbol at each slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data.features.spec import Features
from data.market import FloatArray


@dataclass(frozen=True, slots=True)
class Scores:
    """`score` (T, S) in [-1, 1], `confidence` (T, S) in [0, 1]; both NaN where the strategy does not know."""

    score: FloatArray
    confidence: FloatArray


Strategy = Callable[[Features], Scores]
"""A pure, causal function: row t of the scores depends on rows <= t of the features only."""
