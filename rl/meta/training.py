"""Train the meta-controller: held-out folds choose, the validation rows may veto, the unseen rows report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.history import History
from rl.meta.actor import Actor
from rl.meta.blend import blend_v1
from rl.meta.config import MetaConfig
from rl.meta.evaluation import actor_rule, equal_weight, prior_rule, walk_many
from rl.meta.hedge import hedged
from rl.meta.selection import (
    Choice,
    Judged,
    Tensors,
    best_pick,
    final_choice,
    fold_blocks,
    gain_over_prior,
)
from rl.meta.tape import Tape, build_tape, with_prior
from rl.ray_session import ray_session
from rl.threads import limit_threads
from tools.strategies.scores import Scores

if TYPE_CHECKING:
    from rl.meta.sac import MetaSAC

Tell = Callable[[float, dict[str, float]], None]
"""Told the fraction done and the newest figures."""


@dataclass(frozen=True, slots=True)
class MetaResult:
    """The chosen actor (`kappa` among its tensors), what it was trained with, and how it did.

    `metrics["seen" | "validation" | "unseen"]`: sharpe, annual_return, annual_volatility, max_drawdown, turnover of the
    controller, and the same of the prior, equal weight and `blend-v1` at the same costs with "prior_", "equal_",
    "blend_" before. `metrics["validation"]` also holds candidates (actors and reaches compared), checkpoint (1 is the
    first, 0 the prior), kappa, and `gain`: Sharpe ratio over the prior's on the held-out dates.
    """

    tensors: Tensors
    config: MetaConfig
    metrics: dict[str, dict[str, float]]


def train_meta(
    history: History,
    scores: Mapping[str, Scores],
    train_rows: slice,
    validation_rows: slice,
    unseen_rows: slice,
    config: MetaConfig,
    seed: int,
    progress: Tell,
) -> MetaResult:
    """Train on `train_rows`, select on `validation_rows`, report on all three; nothing else of the history is read.

    `scores` (T, S) of all AGENTS by name, NaN where unknown; those of a learned agent should be out of sample on the
    training rows, or the controller learns to trust what it will not get. Checkpoint and reach are those that did best
    on the training rows' held-out blocks, all together, by trainings that had not seen them (`rl.meta.selection`); the
    reach is 0, and the controller its prior, where none gains `config.least_gain` in Sharpe ratio over the prior there
    without losing return, or where the final controller is worse than the prior on the validation rows. Same arguments,
    same bits. Raises InputError for rows without usable slots, or where training left the finite numbers.
    """
    tape = with_prior(build_tape(history, scores, config.costs), config.prior)
    choice = learn(tape, train_rows, validation_rows, config, seed, progress)
    parts = {"seen": train_rows, "validation": validation_rows, "unseen": unseen_rows}
    metrics = {name: report(tape, rows, choice.tensors) for name, rows in parts.items()}
    metrics["validation"] |= choice.figures(config)
    return MetaResult(choice.tensors, config, metrics)


def learn(
    tape: Tape, train_rows: slice, validation_rows: slice, config: MetaConfig, seed: int, progress: Tell
) -> Choice:
    """`train_meta` on a tape, without the report."""
    blocks = fold_blocks(tape, train_rows, config.folds)
    done = _Counter(progress, (len(blocks) + 1) * config.checkpoints)
    limit_threads(config.threads)
    with ray_session(config.threads):
        judged: list[Judged] = []
        for block in blocks:
            trail = _trail(tape, train_rows, config, seed, config.checkpoints, done, block)
            judged.append(Judged(block, tuple(trail)))
        pick = best_pick(tape, judged, config)
        done.told["gain"] = pick.gain
        trail = _trail(tape, train_rows, config, seed, max(pick.checkpoint, 1), done, None)
    done.end()
    return final_choice(tape, validation_rows, trail[-1], pick, config)


class _Counter:
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


def _trail(
    tape: Tape, rows: slice, config: MetaConfig, seed: int, checkpoints: int, done: _Counter, held_out: slice | None
) -> list[Tensors]:  # fmt: skip
    """A training on `rows` without `held_out`, its mean actors of each stretch up to a checkpoint.

    Tells the Sharpe ratio over the prior's on the block ("held-out") and on as many seen slots ("gap" is seen less it).
    """
    from rl.meta.env import AllocationVectorEnv
    from rl.meta.sac import meta_sac

    lessons = hedged(tape, rows, config.hedge_peers, config.hedge_own_mean, held_out)
    algorithm = meta_sac(
        config, lambda: AllocationVectorEnv(lessons, rows, config, config.worlds, seed, held_out), seed
    )
    found: list[Tensors] = []
    try:
        for checkpoint in range(1, checkpoints + 1):
            found.append(_advance(algorithm, config.updates * checkpoint // config.checkpoints))
            done.step({"updates": float(algorithm.updates_done)} | _gap(tape, rows, held_out, found[-1], config))
    finally:
        algorithm.stop()
    return found


def _gap(
    tape: Tape, rows: slice, held_out: slice | None, tensors: Tensors, config: MetaConfig
) -> dict[str, float]:  # fmt: skip
    """How much better it does, at full reach, on seen slots than on as many held out; nothing where none are."""
    if held_out is None:
        return {}
    length = held_out.stop - held_out.start
    before = held_out.start - rows.start >= rows.stop - held_out.stop
    seen = slice(held_out.start - length, held_out.start) if before else slice(held_out.stop, held_out.stop + length)
    figure, mirrored = (gain_over_prior(tape, part, tensors, config.kappa) for part in (held_out, seen))
    return {"held-out": figure, "gap": mirrored - figure}


def _advance(algorithm: MetaSAC, until: int) -> Tensors:
    """Train until `until` updates in all; the mean of the actors after each iteration."""
    total: dict[str, np.ndarray] = {}
    steps = 0
    while steps == 0 or algorithm.updates_done < until:
        algorithm.train()
        for name, value in algorithm.actor_tensors().items():
            total[name] = total.get(name, 0.0) + value.astype(np.float64)
        steps += 1
    return {name: (value / steps).astype(np.float32) for name, value in total.items()}


def report(tape: Tape, rows: slice, tensors: Tensors) -> dict[str, float]:
    """Figures of a controller, its prior, equal weight and blend-v1 on `rows`, named as in `MetaResult`."""
    rules = {"": actor_rule(Actor(tensors)), "prior_": prior_rule, "equal_": equal_weight, "blend_": blend_v1}
    found = walk_many(tape, rows, list(rules.values()))
    return {
        prefix + name: value
        for prefix, walked in zip(rules, found, strict=True)
        for name, value in walked.figures().items()
    }
