"""Which actor and which reach: chosen by all held-out dates together, admitted by the validation rows.

Each block of the training rows is held out from one training. A stopping point or a reach that looks good on one slice
of dates is mostly luck; the blocks together are several times as long, and no training judged here had seen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data.market import Float32Array, FloatArray
from rl.meta.actor import Actor
from rl.meta.config import MetaConfig
from rl.meta.evaluation import Rule, actor_rule, prior_rule, walk_many
from rl.meta.tape import Tape, check_rows
from rl.training.figures import figures

Tensors = dict[str, Float32Array]


@dataclass(frozen=True, slots=True)
class Judged:
    """A held-out block and the actors, one for each checkpoint, of the training that had not seen it."""

    block: slice
    trail: tuple[Tensors, ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """How far to train and how far to reach; checkpoint 0 and reach 0 are the prior. `gain` as in MetaResult."""

    checkpoint: int = 0
    kappa: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shipped: tensors whose `kappa` is 0 where nothing proved itself."""

    tensors: Tensors
    pick: Pick

    def figures(self, config: MetaConfig) -> dict[str, float]:
        """What the choice was among, and what it is."""
        return {
            "candidates": float(config.checkpoints * len(config.kappa_multipliers)),
            "checkpoint": float(self.pick.checkpoint),
            "kappa": float(self.tensors["kappa"][0]),
            "gain": self.pick.gain,
        }


def fold_blocks(tape: Tape, rows: slice, folds: int) -> tuple[slice, ...]:
    """The usable part of `rows` in `folds` consecutive blocks. InputError where a block would have no decision."""
    first, stop = check_rows(tape, rows, 2 * folds)
    edges = np.linspace(first, stop + 1, folds + 1).round().astype(int)
    return tuple(slice(int(a), int(b)) for a, b in pairwise(edges))


def best_pick(tape: Tape, judged: Sequence[Judged], config: MetaConfig) -> Pick:
    """The greatest gain in Sharpe ratio over the prior on all blocks, among those that lose no return; or the prior."""
    reaches = [config.kappa * multiplier for multiplier in config.kappa_multipliers]
    grid = [(n, kappa) for n in range(min(len(j.trail) for j in judged)) for kappa in reaches]
    growths: list[FloatArray] = []
    for fold in judged:
        rules: list[Rule] = [prior_rule, *(_rule(fold.trail[n], kappa) for n, kappa in grid)]
        growths.append(np.stack([found.growth for found in walk_many(tape, fold.block, rules)]))
    scored = [figures(growth - 1.0, tape.bars_per_year) for growth in np.concatenate(growths, axis=1)]
    prior, best = scored[0], Pick()
    for (n, kappa), found in zip(grid, scored[1:], strict=True):
        gain = found["sharpe"] - prior["sharpe"]
        if gain >= max(config.least_gain, best.gain) and found["annual_return"] >= prior["annual_return"]:
            best = Pick(n + 1, kappa, gain)
    return best


def final_choice(tape: Tape, rows: slice, tensors: Tensors, pick: Pick, config: MetaConfig) -> Choice:
    """The picked reach for the final actor where the validation `rows` do not find it worse than the prior; else 0."""
    if pick.checkpoint and gain_over_prior(tape, rows, tensors, pick.kappa) < 0.0:
        pick = Pick()
    return Choice(reaching(tensors, pick.kappa), pick)


def gain_over_prior(tape: Tape, rows: slice, tensors: Tensors, kappa: float) -> float:
    """Sharpe ratio of an actor at a reach less the prior's, at the same costs on the same rows."""
    found, prior = (w.figures()["sharpe"] for w in walk_many(tape, rows, [_rule(tensors, kappa), prior_rule]))
    return found - prior


def reaching(tensors: Tensors, kappa: float) -> Tensors:
    """An actor's tensors with another reach."""
    return tensors | {"kappa": np.array([kappa], dtype=np.float32)}


def _rule(tensors: Tensors, kappa: float) -> Rule:
    return actor_rule(Actor(reaching(tensors, kappa)))
