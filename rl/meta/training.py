"""Train the meta-controller: SAC learns on the training rows, the validation rows choose, the unseen rows report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.history import History
from data.market import Float32Array
from rl.meta.actor import Actor
from rl.meta.blend import blend_v1
from rl.meta.config import MetaConfig
from rl.meta.evaluation import actor_rule, equal_weight, prior_rule, walk, walk_many
from rl.meta.hedge import hedged
from rl.meta.tape import Tape, build_tape
from rl.ray_session import ray_session
from rl.threads import limit_threads
from tools.strategies.scores import Scores

if TYPE_CHECKING:
    from rl.meta.sac import MetaSAC

Tensors = dict[str, Float32Array]
Tell = Callable[[float, dict[str, float]], None]
"""Told the fraction done and the newest figures."""


@dataclass(frozen=True, slots=True)
class MetaResult:
    """The chosen actor (`kappa` among its tensors), what it was trained with, and how it did.

    `metrics["seen" | "validation" | "unseen"]`: sharpe, annual_return, annual_volatility, max_drawdown, turnover of the
    controller, and the same of the prior, equal weight and `blend-v1` at the same costs with "prior_", "equal_",
    "blend_" before. `metrics["validation"]` also holds candidates (actors and reaches compared), checkpoint (1 is the
    first, 0 the prior) and kappa.
    """

    tensors: Tensors
    config: MetaConfig
    metrics: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Choice:
    """The best of what validation has seen: `gain` in Sharpe ratio over the prior; checkpoint 0 is the prior itself."""

    tensors: Tensors
    gain: float = 0.0
    checkpoint: int = 0


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
    training rows, or the controller learns to trust what it will not get. The reach is kappa times a multiplier; it is
    0, and the controller its prior, where no actor beats the prior on the validation rows by `config.least_gain` in
    Sharpe ratio without losing return. Same arguments, same bits. Raises InputError for rows without usable slots, or
    where training left the finite numbers.
    """
    tape = build_tape(history, scores, config.costs)
    lessons = hedged(tape, train_rows, config.hedge_peers, config.hedge_own_mean)
    limit_threads(config.threads)
    with ray_session(config.threads):
        algorithm = _algorithm(lessons, train_rows, config, seed)
        try:
            choice = _train(algorithm, tape, validation_rows, config, progress)
        finally:
            algorithm.stop()
    parts = {"seen": train_rows, "validation": validation_rows, "unseen": unseen_rows}
    metrics = {name: _report(tape, rows, choice) for name, rows in parts.items()}
    metrics["validation"] |= {
        "candidates": float(config.checkpoints * len(config.kappa_multipliers)),
        "checkpoint": float(choice.checkpoint),
        "kappa": float(choice.tensors["kappa"][0]),
    }
    return MetaResult(choice.tensors, config, metrics)


def _algorithm(tape: Tape, rows: slice, config: MetaConfig, seed: int) -> MetaSAC:
    from rl.meta.env import AllocationVectorEnv
    from rl.meta.sac import meta_sac

    return meta_sac(config, lambda: AllocationVectorEnv(tape, rows, config, config.worlds, seed), seed)


def _train(algorithm: MetaSAC, tape: Tape, rows: slice, config: MetaConfig, progress: Tell) -> Choice:
    """All updates, in `checkpoints` equal stretches; the mean actor of each stretch is put to validation."""
    prior = walk(tape, rows, prior_rule).figures()
    choice: Choice | None = None
    for checkpoint in range(1, config.checkpoints + 1):
        tensors = _advance(algorithm, config.updates * checkpoint // config.checkpoints)
        choice = choice or Choice(_reaching(tensors, 0.0))
        choice = _better(choice, tape, rows, tensors, prior, checkpoint, config)
        progress(checkpoint / config.checkpoints, {"gain": choice.gain, "updates": float(algorithm.updates_done)})
    assert choice is not None
    return choice


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


def _better(
    choice: Choice,
    tape: Tape,
    rows: slice,
    tensors: Tensors,
    prior: dict[str, float],
    checkpoint: int,
    config: MetaConfig,
) -> Choice:
    """The choice after this checkpoint: the greatest gain in Sharpe ratio among those that lose no return."""
    candidates = [_reaching(tensors, config.kappa * multiplier) for multiplier in config.kappa_multipliers]
    walks = walk_many(tape, rows, [actor_rule(Actor(candidate)) for candidate in candidates])
    for candidate, found in zip(candidates, walks, strict=True):
        figures = found.figures()
        gain = figures["sharpe"] - prior["sharpe"]
        if gain >= max(config.least_gain, choice.gain) and figures["annual_return"] >= prior["annual_return"]:
            choice = Choice(candidate, gain, checkpoint)
    return choice


def _reaching(tensors: Tensors, kappa: float) -> Tensors:
    return tensors | {"kappa": np.array([kappa], dtype=np.float32)}


def _report(tape: Tape, rows: slice, choice: Choice) -> dict[str, float]:
    rules = {"": actor_rule(Actor(choice.tensors)), "prior_": prior_rule, "equal_": equal_weight, "blend_": blend_v1}
    found = walk_many(tape, rows, list(rules.values()))
    return {
        prefix + name: value
        for prefix, walked in zip(rules, found, strict=True)
        for name, value in walked.figures().items()
    }
