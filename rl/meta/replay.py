"""Replay as columns: one ring of tensors over bars and worlds, from which batches are gathered by index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from torch import Tensor

from data.market import FloatArray, IntArray
from rl.meta.sum_tree import SumTree

PRIORITY_FLOOR = 1e-3
"""Added to TD errors, so that no transition is forgotten (Schaul et al. 2016, section 3.3)."""


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
    """Keeps the last `bars` bars of `worlds` worlds; samples with replacement, from `seed`.

    With `priority` 0 uniformly. Else in proportion to (|TD error| + PRIORITY_FLOOR) ** priority, a new transition as
    the greatest so far, and weighs what is drawn by (n P) ** -correction over the greatest such weight of the draw
    (proportional prioritisation, Schaul et al. 2016).
    """

    def __init__(
        self, bars: int, worlds: int, observation: int, action: int, seed: int, priority: float = 0.0,
        correction: float = 0.0,
    ) -> None:  # fmt: skip
        self._kept = Bars(
            torch.zeros(bars, worlds, observation),
            torch.zeros(bars, worlds, action),
            torch.zeros(bars, worlds),
            torch.zeros(bars, worlds, dtype=torch.bool),
        )
        self._bars, self._worlds, self._next, self.filled = bars, worlds, 0, 0
        self.random = np.random.default_rng(seed)
        self._priority, self._correction, self._greatest = priority, correction, 1.0
        self._tree = SumTree(bars * worlds) if priority > 0.0 else None
        self._drawn: IntArray = np.zeros(0, dtype=np.int64)

    def add(self, bars: Bars) -> None:
        """Append T bars, overwriting the oldest."""
        count = bars.rewards.shape[0]
        rows = (self._next + np.arange(count)) % self._bars
        at = torch.from_numpy(rows)
        self._kept.observations[at] = bars.observations
        self._kept.actions[at] = bars.actions
        self._kept.rewards[at] = bars.rewards
        self._kept.valid[at] = bars.valid
        if self._tree is not None:
            self._welcome(self._tree, rows)
        self._next = (self._next + count) % self._bars
        self.filled = min(self.filled + count, self._bars)

    def sample(self, size: int) -> dict[str, Tensor]:
        """`size` transitions as columns under RLlib's names, for a one-step loss. The newest bar has no successor."""
        kept = self._kept
        drawn = self._draw(size)
        at, after = torch.from_numpy(drawn), torch.from_numpy((drawn + self._worlds) % (self._bars * self._worlds))
        observations = kept.observations.flatten(0, 1)
        return {
            Columns.OBS: observations.index_select(0, at),
            Columns.NEXT_OBS: observations.index_select(0, after),
            Columns.ACTIONS: kept.actions.flatten(0, 1).index_select(0, at),
            Columns.REWARDS: kept.rewards.flatten().index_select(0, at),
            Columns.TERMINATEDS: torch.zeros(size, dtype=torch.bool),
            "n_step": torch.ones(size),
            "weights": self._weights(drawn),
        }

    def learn(self, td_errors: FloatArray) -> None:
        """Set the priorities of what was drawn last by its absolute TD errors (n,), in its order."""
        if self._tree is not None:
            found = (np.abs(td_errors.astype(np.float64)) + PRIORITY_FLOOR) ** self._priority
            self._tree.assign(self._drawn, found)
            self._greatest = max(self._greatest, float(found.max()))

    def columns(self) -> dict[str, Tensor]:
        """Everything kept, as it lies in memory."""
        kept = self._kept
        found = {"observations": kept.observations, "actions": kept.actions, "rewards": kept.rewards}
        found["valid"] = kept.valid
        return found if self._tree is None else found | {"tree": torch.from_numpy(self._tree.nodes)}

    def place(self) -> dict[str, float]:
        """Where the ring stands."""
        return {"next": self._next, "filled": self.filled, "greatest": self._greatest}

    def put(self, place: dict[str, float]) -> None:
        """Set what `place` gave."""
        self._next, self.filled = int(place["next"]), int(place["filled"])
        self._greatest = float(place["greatest"])

    def _welcome(self, tree: SumTree, rows: IntArray) -> None:
        """Valid transitions get the greatest priority once they have a successor: all of these rows but the last."""
        newest = (self._next - 1) % self._bars
        open_rows = np.append(newest, rows)[:-1] if self.filled else rows[:-1]
        for row, with_successor in (*((int(r), True) for r in open_rows), (int(rows[-1]), False)):
            at = row * self._worlds + np.arange(self._worlds)
            valid = self._kept.valid[row].numpy() & with_successor
            tree.assign(at, np.where(valid, self._greatest, 0.0))

    def _draw(self, size: int) -> IntArray:
        """Places (size,) of valid transitions, bar by bar and world by world; invalid draws are drawn again."""
        if self._tree is not None:
            self._drawn = self._tree.draw(self.random.random(size))
            return self._drawn
        oldest = (self._next - self.filled) % self._bars
        found = np.empty(size, dtype=np.int64)
        wanted, valid = np.arange(size), self._kept.valid.flatten().numpy()
        while wanted.size:
            bar = (oldest + self.random.integers(0, self.filled - 1, wanted.size)) % self._bars
            found[wanted] = bar * self._worlds + self.random.integers(0, self._worlds, wanted.size)
            wanted = wanted[~valid[found[wanted]]]
        return found

    def _weights(self, drawn: IntArray) -> Tensor:
        """Importance weights (n,), the greatest of them 1."""
        if self._tree is None:
            return torch.ones(drawn.size)
        weights = self._tree.priorities(drawn) ** -self._correction
        return torch.from_numpy((weights / weights.max()).astype(np.float32))
