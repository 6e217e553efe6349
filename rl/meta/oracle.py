"""The oracle of a planted tape: who knows which agent knows, and how well, and tilts by its score alone.

The rule is r = tanh((1 - patience) strength score + patience still), the tilt of `rl.meta.actor` with `still` keeping
what is held. Strength and patience, which costs and the signal's memory decide, are searched on independent worlds of
the same law for the greatest mean reward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.market import FloatArray
from rl.meta.actor import CASH_DRIFT, DRIFT, STILL_LIMIT
from rl.meta.config import MetaConfig
from rl.meta.inputs import AGENTS, MetaInputs
from rl.meta.planted import Plant, planted_tape
from rl.meta.tape import Tape
from rl.meta.worlds import Worlds

Tilts = Callable[[MetaInputs, FloatArray], FloatArray]
"""(inputs, views) of W worlds -> r (W, N + 1); `Actor.tilts` is one."""

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
PATIENCES = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
REFINED = ((0.7, -0.05), (0.7, 0.05), (1.0, -0.05), (1.0, 0.05), (1.4, -0.05), (1.4, 0.05))
"""Around the best of the grid: factors of strength, differences of patience."""
SEARCH_BARS, SEARCH_SYMBOLS, SEARCH_EPISODES = 2000, 48, 3


@dataclass(frozen=True, slots=True)
class Oracle:
    """The best rule of its form."""

    agent: str
    strength: float
    patience: float
    kappa: float

    def tilts(self, inputs: MetaInputs, views: FloatArray) -> FloatArray:
        """r (W, N + 1) in [-1, 1], cash last."""
        drift = np.concatenate([inputs.symbol[..., DRIFT], inputs.shared[..., CASH_DRIFT, None]], axis=-1)
        still = np.arctanh(np.clip(drift / self.kappa, -STILL_LIMIT, STILL_LIMIT))
        wish = np.zeros((views.shape[0], views.shape[1] + 1))
        wish[:, :-1] = self.strength * views[:, :, AGENTS.index(self.agent), 0]
        return np.tanh((1.0 - self.patience) * wish + self.patience * still)


@dataclass(frozen=True, slots=True)
class Earned:
    """Means over bars and worlds: reward, and turnover a bar beyond the prior's."""

    reward: float
    extra_turnover: float


def find_oracle(plant: Plant, config: MetaConfig, seed: int) -> Oracle:
    """Search strength and patience on worlds of `seed`."""
    tape = planted_tape(plant, SEARCH_BARS, SEARCH_SYMBOLS, seed)

    def reward(oracle: Oracle) -> float:
        return earned(tape, config, oracle.tilts, seed, SEARCH_EPISODES).reward

    grid = [Oracle(plant.agent, strength, patience, config.kappa) for strength in STRENGTHS for patience in PATIENCES]
    best = max(grid, key=reward)
    near = [
        Oracle(plant.agent, best.strength * factor, min(max(best.patience + step, 0.0), 0.99), config.kappa)
        for factor, step in REFINED
    ]
    return max([best, *near], key=reward)


def earned(tape: Tape, config: MetaConfig, tilts: Tilts, seed: int, episodes: int) -> Earned:
    """Walk `episodes` episodes in each of `config.worlds` worlds of a tape; a seed gives every rule the same worlds."""
    worlds = Worlds(tape, slice(0, tape.times.size), config, config.worlds, np.random.default_rng(seed))
    reward = turnover = 0.0
    for _ in range(episodes):
        worlds.restart(np.ones(config.worlds, dtype=np.bool_))
        for _ in range(config.episode_bars):
            inputs, views = worlds.observe()
            found, _ = worlds.step(inputs, tilts(inputs, views))
            reward += float(found.mean())
            turnover += float((worlds.books.turnover - worlds.prior_books.turnover).mean())
    bars = episodes * config.episode_bars
    return Earned(reward / bars, turnover / bars)
