"""Scores: what a strategy thinks of each symbol at each slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.features.spec import Features
from data.market import FloatArray


@dataclass(frozen=True, slots=True)
class Scores:
    """`score` (T, S) in [-1, 1], `confidence` (T, S) in [0, 1]; both NaN where the strategy does not know."""

    score: FloatArray
    confidence: FloatArray


Strategy = Callable[[Features], Scores]
"""A pure, causal function: row t of the scores depends on rows <= t of the features only."""

SLOTS_PER_YEAR = 252.0
"""The year in which volatility features are stated."""


def paired(score: FloatArray, confidence: FloatArray) -> Scores:
    """Scores clipped to their ranges; where either is not finite, both are NaN."""
    known = np.isfinite(score) & np.isfinite(confidence)
    return Scores(
        np.where(known, np.clip(score, -1.0, 1.0), np.nan),
        np.where(known, np.clip(confidence, 0.0, 1.0), np.nan),
    )


def in_sigmas(change: FloatArray, annual_vol: FloatArray, slots: int) -> FloatArray:
    """A price change (T, S) over `slots` slots, in standard deviations of such a change; NaN where vol is 0."""
    sigma = annual_vol * np.sqrt(slots / SLOTS_PER_YEAR)
    return np.divide(change, sigma, out=np.full_like(change, np.nan), where=sigma > 0.0)


def agreement(parts: FloatArray) -> FloatArray:
    """How far K signals (K, T, S) point the same way: 1 when all do, 0 when they cancel or are all silent."""
    size = np.abs(parts).sum(axis=0)
    return np.divide(np.abs(parts.sum(axis=0)), size, out=np.where(np.isnan(size), np.nan, 0.0), where=size > 0.0)
