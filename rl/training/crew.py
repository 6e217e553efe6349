"""Stages of training that do not need each other, one after the other or side by side as tasks on Ray.

A stage counts samples, not seconds, and has its own seed and thread count: the bits are the same however many workers
there are, and whichever machine of a cluster took it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.market import BoolArray
from rl.market import RowMarket, hedged
from rl.training.preset import Preset
from rl.training.roster import Roster
from rl.training.run_folder import RunFolder, write_json
from rl.training.stage import StageFolder, Trail
from rl.training.symbol_agents import fit, fit_yardstick

POLL_S = 1.0
"""How often the progress of tasks is read."""
TellStage = Callable[[str, float, Mapping[str, float]], None]
"""Told a stage's name, the fraction of it that is done and its newest figures."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Train on the slots `learn` (T,) for `samples` transitions, put to the slots `judge` along the way.

    `supervised`: taught by hindsight on the same rows instead of by reward (rl.supervised), as a yardstick.
    """

    name: str
    learn: BoolArray
    judge: slice
    samples: int
    seed: int
    supervised: bool = False


def run_stages(
    market: RowMarket, roster: Roster, stages: Sequence[Stage], preset: Preset, per_year: float, folder: RunFolder,
    workers: int, tell: TellStage,
) -> list[Trail]:  # fmt: skip
    """The trails of all stages, in their order; Ray must be running (rl.ray_session).

    With one worker they run in this process. What a killed run left in `folder` is gone on with.
    """
    if workers <= 1:
        return [_in_process(market, roster, stage, preset, per_year, folder, tell) for stage in stages]
    import ray

    task: Any = ray.remote(num_cpus=1, max_retries=2)(_work)
    shared = ray.put(market)
    pending = [task.remote(shared, roster, s, preset, per_year, _place(folder, s.name)) for s in stages]
    waiting = list(pending)
    while waiting:
        done, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=POLL_S)
        for stage in stages:
            _pass_on(_place(folder, stage.name), stage.name, tell)
        _raise_first(done, waiting)
    return ray.get(pending)


def _raise_first(done: Sequence[Any], waiting: Sequence[Any]) -> None:
    """What ended a stage, as itself and at once: the others are stopped rather than waited for."""
    import ray
    from ray.exceptions import RayTaskError

    try:
        ray.get(list(done))
    except RayTaskError as error:
        for task in waiting:
            ray.cancel(task, force=True)
        raise error.cause from error


def _in_process(
    market: RowMarket, roster: Roster, stage: Stage, preset: Preset, per_year: float, folder: RunFolder, tell: TellStage
) -> Trail:
    def told(fraction: float, figures: Mapping[str, float]) -> None:
        tell(stage.name, fraction, figures)

    return _train(market, roster, stage, preset, per_year, folder.stage(stage.name), told)


def _train(
    market: RowMarket, roster: Roster, stage: Stage, preset: Preset, per_year: float, folder: StageFolder,
    tell: Callable[[float, Mapping[str, float]], None],
) -> Trail:  # fmt: skip
    against = preset.benchmark
    lessons = hedged(market, stage.learn, against.peers, against.own_mean, against.premium)
    teach = fit_yardstick if stage.supervised else fit
    return teach(lessons, stage.learn, stage.judge, preset, stage.samples, stage.seed, per_year, tell, folder, roster)


def _work(market: RowMarket, roster: Roster, stage: Stage, preset: Preset, per_year: float, place: Path) -> Trail:
    """One stage as a task: progress goes through a file, for a task has no way to call its driver."""

    def told(fraction: float, figures: Mapping[str, float]) -> None:
        write_json(_progress(place), {"fraction": fraction, "figures": dict(figures)})

    return _train(market, roster, stage, preset, per_year, StageFolder(place), told)


def _place(folder: RunFolder, name: str) -> Path:
    return folder.stage(name).path


def _progress(place: Path) -> Path:
    return place.with_name(f"{place.name}.progress.json")


def _pass_on(place: Path, name: str, tell: TellStage) -> None:
    """Tell what a task has last written; nothing yet is nothing to tell."""
    try:
        content = json.loads(_progress(place).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    tell(name, float(content["fraction"]), content["figures"])
