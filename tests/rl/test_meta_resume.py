"""A resumed run goes on as the one that was never interrupted; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data.errors import CorruptFile
from rl.meta.checkpoint import ARRAYS
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.planted import Plant, planted_tape
from rl.meta.sac import MetaSAC, meta_sac
from rl.ray_session import ray_session

TINY = MetaConfig(
    worlds=8, symbols_per_world=4, episode_bars=7, hidden=6, mixed=5, critic_hidden=6, updates=30, batch_size=16,
    updates_per_iteration=3, bars_per_iteration=5, warmup_bars=10, replay_bars=20, checkpoints=2, priority=0.5,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    with ray_session(1):
        yield


def built(config: MetaConfig = TINY, seed: int = 0) -> MetaSAC:
    tape = planted_tape(Plant(), 80, 6, 0)
    return meta_sac(config, lambda: AllocationVectorEnv(tape, slice(0, 80), config, config.worlds, seed), seed)


@pytest.mark.parametrize("priority", [0.0, 0.5])
def test_what_follows_a_resume_is_the_same_bit_for_bit(tmp_path: Path, priority: float) -> None:
    config = TINY.model_copy(update={"priority": priority})
    whole = built(config)
    for _ in range(4):
        whole.train()
    whole.checkpoint(tmp_path)
    for _ in range(4):
        whole.train()
    expected = whole.actor_tensors()
    whole.stop()
    again = built(config, seed=9)
    again.train()
    again.resume(tmp_path)
    assert again.updates_done == 12
    for _ in range(4):
        again.train()
    found = again.actor_tensors()
    again.stop()
    assert all((found[name] == expected[name]).all() for name in expected)
    assert any(np.abs(value).max() > 0.0 for value in found.values())


def test_a_checkpoint_of_another_config_or_a_torn_one_is_refused(tmp_path: Path) -> None:
    algorithm = built()
    algorithm.checkpoint(tmp_path)
    wider = built(TINY.model_copy(update={"hidden": 7}))
    with pytest.raises(CorruptFile, match="another config"):
        wider.resume(tmp_path)
    torn = (tmp_path / ARRAYS).read_bytes()
    (tmp_path / ARRAYS).write_bytes(torn[: len(torn) // 2])
    with pytest.raises(CorruptFile, match="cannot be read"):
        algorithm.resume(tmp_path)
    algorithm.stop()
    wider.stop()
