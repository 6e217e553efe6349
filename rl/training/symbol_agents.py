"""Training of the symbol agents: PPO over all symbols at once, the validation dates choose the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.market import BoolArray, Float32Array, IntArray
from rl.market import RowMarket, starts_in
from rl.symbol_policy import Actor
from rl.threads import limit_threads
from rl.training.evaluation import active_returns, run_sleeves
from rl.training.figures import sharpe
from rl.training.preset import Preset

if TYPE_CHECKING:
    from rl.algorithms.fast_ppo import FastPPO

Tensors = dict[str, Float32Array]
Tell = Callable[[float, Mapping[str, float]], None]
"""Told the fraction done and the newest figures."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The tensors of the chosen checkpoint, its validation figure, and what was spent."""

    tensors: Tensors
    validation: float
    samples: int
    checkpoint: int
    """Which checkpoint was chosen, from 1; 0 is the untrained average."""


def own_heads(market: RowMarket) -> IntArray:
    """Each symbol's own head, (S,)."""
    return np.arange(1, 1 + len(market.symbols), dtype=np.int64)


def fit(
    market: RowMarket,
    learn: BoolArray,
    validation: slice,
    preset: Preset,
    samples: int,
    seed: int,
    per_year: float,
    tell: Tell,
) -> Fitted:
    """Train on the slots `learn` (T,) for at most `samples` transitions; Ray must be running (rl.ray_session).

    After each of `checkpoints` equal stretches the mean of the weights since the last one is put to the validation
    slots; the best is kept and training stops after `patience` that were no better.
    """
    from rl.algorithms.fast_ppo import fast_ppo

    limit_threads(preset.ppo.threads)
    starts = starts_in(market, learn)
    ppo = preset.ppo.model_copy(update={"samples": samples})
    algorithm = fast_ppo(market, starts, preset.episodes.rules(), preset.reward, ppo, seed)
    try:
        return _train(algorithm, market, validation, preset, samples, per_year, tell)
    finally:
        algorithm.stop()


def _train(
    algorithm: FastPPO,
    market: RowMarket,
    validation: slice,
    preset: Preset,
    samples: int,
    per_year: float,
    tell: Tell,
) -> Fitted:
    best: Fitted | None = None
    for checkpoint in range(1, preset.ppo.checkpoints + 1):
        mean = _advance(algorithm, samples * checkpoint // preset.ppo.checkpoints)
        figure = validation_figure(market, validation, mean, per_year)
        if best is None or figure > best.validation:
            best = Fitted(mean, figure, algorithm.samples, checkpoint)
        tell(algorithm.samples / samples, {"validation": figure, "best": best.validation, "samples": algorithm.samples})
        if checkpoint - best.checkpoint >= preset.ppo.patience:
            break
    assert best is not None
    return best


def _advance(algorithm: FastPPO, until: int) -> Tensors:
    """Train until `until` samples in all (at least one step); the mean of the weights after each step."""
    total: dict[str, np.ndarray] = {}
    steps = 0
    while steps == 0 or algorithm.samples < until:
        algorithm.train()
        for name, value in algorithm.symbol_module().tensors().items():
            total[name] = total.get(name, 0.0) + value.astype(np.float64)
        steps += 1
    return {name: (value / steps).astype(np.float32) for name, value in total.items()}


def validation_figure(market: RowMarket, validation: slice, tensors: Tensors, per_year: float) -> float:
    """What a checkpoint is chosen by: the annualised Sharpe ratio of what the agents add to being long.

    Half of it from the symbols' own heads, half from the generic one, so that both are fit for use.
    """
    actor, whole = Actor(tensors), run_sleeves(market, validation, own_heads(market), None)
    alive = whole.held > 0.0
    found: list[float] = []
    for heads in (own_heads(market), np.zeros(len(market.symbols), dtype=np.int64)):
        ours = run_sleeves(market, validation, heads, actor)
        found.append(sharpe(active_returns(ours, whole, alive), per_year))
    return 0.5 * sum(found)
