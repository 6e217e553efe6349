"""One training of the meta-controller: its checkpoints, kept on disk where asked, and how it does on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rl.meta.config import MetaConfig
from rl.meta.hedge import hedged
from rl.meta.selection import Tensors, gain_over_prior
from rl.meta.tape import Tape
from rl.training.stage import Checkpoint, Resumable, StageFolder

if TYPE_CHECKING:
    from rl.meta.env import AllocationVectorEnv

Tell = Callable[[float, dict[str, float]], None]
"""Told the fraction done and the newest figures."""


class Algorithm(Resumable, Protocol):
    """What SAC and PPO have in common."""

    @property
    def updates_done(self) -> int:
        """Gradient steps so far."""
        ...

    def train(self) -> object:
        """One iteration."""
        ...

    def actor_tensors(self) -> Tensors:
        """The actor as of the last iteration, at full reach."""
        ...

    def stop(self) -> None:
        """Let go of what it holds."""
        ...


class Counter:
    """Tells progress in checkpoints, over several trainings."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0
        self.told: dict[str, float] = {}

    def step(self, figures: dict[str, float]) -> None:
        """One more checkpoint."""
        self._done += 1
        if self._done < self._total:
            self._tell(self._done / self._total, self.told | figures)

    def end(self) -> None:
        """All that was needed."""
        self._tell(1.0, dict(self.told))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the trainings of a run have in common: they learn from `rows`, each but the dates held out from it."""

    tape: Tape
    rows: slice
    config: MetaConfig
    seed: int

    def trail(
        self, checkpoints: int, done: Counter, folder: StageFolder | None, held_out: slice | None = None
    ) -> list[Tensors]:
        """A training's mean actors of each stretch up to a checkpoint; those that `folder` holds are not made again.

        Tells the Sharpe ratio over the prior's on the block ("held-out") and on as many seen slots ("gap" is seen less
        it).
        """
        found = list(folder.trail()) if folder else []
        for kept in found:
            done.step(self._figures(kept, held_out))
        if len(found) >= checkpoints:
            return [kept.tensors for kept in found]
        algorithm = self._algorithm(held_out)
        try:
            if folder:
                folder.resume(algorithm)
            while len(found) < checkpoints:
                tensors = advance(algorithm, self.config.updates * (len(found) + 1) // self.config.checkpoints)
                found.append(Checkpoint(tensors, 0.0, algorithm.updates_done))
                if folder:
                    folder.keep(tuple(found), algorithm)
                done.step(self._figures(found[-1], held_out))
        finally:
            algorithm.stop()
        return [kept.tensors for kept in found]

    def _algorithm(self, held_out: slice | None) -> Algorithm:
        from rl.meta.env import AllocationVectorEnv

        config, rows, seed = self.config, self.rows, self.seed
        lessons = hedged(self.tape, rows, config.hedge_peers, config.hedge_own_mean, held_out)

        def make() -> AllocationVectorEnv:
            return AllocationVectorEnv(lessons, rows, config, config.worlds, seed, held_out)

        return built(config, make, seed)

    def _figures(self, kept: Checkpoint, held_out: slice | None) -> dict[str, float]:
        """How far it is and, at full reach, how much better on seen slots than on as many held out, where any are."""
        told = {"updates": float(kept.samples)}
        if held_out is None:
            return told
        seen = _beside(self.rows, held_out)
        figure, mirrored = (
            gain_over_prior(self.tape, part, kept.tensors, self.config.kappa) for part in (held_out, seen)
        )
        return told | {"held-out": figure, "gap": mirrored - figure}


def _beside(rows: slice, block: slice) -> slice:
    """As many slots next to a block of `rows`, on the side where there are more; fewer where there are no more."""
    length = block.stop - block.start
    if block.start - rows.start >= rows.stop - block.stop:
        return slice(max(rows.start, block.start - length), block.start)
    return slice(block.stop, min(rows.stop, block.stop + length))


def built(config: MetaConfig, make: Callable[[], AllocationVectorEnv], seed: int) -> Algorithm:
    """The algorithm that the config names, in this process. Ray must run."""
    if config.algorithm == "ppo":
        from rl.meta.ppo import meta_ppo

        return meta_ppo(config, make, seed)
    from rl.meta.sac import meta_sac

    return meta_sac(config, make, seed)


def advance(algorithm: Algorithm, until: int) -> Tensors:
    """Train until `until` updates in all, at least one iteration; the mean of the actors after each."""
    total: dict[str, np.ndarray] = {}
    steps = 0
    while steps == 0 or algorithm.updates_done < until:
        algorithm.train()
        for name, value in algorithm.actor_tensors().items():
            total[name] = total.get(name, 0.0) + value.astype(np.float64)
        steps += 1
    return {name: (value / steps).astype(np.float32) for name, value in total.items()}
