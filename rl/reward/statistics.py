"""Running statistics of whole episodes: what each reward component came to, at a fixed size in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.market import BoolArray, FloatArray

REWARD, LENGTH = "reward", "length"


class EpisodeStatistics:
    """Sums of components over each row's running episode, and moments of those sums over the episodes that ended."""

    def __init__(self, rows: int, names: Sequence[str]) -> None:
        self.names = (*names, REWARD, LENGTH)
        self.episodes = 0
        """How many ended."""
        self._running: FloatArray = np.zeros((rows, len(self.names)))
        self._mean: FloatArray = np.zeros(len(self.names))
        self._squares: FloatArray = np.zeros(len(self.names))
        self._low: FloatArray = np.full(len(self.names), np.inf)
        self._high: FloatArray = np.full(len(self.names), -np.inf)

    def add(self, parts: FloatArray, reward: FloatArray, done: BoolArray) -> None:
        """One step: components (N, P), rewards (N,), and which rows' episodes end with it (N,)."""
        self._running[:, :-2] += parts
        self._running[:, -2] += reward
        self._running[:, -1] += 1.0
        for ended in self._running[done]:
            self.episodes += 1
            away = ended - self._mean
            self._mean += away / self.episodes
            self._squares += away * (ended - self._mean)  # Welford, Technometrics 4 (1962) 419-420
            self._low, self._high = np.minimum(self._low, ended), np.maximum(self._high, ended)
        self._running[done] = 0.0

    def summary(self) -> dict[str, dict[str, float]]:
        """Component (and reward, length) -> mean, sd, low, high of its sum over an episode; empty before the first."""
        if not self.episodes:
            return {}
        sd = np.sqrt(self._squares / max(self.episodes - 1, 1))
        return {
            name: {"mean": float(m), "sd": float(s), "low": float(low), "high": float(high)}
            for name, m, s, low, high in zip(self.names, self._mean, sd, self._low, self._high, strict=True)
        }
