"""FastPPO on Ray actors: runners with draws of their own, Learners in step, and a death that changes no bit."""

from __future__ import annotations

import numpy as np
import pytest
import ray
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from data.errors import BadConfig
from rl.algorithms.fast_ppo import fast_ppo
from rl.algorithms.resources import Resources
from rl.algorithms.samplers import assembled
from rl.market import row_market, starts_in
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.training.preset import EpisodePreset, PPOPreset
from tests.rl.histories import history

MARKET = row_market(history(300, 4))
STARTS = starts_in(MARKET, np.ones(300, dtype=np.bool_))
RULES = EpisodePreset(horizon=7).rules()
TWO = Resources(num_env_runners=2, restore_s=240)
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(6):
        yield


def made(resources=TWO, **ppo):
    values = {"samples": 20_000, "rows": 32, "steps": 16, "minibatches": 2, "hidden": (16,), **ppo}
    return fast_ppo(MARKET, STARTS, RULES, RewardConfig(), PPOPreset(**values), 3, resources=resources)


def trained(algorithm, iterations):
    for _ in range(iterations):
        algorithm.train()
    return {name: value.clone() for name, value in algorithm.symbol_module().state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def killed(algorithm, index):
    """The actor of a runner dies; Ray starts another in its place."""
    ray.kill(algorithm.env_runner_group._worker_manager.actors()[index], no_restart=False)


@pytest.fixture(scope="module")
def undisturbed():
    algorithm = made()
    weights = trained(algorithm, 4)
    algorithm.stop()
    return weights


@pytest.mark.slow
def test_runners_draw_differently_and_a_death_between_two_steps_changes_no_bit(undisturbed):
    algorithm = made()
    first, second = algorithm._samplers.sample(algorithm._weights)
    assert not np.array_equal(first[Columns.OBS][:50], second[Columns.OBS][:50])
    algorithm.stop()
    algorithm = made()
    trained(algorithm, 2)
    killed(algorithm, 1)
    assert same(trained(algorithm, 2), undisturbed)
    assert algorithm.env_runner_group.num_healthy_remote_workers() == 2
    algorithm.stop()


@pytest.mark.slow
def test_a_checkpoint_holds_where_every_runner_stands(undisturbed, tmp_path):
    first = made()
    trained(first, 2)
    first.checkpoint(tmp_path / "kept")
    first.stop()
    second = made()
    second.resume(tmp_path / "kept")
    assert same(trained(second, 2), undisturbed)
    second.stop()


@pytest.mark.slow
def test_every_runner_dead_at_once_is_waited_for(undisturbed):
    algorithm = made()
    trained(algorithm, 2)
    for index in (1, 2):
        killed(algorithm, index)
    assert same(trained(algorithm, 2), undisturbed)
    algorithm.stop()


@pytest.mark.slow
def test_a_runner_that_never_comes_back_is_done_without():
    algorithm = made(Resources(num_env_runners=2, restore_s=5))
    trained(algorithm, 1)
    ray.kill(algorithm.env_runner_group._worker_manager.actors()[1], no_restart=True)
    before = algorithm.samples
    weights = trained(algorithm, 2)
    assert all(torch.isfinite(value).all() for value in weights.values())
    assert 0 < algorithm.samples - before < 2 * 16 * 32 * 0.6
    algorithm.stop()


@pytest.mark.slow
@pytest.mark.parametrize("learners", [1, 2])
def test_learners_in_step_learn_what_one_in_this_process_learns(learners):
    """Two halves of every minibatch, their gradients averaged: the same but for rounding, by plain gradient steps."""
    here = made(Resources(num_env_runners=2), minibatches=1, epochs=1)
    there = made(Resources(num_env_runners=2, num_learners=learners), minibatches=1, epochs=1)
    for _ in range(3):
        first, second = trained(here, 1), trained(there, 1)
    # Adam divides a gradient by its size, so those near nothing may go either way: most weights agree closely
    gap = torch.cat([(first[name] - second[name]).abs().flatten() for name in first])
    assert float(gap.quantile(0.9)) < 1e-5
    assert here.samples == pytest.approx(there.samples, rel=0.01)
    here.stop()
    there.stop()


@pytest.mark.slow
def test_remote_learners_save_and_restore(tmp_path):
    placed = Resources(num_env_runners=1, num_learners=2)
    first = made(placed)
    trained(first, 2)
    first.checkpoint(tmp_path / "kept")
    expected = trained(first, 2)
    first.stop()
    second = made(placed)
    second.resume(tmp_path / "kept")
    assert same(trained(second, 2), expected)
    second.stop()


def test_more_cores_than_ray_has_are_refused_at_once():
    with pytest.raises(BadConfig, match="cores"):
        made(Resources(num_env_runners=32))


def test_a_batch_gives_each_minibatch_its_share_of_every_runner():
    parts = [
        {Columns.OBS: np.arange(n)[:, None] + 100 * i, Postprocessing.ADVANTAGES: np.arange(n)}
        for i, n in enumerate((9, 13))
    ]
    batch, size = assembled(parts, 3)
    assert size == 3 * (3 + 4)
    assert batch[Columns.OBS][:7, 0].tolist() == [0, 1, 2, 100, 101, 102, 103]
    assert batch[Columns.OBS][7:14, 0].tolist() == [3, 4, 5, 104, 105, 106, 107]
    assert batch[Postprocessing.ADVANTAGES].shape == (21,)
