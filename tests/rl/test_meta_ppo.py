"""PPO on the allocation worlds: the law of wishes, what is exported, what is learned, and noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from rl.algorithms.columnar import ColumnarEnvRunner
from rl.meta import gaussian
from rl.meta.actor import Actor
from rl.meta.config import AllocationPPO, MetaConfig
from rl.meta.env import AllocationVectorEnv, flatten
from rl.meta.oracle import earned
from rl.meta.planted import Plant, planted_tape
from rl.meta.ppo import MetaPPO, meta_ppo
from rl.meta.trails import advance
from rl.meta.training import learn
from rl.meta.worlds import Worlds
from rl.ray_session import ray_session
from rl.threads import limit_threads

PLANT = Plant(information=0.3, cost_bps=1.0)
CONFIG = MetaConfig(
    algorithm="ppo", worlds=64, symbols_per_world=8, episode_bars=24, updates=320, checkpoints=2, batch_size=128,
    hidden=16, mixed=8, critic_hidden=8, folds=2, ppo=AllocationPPO(learning_rate=3e-3),
)  # fmt: skip
BARS = 600


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    limit_threads(1)
    with ray_session(1):
        yield


def algorithm(config: MetaConfig = CONFIG, plant: Plant = PLANT) -> MetaPPO:
    tape = planted_tape(plant, BARS, 16, 0)
    return meta_ppo(config, lambda: AllocationVectorEnv(tape, slice(0, BARS), config, config.worlds, 0), 0)


def test_the_law_of_wishes_is_torchs_normal() -> None:
    inputs = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))
    mean, log_std = inputs.chunk(2, -1)
    law = torch.distributions.Normal(mean, log_std.clamp(gaussian.LOWEST, gaussian.HIGHEST).exp())
    wishes = gaussian.draw(inputs, torch.Generator().manual_seed(1))
    torch.testing.assert_close(gaussian.log_prob(inputs, wishes), law.log_prob(wishes).sum(-1))
    torch.testing.assert_close(gaussian.entropy(inputs), law.entropy().sum(-1))
    many = gaussian.draw(inputs[:1].expand(20_000, -1), torch.Generator().manual_seed(2))
    torch.testing.assert_close(many.mean(0), law.mean[0], atol=0.05, rtol=0.0)
    torch.testing.assert_close(many.std(0), law.stddev[0], atol=0.05, rtol=0.0)


def test_the_numpy_policy_is_the_mean_wish_squashed() -> None:
    built = algorithm()
    try:
        module = built.symbol_module()
        for parameter in module.parameters():
            parameter.data += 0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0))
        tape = planted_tape(PLANT, BARS, 16, 5)
        inputs, views = Worlds(tape, slice(0, BARS), CONFIG, 32, np.random.default_rng(0)).observe()
        with torch.no_grad():
            found, _ = module.outputs(torch.from_numpy(flatten(inputs, views)))
        expected = torch.tanh(found.chunk(2, -1)[0]).numpy()
        assert np.abs(expected).max() > 0.3
        np.testing.assert_allclose(Actor(built.actor_tensors()).tilts(inputs, views), expected, atol=1e-6)
    finally:
        built.stop()


def test_resets_are_left_out_and_advantages_do_not_reach_over_them() -> None:
    built = algorithm(CONFIG.model_copy(update={"episode_bars": 5}))
    try:
        runner: ColumnarEnvRunner = built.env_runner_group.local_env_runner
        rollout = runner.rollout()
        columns = runner.columns(rollout, shuffle=False)
        resets = int(rollout.truncated[:-1].sum())
        assert resets > 0
        assert len(columns["advantages"]) == rollout.truncated.size - resets
        assert not rollout.rewards[1:][rollout.truncated[:-1]].any()
        np.testing.assert_allclose(
            columns["action_logp"],
            gaussian.log_prob(torch.tensor(columns["action_dist_inputs"]), torch.tensor(columns["actions"])),
        )
    finally:
        built.stop()


def test_a_short_run_beats_the_prior_on_worlds_never_seen() -> None:
    built = algorithm()
    try:
        actor = Actor(advance(built, CONFIG.updates))
    finally:
        built.stop()
    unseen = planted_tape(PLANT, 300, 16, 99)
    assert earned(unseen, CONFIG, actor.tilts, 0, 1).reward > 0.01, "the prior's is 0 by construction"


def test_on_noise_the_selection_leaves_no_reach() -> None:
    tape = planted_tape(Plant(information=0.0), BARS, 16, 0)
    config = CONFIG.model_copy(update={"updates": 96})
    choice = learn(tape, slice(0, 450), slice(450, BARS), config, 0, lambda fraction, figures: None)
    assert choice.tensors["kappa"] == 0.0
