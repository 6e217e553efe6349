"""The many-step Learner: the same losses and weights as RLlib's own on the same batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from meta_toys import toy
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME, TD_ERROR_KEY

from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.learner import ManySteps
from rl.meta.sac import MetaSAC, meta_sac
from rl.meta.tape import Tape, build_tape
from rl.ray_session import ray_session

TINY = MetaConfig(
    worlds=8, symbols_per_world=4, episode_bars=12, hidden=6, mixed=5, critic_hidden=6, updates=8, batch_size=16,
    updates_per_iteration=3, bars_per_iteration=5, warmup_bars=10, replay_bars=20, checkpoints=2, gradient_norm=0.05,
    actor_lr=0.01, critic_lr=0.01, alpha_lr=0.01,
)  # fmt: skip
STEPS = 6


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    with ray_session(1):
        yield


@pytest.fixture(scope="module")
def built() -> Iterator[MetaSAC]:
    history, scores = toy(0, slots=120, symbols=8)
    tape: Tape = build_tape(history, scores, TINY.costs)
    algorithm = meta_sac(TINY, lambda: AllocationVectorEnv(tape, slice(0, 120), TINY, TINY.worlds, 0), 0)
    algorithm.replay.add(algorithm.env_runner_group.local_env_runner.sample(bars=20))
    yield algorithm
    algorithm.stop()


def learner(built: MetaSAC, kind: type, frozen_module: type | None = None) -> Any:
    """A fresh Learner of `kind` on the networks of `built`; `frozen_module` lends its forward pass."""
    made = kind(config=built.config, module_spec=built.config.get_multi_rl_module_spec(env=None))
    made.build()
    made.module.set_state(built.learner_group._learner.module.get_state())
    if frozen_module is not None:
        module = made.module[DEFAULT_MODULE_ID]
        module._forward_train_continuous = lambda batch: frozen_module._forward_train_continuous(module, batch)
    return made


def batch(columns: dict[str, torch.Tensor]) -> MultiAgentBatch:
    return MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(columns)}, len(columns[Columns.REWARDS]))


def columns(built: MetaSAC) -> dict[str, torch.Tensor]:
    drawn = built.replay.sample(STEPS * TINY.batch_size)
    generator = torch.Generator().manual_seed(0)
    drawn["weights"] = torch.rand(len(drawn["weights"]), generator=generator) + 0.5
    drawn[Columns.TERMINATEDS] = torch.rand(len(drawn["weights"]), generator=generator) < 0.2
    return drawn


def test_many_steps_in_one_call_are_as_many_calls_of_the_stock_learner(built: MetaSAC) -> None:
    """Losses, weights, target networks, temperature: RLlib's Learner and forward pass against ours."""
    ours, stock = learner(built, ManySteps), learner(built, SACTorchLearner, DefaultSACTorchRLModule)
    drawn = columns(built)
    torch.manual_seed(3)
    found = ours.update(batch=batch(drawn), timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: 0})[DEFAULT_MODULE_ID]
    torch.manual_seed(3)
    errors: list[torch.Tensor] = []
    for step in range(STEPS):
        rows = slice(step * TINY.batch_size, (step + 1) * TINY.batch_size)
        part = batch({name: column[rows] for name, column in drawn.items()})
        expected = stock.update(batch=part, timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: step + 1})[DEFAULT_MODULE_ID]
        errors.append(torch.as_tensor(expected[TD_ERROR_KEY].peek()))
    for name in ("total_loss", "policy_loss", "alpha_loss", "alpha_value"):
        np.testing.assert_allclose(float(found[name].peek()), float(expected[name].peek()), atol=1e-6)
    twins = float(expected["qf_loss"].peek()) + float(expected["qf_twin_loss"].peek())
    np.testing.assert_allclose(float(found["qf_loss"].peek()), twins, atol=1e-6)
    np.testing.assert_allclose(np.ravel(found[TD_ERROR_KEY].peek()), np.ravel(errors), atol=1e-6)
    before = built.learner_group._learner.module.get_state()[DEFAULT_MODULE_ID]
    mine, theirs = (made.module.get_state()[DEFAULT_MODULE_ID] for made in (ours, stock))
    assert mine.keys() == theirs.keys()
    for name in mine:
        np.testing.assert_allclose(mine[name], theirs[name], atol=1e-6, err_msg=name)
        assert np.abs(mine[name] - before[name]).max() > 1e-5, name
    assert float(ours.curr_log_alpha[DEFAULT_MODULE_ID]) != np.log(np.float32(TINY.initial_alpha))


def test_the_forward_pass_in_one_product_gives_what_rllib_computes_network_by_network(built: MetaSAC) -> None:
    module = learner(built, ManySteps).module[DEFAULT_MODULE_ID]
    drawn = columns(built)
    torch.manual_seed(1)
    ours = module._forward_train_continuous(drawn)
    torch.manual_seed(1)
    theirs = DefaultSACTorchRLModule._forward_train_continuous(module, drawn)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name].detach(), theirs[name].detach(), rtol=1e-6, atol=1e-6, err_msg=name)
