"""Tapes with a planted signal: one agent's score foretells returns by a known coefficient, all else is noise.

The return of a symbol from the close of t to the close of t + 1, in volatilities of the bar, is information * z[t] plus
noise, where z is an AR(1) of unit variance; the planted agent's score is z / SCORE_SCALE, clipped, which is known at
the close of t. The other agents' scores and all features have the same law and foretell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import InputError
from data.market import AssetClass, FloatArray
from rl.meta.inputs import AGENTS, MARKET_COLUMNS, stack_views
from rl.meta.tape import Tape

SCORE_SCALE = 2.0
"""Standard deviations of z that make a full score: beyond them (one in 22) it is clipped."""
SHARED = 4
"""Shared features, all noise."""
BARS_A_YEAR = 252.0


@dataclass(frozen=True, slots=True)
class Plant:
    """The law of a planted tape."""

    information: float = 0.1
    """Correlation of the planted agent's z with the next bar's return, in [0, 1); 0 plants nothing."""
    memory: float = 0.9
    """Of each AR(1) from bar to bar, in [0, 1): 0.9 has a half-life of 6.6 bars; 0 is independent draws."""
    volatility: tuple[float, float] = (0.15, 0.45)
    """Annualised, drawn for each symbol between the two: from a broad fund's to a growth stock's."""
    market: float = 0.3
    """Standard deviation of a return that all symbols share, in their volatilities."""
    drift: float = 0.05
    """Annual return of every symbol: what the prior earns."""
    cost_bps: float = 5.0
    """Of each trade's notional, in 1e-4."""
    agent: str = "macro"
    """The agent that knows."""

    def __post_init__(self) -> None:
        """Bounds, and an agent that exists."""
        if not (0.0 <= self.memory < 1.0 and 0.0 <= self.information < 1.0 and self.cost_bps >= 0.0):
            raise InputError("memory and information lie in [0, 1), costs are not negative", "see rl.meta.planted")
        if self.agent not in AGENTS:
            raise InputError(f"no agent {self.agent!r}", f"one of {', '.join(AGENTS)}")


def planted_tape(plant: Plant, bars: int, symbols: int, seed: int) -> Tape:
    """`bars` bars of `symbols` symbols, all tradable; other seeds make other symbols, scores and returns."""
    rng = np.random.default_rng((seed, bars, symbols))
    scores = np.stack([_ar1(rng, (bars, symbols), plant.memory) for _ in AGENTS], axis=-1)
    z = scores[:, :, AGENTS.index(plant.agent)]
    annual = rng.uniform(*plant.volatility, symbols)
    noise = rng.standard_normal((bars, symbols)) + plant.market * rng.standard_normal((bars, 1))
    per_bar = annual / np.sqrt(BARS_A_YEAR)
    move = per_bar * (plant.information * z + np.sqrt(1.0 - plant.information**2) * noise) + plant.drift / BARS_A_YEAR
    score = np.clip(scores / SCORE_SCALE, -1.0, 1.0)
    nothing = np.zeros((bars, symbols))
    times = np.datetime64("2000-01-03T21:00:00", "ns") + np.arange(bars) * np.timedelta64(1, "D")
    return Tape(
        times=times,
        market=np.stack([_ar1(rng, (bars, symbols), 0.95) for _ in MARKET_COLUMNS], axis=-1),
        shared=_ar1(rng, (bars, SHARED), 0.98),
        views=stack_views(score, np.full(score.shape, 0.5)),
        tradable=np.ones((bars, symbols), dtype=np.bool_),
        volatility=np.repeat(annual[None], bars, axis=0),
        to_fill=nothing,
        to_close=np.maximum(move, -0.9),
        cost_bps=np.full(symbols, plant.cost_bps),
        classes=(AssetClass.STOCK,) * symbols,
        hedge_gap=nothing.copy(),
        hedge_day=nothing.copy(),
    )


def _ar1(rng: np.random.Generator, shape: tuple[int, ...], memory: float) -> FloatArray:
    """Stationary paths of unit variance along the first axis."""
    out = rng.standard_normal(shape)
    for t in range(1, shape[0]):
        out[t] = memory * out[t - 1] + np.sqrt(1.0 - memory**2) * out[t]
    return out
