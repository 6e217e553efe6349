"""Which guard against memorising pays? One guard at a time, on unseen worlds.

Run: python -m benchmarks.rl.ablation, or with names of rows behind it to take those anew and keep the others.

Plain PPO (128 x 128) on few planted worlds, where it memorises, and the same with one guard, or all of them. Unseen
worlds give the share of the oracle's Sharpe ratio, the training worlds the gap (seen less unseen). Every seed has its
own worlds, the same for every row; two runs at a time, one thread each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.figures import Figure, figure, publish, with_kept
from benchmarks.rl.planted import Found, Ground, examined, half_width, judged, trained
from rl.market import starts_in
from rl.modules.config import ModuleConfig
from rl.policies.ensemble import Ensemble
from rl.policies.mlp import Actor
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.supervised import SupervisedConfig, fit_supervised
from rl.training.preset import BenchmarkPreset, EpisodePreset, PPOPreset, Preset
from rl.training.report_text import table
from rl.training.split import rows_in
from rl.worlds.planted import Process

SEEDS, MEMBERS, CORES = 3, 3, 2
LAW = Process()
REGIMES: dict[str, tuple[int, int]] = {
    "1 path of 5,000 bars": (1, 5000), "4 worlds": (4, 1000), "16 worlds": (16, 1000), "512 worlds": (512, 1000),
}  # fmt: skip
"""Training worlds and bars of each; four fifths of the bars are learned from."""
WHOLE = ("1 path of 5,000 bars",)
"""The regime in which every guard stands alone; in the others, none and all."""
EARLY, ENSEMBLE, SUPERVISED, ALL = "early stopping", "ensemble of three seeds", "supervised, same encoder", "all"
NONE = "none"
AHEAD = 30
"""Bars: what is foretold is earned within; 0.9 to this power is 0.04."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a guard changes of the plain preset."""

    ppo: dict[str, Any] = field(default_factory=dict[str, Any])
    episodes: dict[str, Any] = field(default_factory=dict[str, Any])
    benchmark: dict[str, Any] = field(default_factory=dict[str, Any])


GUARDS: dict[str, Guard] = {
    "block bootstrap": Guard(episodes={"block": 20.0}),
    "added noise of moves": Guard(episodes={"renoise": 1.0}),
    "cost randomisation": Guard(episodes={"cost_low": 0.5, "cost_high": 2.0}),
    "delay": Guard(episodes={"delay": 0.25}),
    "feature dropout": Guard(episodes={"dropout": 0.2}),
    "feature noise": Guard(episodes={"noise": 0.5}),
    "weight decay": Guard(ppo={"weight_decay": 1.0}),
    "own heads beside the generic one": Guard(ppo={"offset_decay": 3.0}, episodes={"generic": 0.25}),
    "hedged rewards": Guard(benchmark={"peers": 1.0, "own_mean": 1.0}),
}


def together(guards: Iterable[Guard]) -> Guard:
    """All of them at once."""
    every = Guard({}, {}, {})
    for guard in guards:
        every = Guard(every.ppo | guard.ppo, every.episodes | guard.episodes, every.benchmark | guard.benchmark)
    return every


def preset(guard: Guard) -> Preset:
    """Plain PPO with the guard."""
    plain = {
        "samples": 600_000, "rows": 256, "hidden": (128, 128), "gamma": 0.97, "learning_rate": 2e-3, "entropy": 3e-3,
        "weight_decay": 0.0, "checkpoints": 5,
    }  # fmt: skip
    quiet = {"generic": 1.0, "noise": 0.0, "blind": 0.0, "cost_low": 1.0, "cost_high": 1.0}
    bare = {"peers": 0.0, "own_mean": 0.0, "premium": 0.0}
    return Preset(
        name="ablation",
        ppo=PPOPreset.model_validate(plain | guard.ppo),
        episodes=EpisodePreset.model_validate(quiet | guard.episodes),
        reward=RewardConfig(drawdown=0.0, sharpe=0.0),
        benchmark=BenchmarkPreset.model_validate(bare | guard.benchmark),
    )


def main() -> None:
    """Train every cell, or those of the rows that are named, and publish."""
    asked = sys.argv[1:]
    cells = [(regime, row) for regime in REGIMES for row in _trained_rows(regime) if not asked or row in asked]
    found = _found(cells)
    rows = [NONE, EARLY, ENSEMBLE, *GUARDS, SUPERVISED, ALL]
    print(table(["guard", *REGIMES], [[row, *(_cell(found.get((regime, row))) for regime in REGIMES)] for row in rows]))
    taken = [f for (regime, row), runs in found.items() for f in _figures(regime, row, runs)]
    publish("rl_ablation", with_kept("rl_ablation", taken) if asked else taken)


def _trained_rows(regime: str) -> list[str]:
    return [NONE, *GUARDS, SUPERVISED, ALL] if regime in WHOLE else [NONE, ALL]


def _found(cells: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Found]]:
    """(regime, row) -> one Found a seed. What costs no training of its own comes with the row it was made from."""
    import ray

    with ray_session(CORES):
        task: Any = ray.remote(num_cpus=1)(one)
        pending = [(regime, task.remote(regime, row, seed)) for regime, row in cells for seed in range(SEEDS)]
        found: dict[tuple[str, str], list[Found]] = {}
        for regime, waiting in pending:
            made: dict[str, Found] = ray.get(waiting)
            for row, run in made.items():
                found.setdefault((regime, row), []).append(run)
    return found


def one(regime: str, row: str, seed: int) -> dict[str, Found]:
    """Train one row on one seed's worlds; the rows that this gives."""
    ground = Ground(LAW, *REGIMES[regime], seed)
    if row == SUPERVISED:
        return {row: examined(ground, _taught(ground, seed))}
    guard = together(GUARDS.values()) if row == ALL else GUARDS.get(row, Guard())
    trail, _ = trained(ground, preset(guard), seed)
    actors = [Actor(checkpoint.tensors) for checkpoint in trail.checkpoints]
    if row == ALL:
        return {row: examined(ground, actors[judged(ground, trail)])}
    made = {row: examined(ground, actors[-1])}
    if row == NONE:
        made[EARLY] = examined(ground, actors[judged(ground, trail)])
    if row == NONE and regime in WHOLE:
        others = [trained(ground, preset(guard), seed + 100 * k)[0] for k in range(1, MEMBERS)]
        members = [actors[-1], *(Actor(other.checkpoints[-1].tensors) for other in others)]
        made[ENSEMBLE] = examined(ground, Ensemble(members))
    return made


def _taught(ground: Ground, seed: int) -> Actor:
    """The supervised yardstick on the same samples; it counts three times the memory of the predictor ahead."""
    plain = preset(Guard())
    config = SupervisedConfig.like(plain.ppo).model_copy(update={"horizon": AHEAD, "least_t": None})
    starts = starts_in(ground.market, rows_in(ground.learned, ground.bars))
    return Actor(
        fit_supervised(
            ground.market, starts, ModuleConfig(hidden=plain.ppo.hidden), config, seed,
            rules=plain.episodes.rules(),
        )
    )  # fmt: skip


def _cell(runs: list[Found] | None) -> str:
    if runs is None:
        return ""
    shares, gaps = [r.share for r in runs], [r.gap for r in runs]
    return f"{np.mean(shares):.2f} +- {half_width(shares):.2f}, gap {np.mean(gaps):.2f}"


def _figures(regime: str, row: str, runs: list[Found]) -> list[Figure]:
    shares, gaps = [r.share for r in runs], [r.gap for r in runs]
    name = f"{regime}, {row}"

    def note(values: list[float], what: str) -> str:
        return f"mean +- {half_width(values):.2f} (95 %, Student) over {SEEDS} seeds; {what}"

    return [
        figure(
            f"{name}: share of the oracle's Sharpe", float(np.mean(shares)), "fraction", note(shares, "unseen worlds")
        ),
        figure(f"{name}: seen less unseen", float(np.mean(gaps)), "Sharpe", note(gaps, "learned dates, unseen worlds")),
    ]


if __name__ == "__main__":
    main()
