"""A resumed run goes on as the one that was never interrupted; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from data.errors import CorruptFile
from rl.meta.checkpoint import ARRAYS
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.planted import Plant, planted_tape
from rl.meta.selection import Choice
from rl.meta.trails import Algorithm, built
from rl.meta.training import learn
from rl.ray_session import ray_session
from rl.threads import limit_threads
from rl.training.stage import StageFolder

TINY = MetaConfig(
    worlds=8, symbols_per_world=4, episode_bars=7, hidden=6, mixed=5, critic_hidden=6, updates=30, batch_size=16,
    updates_per_iteration=3, bars_per_iteration=5, warmup_bars=10, replay_bars=20, checkpoints=2, priority=0.5,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    limit_threads(1)
    with ray_session(1):
        yield


def algorithm(config: MetaConfig = TINY, seed: int = 0) -> Algorithm:
    tape = planted_tape(Plant(), 80, 6, 0)
    return built(config, lambda: AllocationVectorEnv(tape, slice(0, 80), config, config.worlds, seed), seed)


class Killed(BaseException):
    """What no training catches."""


def learned(folder: Path | None, config: MetaConfig, die_after: int = 0) -> Choice:
    """Folds, pick and final training; with `die_after` it ends as the so manieth checkpoint is told of."""
    told = 0

    def tell(fraction: float, figures: dict[str, float]) -> None:
        nonlocal told
        told += 1
        if told == die_after:
            raise Killed

    tape = planted_tape(Plant(information=0.5, cost_bps=0.0), 120, 6, 0)
    return learn(tape, slice(0, 90), slice(90, 120), config, 3, tell, folder)


def same(a: Choice, b: Choice) -> bool:
    return a.pick == b.pick and all((a.tensors[name] == b.tensors[name]).all() for name in a.tensors)


@pytest.mark.parametrize("name", ["sac", "ppo"])
def test_a_run_killed_anywhere_goes_on_to_the_same_controller(tmp_path: Path, name: Literal["sac", "ppo"]) -> None:
    """In the middle of a fold, between two folds, and in the final training."""
    config = TINY.model_copy(update={"algorithm": name, "updates": 24, "folds": 2, "least_gain": 0.0})
    whole = learned(None, config)
    for die_after in (1, 2, 5):
        folder = tmp_path / str(die_after)
        with pytest.raises(Killed):
            learned(folder, config, die_after)
        assert same(learned(folder, config), whole), f"killed at {die_after}"
    assert whole.pick.checkpoint, "a run that ships the prior would say little"


def test_what_is_kept_is_used_and_not_made_again(tmp_path: Path) -> None:
    learned(tmp_path, TINY)
    newest = sorted((tmp_path / "fold-1").iterdir())[-1]
    kept = load_file(newest / "trail.safetensors")
    save_file({name: value + 1.0 for name, value in kept.items()}, newest / "trail.safetensors")
    spoiled = StageFolder(tmp_path / "fold-1").trail()
    learned(tmp_path, TINY)
    again = StageFolder(tmp_path / "fold-1").trail()
    assert all((a.tensors["mix.bias"] == b.tensors["mix.bias"]).all() for a, b in zip(spoiled, again, strict=True))


@pytest.mark.parametrize("changes", [{"priority": 0.0}, {"priority": 0.5}, {"algorithm": "ppo"}])
def test_what_follows_a_resume_is_the_same_bit_for_bit(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = TINY.model_copy(update=changes)
    whole = algorithm(config)
    for _ in range(4):
        whole.train()
    whole.checkpoint(tmp_path / "kept")
    for _ in range(4):
        whole.train()
    expected = whole.actor_tensors()
    whole.stop()
    again = algorithm(config, seed=9)
    again.train()
    again.resume(tmp_path / "kept")
    assert again.updates_done == 4 * config.steps_per_iteration
    for _ in range(4):
        again.train()
    found = again.actor_tensors()
    again.stop()
    assert all((found[name] == expected[name]).all() for name in expected)
    assert any(np.abs(value).max() > 0.0 for value in found.values())


def test_a_checkpoint_of_another_config_or_a_torn_one_is_refused(tmp_path: Path) -> None:
    whole = algorithm()
    whole.checkpoint(tmp_path)
    wider = algorithm(TINY.model_copy(update={"hidden": 7}))
    with pytest.raises(CorruptFile, match="another config"):
        wider.resume(tmp_path)
    torn = (tmp_path / ARRAYS).read_bytes()
    (tmp_path / ARRAYS).write_bytes(torn[: len(torn) // 2])
    with pytest.raises(CorruptFile, match="cannot be read"):
        whole.resume(tmp_path)
    whole.stop()
    wider.stop()
