"""Worlds with a planted signal: markets made of arrays, whose only predictor follows a known law among noise features.

In every world z[t+1] = memory z[t] + sqrt(1 - memory^2) e and the return from the close of t to the close of t + 1 is
volatility (information z[t] + noise of variance 1): z is known at the close of t, the trade happens at the next open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.market import Float32Array, FloatArray
from rl.kernel import MarketArrays
from rl.market import RowMarket
from rl.observation import BLOCK_WIDTH

PLANTED = 0
"""Column of the observation that holds z; the others have the same law and foretell nothing."""
BARS_PER_YEAR = 252.0
"""Bars are daily by convention: what a Sharpe ratio of these worlds is annualised with."""


@dataclass(frozen=True, slots=True)
class Process:
    """The law of a planted world."""

    memory: float = 0.9
    """Coefficient of the AR(1) predictor from bar to bar, in [0, 1): 0.9 has a half-life of 6.6 bars."""
    information: float = 0.1
    """Correlation of z with the return of the next bar, in [0, 1); 0 plants nothing."""
    volatility: float = 0.01
    """Standard deviation of a bar's return, a fraction: that of a stock's day."""
    cost_bps: float = 5.0
    """Proportional costs of a trade, in 1e-4 of the notional."""
    gap: float = 0.25
    """Share of a bar's variance, and of what z foretells of it, that lies between the close and the next open."""

    def __post_init__(self) -> None:
        """Bounds; a bar's noise must have a variance."""
        if not (0.0 <= self.memory < 1.0 and 0.0 <= self.information < 1.0 and 0.0 <= self.gap <= 1.0):
            raise InputError("memory, information and gap of a planted world lie in [0, 1)", "see rl.worlds.planted")
        if not (self.volatility > 0.0 and self.cost_bps >= 0.0):
            raise InputError("volatility is positive and costs are not negative", "see rl.worlds.planted")


def planted(process: Process, worlds: int, bars: int, seed: int, columns: int = BLOCK_WIDTH) -> RowMarket:
    """`worlds` independent worlds of `bars` bars as the symbols of one market, `columns` market columns each.

    World i of a seed is the same whatever their number; other seeds make other worlds. Raises InputError for less than
    one world, three bars or one column.
    """
    if worlds < 1 or bars < 3 or columns < 1:
        raise InputError(f"{worlds} worlds of {bars} bars and {columns} columns are no market", "ask for more")
    block = np.empty((worlds, bars, columns), dtype=np.float32)
    close, fill = (np.empty((bars, worlds), order="F") for _ in range(2))
    for world in range(worlds):
        rng = np.random.default_rng((seed, world))
        block[world] = _ar1(rng.standard_normal((bars, columns), dtype=np.float32), process.memory)
        z = block[world, :, PLANTED].astype(np.float64)
        close[:, world], fill[:, world] = _prices(process, z, rng.standard_normal((2, bars)))
    shape = close.shape
    arrays = MarketArrays(
        close=close,
        fill=fill,
        ready=np.ones(shape, dtype=np.bool_, order="F"),
        scale=np.full(shape, process.volatility, order="F"),
        cost_bps=np.full(worlds, process.cost_bps),
        hedge_gap=np.zeros(shape, order="F"),
        hedge_day=np.zeros(shape, order="F"),
        block=block,
        shared_from=columns,
        shared_to=columns,
    )
    return RowMarket(tuple(f"W{i:04d}" for i in range(worlds)), np.zeros(worlds, dtype=np.int64), arrays)


def pure_noise(process: Process, worlds: int, bars: int, seed: int, columns: int = BLOCK_WIDTH) -> RowMarket:
    """The same worlds with nothing planted: no rule has an edge, and every trade costs."""
    silent = Process(process.memory, 0.0, process.volatility, process.cost_bps, process.gap)
    return planted(silent, worlds, bars, seed, columns)


def _ar1(shocks: Float32Array, memory: float) -> Float32Array:
    """Stationary paths of unit variance from standard normal `shocks` (T, K), in place."""
    keep, new = np.float32(memory), np.float32((1.0 - memory**2) ** 0.5)
    for t in range(1, len(shocks)):
        shocks[t] = keep * shocks[t - 1] + new * shocks[t]
    return shocks


def _prices(process: Process, z: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Closes and next opens (T,) around the predictor z (T,) and `noise` (2, T); the last slot has no next open."""
    share = np.array([[process.gap], [1.0 - process.gap]])
    left = (1.0 - process.information**2) ** 0.5
    gap, day = 1.0 + process.volatility * (process.information * share * z + left * np.sqrt(share) * noise)
    close = 100.0 * np.concatenate([[1.0], np.cumprod(gap[:-1] * day[:-1])])
    fill = close * gap
    fill[-1] = np.nan
    return close, fill
