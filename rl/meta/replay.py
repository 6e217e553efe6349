"""Replay as columns: one ring of tensors over bars and worlds, from which batches are gathered by index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Bars:
    """T consecutive bars of W worlds: `observations` (T, W, D), `actions` (T, W, A), `rewards` and `valid` (T, W).

    `valid` is False where the action was ignored because an episode had just ended; the observation after a bar is that
    of the next bar.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    valid: Tensor


class ColumnReplay:
    """Keeps the last `bars` bars of `worlds` worlds; samples uniformly, with replacement, from `seed`."""

    def __init__(self, bars: int, worlds: int, observation: int, action: int, seed: int) -> None:
        self._kept = Bars(
            torch.zeros(bars, worlds, observation),
            torch.zeros(bars, worlds, action),
            torch.zeros(bars, worlds),
            torch.zeros(bars, worlds, dtype=torch.bool),
        )
        self._bars, self._worlds, self._next, self.filled = bars, worlds, 0, 0
        self._rng = np.random.default_rng(seed)

    def add(self, bars: Bars) -> None:
        """Append T bars, overwriting the oldest."""
        count = bars.rewards.shape[0]
        at = torch.from_numpy((self._next + np.arange(count)) % self._bars)
        self._kept.observations[at] = bars.observations
        self._kept.actions[at] = bars.actions
        self._kept.rewards[at] = bars.rewards
        self._kept.valid[at] = bars.valid
        self._next = (self._next + count) % self._bars
        self.filled = min(self.filled + count, self._bars)

    def sample(self, size: int) -> dict[str, Tensor]:
        """`size` transitions as columns under RLlib's names, for a one-step loss. The newest bar has no successor."""
        kept = self._kept
        bar, world = self._draw(size)
        at, after = bar * self._worlds + world, (bar + 1) % self._bars * self._worlds + world
        observations = kept.observations.flatten(0, 1)
        return {
            Columns.OBS: observations.index_select(0, at),
            Columns.NEXT_OBS: observations.index_select(0, after),
            Columns.ACTIONS: kept.actions.flatten(0, 1).index_select(0, at),
            Columns.REWARDS: kept.rewards.flatten().index_select(0, at),
            Columns.TERMINATEDS: torch.zeros(size, dtype=torch.bool),
            "n_step": torch.ones(size),
            "weights": torch.ones(size),
        }

    def _draw(self, size: int) -> tuple[Tensor, Tensor]:
        """Indices (size,) of valid transitions; invalid draws are drawn again."""
        oldest = (self._next - self.filled) % self._bars
        bar = np.empty(size, dtype=np.int64)
        world = np.empty(size, dtype=np.int64)
        wanted = np.arange(size)
        while wanted.size:
            bar[wanted] = (oldest + self._rng.integers(0, self.filled - 1, wanted.size)) % self._bars
            world[wanted] = self._rng.integers(0, self._worlds, wanted.size)
            valid = self._kept.valid[torch.from_numpy(bar[wanted]), torch.from_numpy(world[wanted])].numpy()
            wanted = wanted[~valid]
        return torch.from_numpy(bar), torch.from_numpy(world)
