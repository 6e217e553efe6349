"""Long-only weights from a covariance by cyclical coordinate descent, for many universes at once.

Risk parity (Spinu 2013; Griveau-Billion, Richard, Roncalli 2013): y minimises y'Cy / 2 - sum(log y). Minimum variance:
y >= 0 minimises y'Cy / 2 - sum(y / volatility). Weights are y / volatility, scaled to sum to 1; in units of risk a
coordinate's best value is one line for either.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np

from data.compiled import njit
from data.market import BoolArray, FloatArray, IntArray

Aim = Literal["risk_parity", "minimum_variance"]
TOLERANCE = 1e-10
"""Sweeps end where none moved a coordinate by more than this share of the largest."""
SWEEPS = 2000
"""At most; a shrunk correlation of 143 symbols takes some dozens."""


def balanced(
    aim: Aim, correlation: np.ndarray, at: IntArray, chosen: IntArray, volatility: FloatArray, usable: BoolArray
) -> FloatArray:
    """Weights (W, N) that sum to 1 over usable symbols, 0 elsewhere (all 0 where none is usable).

    `correlation` (K, S, S) float32, positive definite with 1 on the diagonal; `at` (W,) which of them; `chosen` (W, N)
    columns of it; `volatility` (W, N), positive where `usable` (W, N).
    """
    return _balanced(aim == "risk_parity", correlation, at, chosen, volatility, usable)


@njit(cache=True)
def _balanced(
    parity: bool, correlation: np.ndarray, at: IntArray, chosen: IntArray, volatility: FloatArray, usable: BoolArray
) -> FloatArray:
    worlds, width = chosen.shape
    weights = np.zeros((worlds, width))
    members = np.empty(width, dtype=np.int64)
    matrix, risk, safety = np.empty((width, width)), np.empty(width), np.empty(width)
    for w in range(worlds):
        count = 0
        for i in range(width):
            if usable[w, i]:
                members[count] = i
                count += 1
        for a in range(count):
            safety[a] = 1.0 / volatility[w, members[a]]
            for b in range(count):
                matrix[a, b] = correlation[at[w], chosen[w, members[a]], chosen[w, members[b]]]
        _descend(parity, matrix, safety, count, risk)
        total = 0.0
        for a in range(count):
            weights[w, members[a]] = risk[a] * safety[a]
            total += risk[a] * safety[a]
        for a in range(count):
            weights[w, members[a]] /= total
    return weights


@njit(cache=True)
def _descend(parity: bool, matrix: FloatArray, safety: FloatArray, count: int, risk: FloatArray) -> None:
    """Fill `risk` (the first `count`) with the y of the module's docstring."""
    total = 0.0
    for a in range(count):
        for b in range(count):
            total += matrix[a, b]
    for a in range(count):  # exact where all correlations are equal; where they are 0
        risk[a] = 1.0 / sqrt(total / count) if parity else safety[a] * count / total
    for _ in range(SWEEPS):
        moved, peak = 0.0, 0.0
        for a in range(count):
            others = 0.0
            for b in range(count):
                others += matrix[a, b] * risk[b]
            others -= risk[a]
            best = 0.5 * (sqrt(others * others + 4.0) - others) if parity else max(0.0, safety[a] - others)
            moved, peak = max(moved, abs(best - risk[a])), max(peak, best)
            risk[a] = best
        if moved <= TOLERANCE * peak:
            return
