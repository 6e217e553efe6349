"""Do symbol agents learn, and not memorise? Planted worlds and pure noise. Run: python -m benchmarks.rl.evidence

For each of five seeds PPO trains on 512 planted worlds (one predictor, 44 noise columns of the same law, costs on) with
the preset `evidence` and is walked on 256 worlds of another seed, beside the oracle that knows the law; the same
preset on pure noise must end up trading next to nothing and claiming nothing. Two runs at a time, one thread each.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.figures import Figure, figure, publish
from benchmarks.rl.planted import UNSEEN_BARS, UNSEEN_WORLDS, Found, Ground, examined, pooled, trained
from data.market import FloatArray
from rl.policies.mlp import Actor
from rl.policies.opinion import stateless_view
from rl.ray_session import ray_session
from rl.training.claims import deflated_sharpe, permutation_p
from rl.training.preset import load_preset
from rl.worlds.planted import BARS_PER_YEAR, Process

SEEDS, WORLDS, BARS, CORES = 5, 512, 1000, 2
LAW = Process()
NOISE = replace(LAW, information=0.0)


@dataclass(frozen=True, slots=True)
class Run:
    """One seed on one law."""

    found: Found
    seconds: float
    active: FloatArray
    """(B,): what the scores foretold on unseen worlds, mean over worlds and before costs, in bar volatilities."""
    p: float
    """Of the permutation test of those scores."""


def main() -> None:
    """Train, walk and publish."""
    runs = _runs()
    publish("rl_evidence", [*_learned(runs[:SEEDS]), *_nothing_claimed(runs[SEEDS:])])


def _runs() -> list[Run]:
    """All planted runs, then all on noise."""
    import ray

    with ray_session(CORES):
        task: Any = ray.remote(num_cpus=1)(one)
        return ray.get([task.remote(law, seed) for law in (LAW, NOISE) for seed in range(SEEDS)])


def one(law: Process, seed: int) -> Run:
    """Train one seed and walk it; the last checkpoint, whichever it is."""
    ground, preset = Ground(law, WORLDS, BARS, seed), load_preset("evidence")
    trail, seconds = trained(ground, preset, seed)
    actor = Actor(trail.checkpoints[-1].tensors)
    foretold, p = _foretold(ground, actor, seed)
    return Run(examined(ground, actor), seconds, foretold, p)


def _foretold(ground: Ground, actor: Actor, seed: int) -> tuple[FloatArray, float]:
    """Scores (stateless views) times the move from the next fill to the one after, in bar volatilities."""
    a = ground.unseen.arrays
    score = stateless_view(actor, a.block[:, : UNSEEN_BARS - 2], np.zeros(UNSEEN_WORLDS, dtype=np.int64))[0].T
    moves = (a.fill[1:-1] / a.fill[:-2] - 1.0) / a.scale[:-2]
    return (score * moves).mean(axis=1), permutation_p(score, moves, seed)


def _learned(runs: list[Run]) -> list[Figure]:
    found = [run.found for run in runs]
    what = f"median of {SEEDS} seeds, {UNSEEN_WORLDS} unseen worlds x {UNSEEN_BARS} bars, {_law(LAW)}"
    return [
        figure("planted: share of the oracle's Sharpe", _median(f.share for f in found), "fraction", what),
        figure("planted: least share of a seed", min(f.share for f in found), "fraction", what),
        figure("planted: Sharpe of the agents, unseen worlds", _median(f.unseen for f in found), "a year", what),
        figure("planted: Sharpe of the oracle, unseen worlds", _median(f.oracle_unseen for f in found), "a year", what),
        figure("planted: Sharpe of the agents, seen worlds", _median(f.seen for f in found), "a year", what),
        figure("planted: seen less unseen", _median(f.gap for f in found), "Sharpe", what),
        figure(
            "planted: seen less unseen, the oracle", _median(f.oracle_seen - f.oracle_unseen for f in found), "Sharpe",
            f"luck of the draw: the oracle remembers nothing; {what}",
        ),
        figure("planted: turnover", _median(f.turnover for f in found), "fraction a day", what),
        figure("planted: training, one thread", max(run.seconds for run in runs), "s",
               f"slowest of {SEEDS} seeds, two at a time; {load_preset('evidence').ppo.samples:,} samples"),
    ]  # fmt: skip


def _nothing_claimed(runs: list[Run]) -> list[Figure]:
    found = [run.found for run in runs]
    trials = np.array([run.active.mean() / max(run.active.std(), 1e-15) for run in runs])
    best = int(np.argmax(trials))
    error = float(np.sqrt(BARS_PER_YEAR / runs[0].active.size))
    inside = sum(abs(pooled(run.active)) < 1.96 * error for run in runs)
    what = f"{SEEDS} seeds, {UNSEEN_WORLDS} unseen worlds x {UNSEEN_BARS} bars of pure noise, the same preset"
    return [
        figure("noise: turnover, most of a seed", max(f.turnover for f in found), "fraction a day", what),
        figure("noise: Sharpe of the agents, unseen worlds", _median(f.unseen for f in found), "a year", what),
        figure("noise: seen less unseen", _median(f.gap for f in found), "Sharpe", what),
        figure("noise: Sharpe of the scores within 1.96 errors of 0", inside, "seeds", f"error {error:.2f}; {what}"),
        figure("noise: deflated Sharpe ratio, best seed", deflated_sharpe(runs[best].active, trials), "probability",
               f"of the scores; a claim needs 0.95; {what}"),
        figure("noise: permutation test, least p of a seed", min(run.p for run in runs), "probability",
               f"999 shuffles of worlds; a claim needs {0.05 / SEEDS:.3f} (Bonferroni); {what}"),
    ]  # fmt: skip


def _median(values: Any) -> float:
    return float(statistics.median(values))


def _law(law: Process) -> str:
    return f"AR(1) {law.memory}, correlation {law.information}, costs {law.cost_bps} bps, 44 noise columns"


if __name__ == "__main__":
    main()
