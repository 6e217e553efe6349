"""Training of the symbol agents: PPO over all symbols at once, checkpoints put to dates they did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from data.market import BoolArray, IntArray
from rl.export.network import network_of
from rl.kernel import Rules, Starts
from rl.market import RowMarket, starts_in
from rl.modules.config import ModuleConfig
from rl.threads import limit_threads
from rl.training.evaluation import score_returns
from rl.training.figures import sharpe
from rl.training.preset import Preset
from rl.training.roster import Roster
from rl.training.split import longest_stretch
from rl.training.stage import Checkpoint, StageFolder, Tensors, Trail

if TYPE_CHECKING:
    from rl.algorithms.fast_ppo import FastPPO

Tell = Callable[[float, Mapping[str, float]], None]
"""Told the fraction done and the newest figures."""


def own_heads(market: RowMarket) -> IntArray:
    """Each symbol's own head, (S,)."""
    return np.arange(1, 1 + len(market.symbols), dtype=np.int64)


def fit(
    market: RowMarket, learn: BoolArray, judge: slice, preset: Preset, samples: int, seed: int, per_year: float,
    tell: Tell, folder: StageFolder | None = None, roster: Roster | None = None,
) -> Trail:  # fmt: skip
    """Train on the slots `learn` (T,) for `samples` transitions; Ray must be running (rl.ray_session).

    After each of `checkpoints` equal stretches the mean of the weights within it is put to the slots `judge`, and kept
    in `folder`, from where a killed run goes on bit for bit. With `patience` set, it stops after so many checkpoints
    without a better figure. Without a `roster` all symbols are trained from the beginning, each with a head of its own.
    """
    from rl.algorithms.fast_ppo import fast_ppo

    limit_threads(preset.ppo.threads)
    starts, seen = starts_in(market, learn), longest_stretch(learn, judge.stop - judge.start)
    ppo = preset.ppo.model_copy(update={"samples": samples})
    found = list(folder.trail()) if folder else []
    rules, groups = preset.episodes.rules(), roster.groups if roster else None
    algorithm = fast_ppo(market, starts, rules, preset.reward, ppo, seed, module=preset.network, groups=groups)
    lessons = _Lessons(algorithm, roster, starts, rules, samples) if roster else None
    try:
        if folder:
            folder.resume(algorithm)
        while len(found) < ppo.checkpoints and not _exhausted(found, ppo.patience):
            tensors = _advance(algorithm, samples * (len(found) + 1) // ppo.checkpoints, lessons)
            figure = judge_scores(market, judge, preset.network, tensors, per_year)
            found.append(Checkpoint(tensors, figure, algorithm.samples))
            if folder:
                folder.keep(tuple(found), algorithm)
            gap = judge_scores(market, seen, preset.network, tensors, per_year) - figure
            told = {"held-out": figure, "gap": gap, "samples": float(algorithm.samples)}
            tell(len(found) / ppo.checkpoints, told)
    finally:
        algorithm.stop()
    tell(1.0, {"held-out": max(c.figure for c in found)})
    return Trail(tuple(found), judge.stop - judge.start)


def fit_yardstick(
    market: RowMarket, learn: BoolArray, judge: slice, preset: Preset, samples: int, seed: int, per_year: float,
    tell: Tell, folder: StageFolder | None = None, roster: Roster | None = None,
) -> Trail:  # fmt: skip
    """The supervised policy on the same rows, with the same network and budget: one checkpoint, its last.

    It takes a fraction of the time, so that nothing of it is kept along the way; it knows no curriculum.
    """
    from rl.supervised import SupervisedConfig, fit_supervised

    limit_threads(preset.ppo.threads)
    config = SupervisedConfig.like(preset.ppo.model_copy(update={"samples": samples}))
    config = config.model_copy(update={"least_t": None})
    rules = preset.episodes.rules()
    tensors = fit_supervised(market, starts_in(market, learn), preset.network, config, seed, rules=rules)
    figure = judge_scores(market, judge, preset.network, tensors, per_year)
    tell(1.0, {"held-out": figure})
    return Trail((Checkpoint(tensors, figure, samples),), judge.stop - judge.start)


def _exhausted(found: Sequence[Checkpoint], patience: int) -> bool:
    """Whether the last `patience` checkpoints brought nothing better; never with a patience of 0."""
    if patience == 0 or len(found) <= patience:
        return False
    best = int(np.argmax([c.figure for c in found]))
    return len(found) - 1 - best >= patience


class _Lessons:
    """The curriculum: told before each step, it gives the samplers what is next where a stage begins."""

    def __init__(self, algorithm: FastPPO, roster: Roster, starts: Starts, rules: Rules, samples: int) -> None:
        self._algorithm, self._roster, self._samples = algorithm, roster, samples
        self._whole = starts, rules
        self._stage = 0

    def go_on(self) -> None:
        """Change the lesson where the samples so far say so; a resumed run takes up the one it was in."""
        done = min(self._algorithm.samples / self._samples, 1.0)
        stage = self._roster.stage(done)
        if stage != self._stage:
            self._stage = stage
            self._algorithm.lesson(*self._roster.lesson(*self._whole, done))


def _advance(algorithm: FastPPO, until: int, lessons: _Lessons | None) -> Tensors:
    """Train until `until` samples in all (at least one step); the mean of the weights after each step."""
    total: dict[str, np.ndarray] = {}
    steps = 0
    while steps == 0 or algorithm.samples < until:
        if lessons:
            lessons.go_on()
        algorithm.train()
        for name, value in algorithm.symbol_module().tensors().items():
            total[name] = total.get(name, 0.0) + value.astype(np.float64)
        steps += 1
    return {name: (value / steps).astype(np.float32) for name, value in total.items()}


def judge_scores(market: RowMarket, judge: slice, network: ModuleConfig, tensors: Tensors, per_year: float) -> float:
    """What a checkpoint is chosen by: the annualised Sharpe ratio of what its scores foretold (`score_returns`).

    Half of it from the symbols' own heads, half from the generic one, so that both are fit for use.
    """
    actor, own = network_of(network, tensors), own_heads(market)
    found = [sharpe(score_returns(market, judge, heads, actor), per_year) for heads in (own, np.zeros_like(own))]
    return 0.5 * sum(found)


def best_checkpoint(trails: Sequence[Trail]) -> int:
    """How far to train: the checkpoint with the best mean figure over all runs, weighted by the bars that judged it.

    One stretch of validation dates is too short to tell a good stopping point from luck; the folds' held-out dates are
    several times as long, and at the same checkpoint each run has gone over its own dates equally often. Runs that
    stopped early leave only the checkpoints that all of them reached.
    """
    weights = np.array([trail.judged_bars for trail in trails], dtype=np.float64)
    reached = min(len(trail.checkpoints) for trail in trails)
    figures = np.array([[c.figure for c in trail.checkpoints[:reached]] for trail in trails])
    return int(np.argmax(weights @ figures))
