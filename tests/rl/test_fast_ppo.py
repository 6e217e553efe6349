"""FastPPO as an algorithm: it goes on where it was, stops where numbers end, and is PPO or A2C by its preset."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import LEARNER_RESULTS

from data.errors import BadConfig, CorruptFile, NotFound, TrainingDiverged
from rl.algorithms.fast_ppo import fast_ppo
from rl.algorithms.resources import Resources
from rl.market import row_market, starts_in
from rl.modules.config import ModuleConfig
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.training.preset import EpisodePreset, PPOPreset
from tests.rl.histories import history

MARKET = row_market(history(300, 4))
STARTS = starts_in(MARKET, np.ones(300, dtype=np.bool_))
RULES = EpisodePreset(horizon=7).rules()


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(1):
        yield


def made(seed=3, **ppo):
    values = {"samples": 20_000, "rows": 32, "steps": 16, "minibatches": 2, "hidden": (16,), **ppo}
    return fast_ppo(MARKET, STARTS, RULES, RewardConfig(), PPOPreset(**values), seed)


def learner(algorithm):
    return algorithm.learner_group._learner


def weights(algorithm):
    return {name: value.clone() for name, value in algorithm.symbol_module().state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def trained(algorithm, iterations):
    for _ in range(iterations):
        algorithm.train()
    return weights(algorithm)


def batch(algorithm):
    found, _ = algorithm.env_runner_group.local_env_runner.sample()
    return {name: torch.from_numpy(column) for name, column in found.items()}


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    found = [trained(made(seed), 3) for seed in (3, 3, 4)]
    assert same(found[0], found[1])
    assert not same(found[0], found[2])


def test_a_new_object_goes_on_where_a_checkpoint_was_taken(tmp_path):
    first = made(final_entropy=0.0)
    trained(first, 4)
    first.checkpoint(tmp_path / "kept")
    expected = trained(first, 3)
    second = made(final_entropy=0.0)
    second.resume(tmp_path / "kept")
    assert same(trained(second, 3), expected)
    assert second.samples == first.samples
    assert second.iteration == first.iteration


def test_a_checkpoint_can_be_gone_back_to(tmp_path):
    algorithm = made()
    trained(algorithm, 2)
    algorithm.checkpoint(tmp_path / "kept")
    expected = trained(algorithm, 2)
    trained(algorithm, 1)
    algorithm.resume(tmp_path / "kept")
    assert same(trained(algorithm, 2), expected)


def test_rllibs_own_checkpoint_goes_on_bit_for_bit(tmp_path):
    first = made()
    trained(first, 2)
    first.save_to_path(tmp_path / "rllib")
    expected = trained(first, 2)
    second = made()
    second.restore_from_path(tmp_path / "rllib")
    assert same(trained(second, 2), expected)


def test_a_checkpoint_holds_no_pickle_and_takes_the_place_of_the_one_before(tmp_path):
    algorithm = made()
    for _ in range(2):
        algorithm.train()
        algorithm.checkpoint(tmp_path / "kept")
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["state.json", "state.safetensors"]
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
    assert json.loads((tmp_path / "kept" / "state.json").read_text())["version"] == 1


def test_a_checkpoint_that_is_not_what_was_written_is_refused(tmp_path):
    algorithm = made()
    algorithm.train()
    with pytest.raises(NotFound):
        algorithm.resume(tmp_path / "none")
    algorithm.checkpoint(tmp_path / "kept")
    tensors = tmp_path / "kept" / "state.safetensors"
    content = bytearray(tensors.read_bytes())
    content[-1] ^= 1
    tensors.write_bytes(content)
    with pytest.raises(CorruptFile):
        algorithm.resume(tmp_path / "kept")


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    algorithm = made()
    algorithm.train()
    algorithm.checkpoint(tmp_path / "kept")
    with pytest.raises(CorruptFile, match="another algorithm"):
        made(hidden=(8,)).resume(tmp_path / "kept")


@pytest.mark.parametrize("poisoned", [Columns.OBS, Postprocessing.ADVANTAGES, Postprocessing.VALUE_TARGETS])
def test_a_number_that_is_none_stops_before_the_step_and_names_the_iteration(poisoned):
    algorithm = made(minibatches=1)
    algorithm.train()
    before = {k: v.clone() for k, v in learner(algorithm).module[DEFAULT_MODULE_ID].state_dict().items()}
    samplers = algorithm._samplers
    honest = samplers.sample

    def poisoned_sample(given):
        columns = honest(given)
        columns[0][poisoned].reshape(len(columns[0][poisoned]), -1)[3, 0] = np.nan
        return columns

    samplers.sample = poisoned_sample
    with pytest.raises(TrainingDiverged, match="iteration 2"):
        algorithm.train()
    after = learner(algorithm).module[DEFAULT_MODULE_ID].state_dict()
    assert same(before, after)


def test_weights_that_left_the_numbers_are_found():
    algorithm = made(learning_rate=1e38)
    with pytest.raises(TrainingDiverged):
        trained(algorithm, 3)


def test_the_norm_of_the_gradient_is_logged():
    algorithm = made()
    found = algorithm.train()[LEARNER_RESULTS][DEFAULT_MODULE_ID]
    assert found["gradient_norm"] > 0.0
    assert {"total_loss", "policy_loss", "vf_loss", "entropy", "mean_kl_loss", "vf_explained_var"} <= set(found)


def test_the_price_on_certainty_moves_from_its_first_to_its_last_value():
    algorithm = made(samples=1800, entropy=0.5, final_entropy=0.1)
    scheduler = learner(algorithm).entropy_coeff_schedulers_per_module[DEFAULT_MODULE_ID]
    found = []
    for _ in range(6):
        algorithm.train()
        found.append(float(scheduler.get_current_value()))
    assert found[0] == pytest.approx(0.5)
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.1)


def test_epochs_end_early_where_the_policy_has_moved_enough():
    counted = {}
    for stop in (0.0, 1e-9):
        algorithm = made(epochs=6, kl_stop=stop, learning_rate=1e-2)
        steps = []
        learn = learner(algorithm)
        honest = learn._step
        learn._step = lambda iteration, honest=honest, steps=steps: (steps.append(iteration), honest(iteration))
        algorithm.train()
        counted[stop] = len(steps)
    assert counted[0.0] == 12
    assert counted[1e-9] == 2


def test_a2c_is_the_plain_policy_gradient():
    algorithm = made(algorithm="a2c", epochs=5, minibatches=4, entropy=0.03, value_loss=0.7, gradient_norm=1e9)
    columns, learn = batch(algorithm), learner(algorithm)
    columns[Columns.ACTION_LOGP] -= 1.0
    assert algorithm.config.num_epochs == 1
    module = learn.module[DEFAULT_MODULE_ID]
    logits, values = module.outputs(columns[Columns.OBS])
    policy = torch.distributions.Categorical(logits=logits)
    loss = -(columns[Postprocessing.ADVANTAGES] * policy.log_prob(columns[Columns.ACTIONS])).mean()
    loss = loss + 0.7 * ((values - columns[Postprocessing.VALUE_TARGETS]) ** 2).mean() - 0.03 * policy.entropy().mean()
    expected = torch.autograd.grad(loss, list(module.parameters()))
    learn._terms = []
    learn._update({DEFAULT_MODULE_ID: columns})
    for parameter, gradient in zip(module.parameters(), expected, strict=True):
        assert torch.allclose(parameter.grad, gradient, atol=1e-6)


def test_an_update_takes_every_sample_of_an_epoch_once():
    algorithm = made(minibatches=4, epochs=3)
    learn, seen = learner(algorithm), []
    honest = learn._update
    learn._update = lambda given: (seen.append(given[DEFAULT_MODULE_ID][Columns.OBS]), honest(given))[1]
    columns = batch(algorithm)
    learn.update(
        MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(columns)}, env_steps=1), num_epochs=3,
        minibatch_size=len(columns[Columns.OBS]) // 4, timesteps={},
    )  # fmt: skip
    assert len(seen) == 12
    taken = 4 * (len(columns[Columns.OBS]) // 4)
    assert torch.equal(torch.cat(seen[4:8]), columns[Columns.OBS][:taken])


def test_the_hybrid_action_is_sampled_and_learned():
    module = ModuleConfig(hidden=(16,), actions="hybrid")
    preset = PPOPreset(samples=20_000, rows=32, steps=16, minibatches=2)
    algorithm = fast_ppo(MARKET, STARTS, RULES, RewardConfig(), preset, 3, module=module)
    columns, learn = batch(algorithm), learner(algorithm)
    actions, logits = columns[Columns.ACTIONS], columns[Columns.ACTION_DIST_INPUTS]
    assert actions.shape == (len(logits), 2)
    assert logits.shape[1] == 11
    logp = sum(
        torch.log_softmax(part, -1).gather(1, actions[:, i : i + 1])[:, 0]
        for i, part in enumerate(torch.split(logits, [7, 4], 1))
    )
    assert torch.allclose(columns[Columns.ACTION_LOGP], logp, atol=1e-6)
    before = weights(algorithm)
    assert not same(trained(algorithm, 2), before)
    assert learn._parts == (7, 4)


def test_a_network_for_another_observation_is_refused():
    with pytest.raises(BadConfig, match="obs-v2"):
        fast_ppo(
            MARKET, STARTS, RULES, RewardConfig(), PPOPreset(samples=1), 3, module=ModuleConfig(observation="obs-v2")
        )


def test_resources_that_cannot_be_had_are_refused_before_anything_starts():
    with pytest.raises(BadConfig, match="cores"):
        Resources(num_env_runners=3).check({"CPU": 2.0}, False)
    with pytest.raises(BadConfig, match="GPU"):
        Resources(num_gpus_per_learner=1).check({"CPU": 2.0}, False)
    with pytest.raises(BadConfig, match="cannot be shared out"):
        Resources(num_env_runners=3).rows_each(32)
    Resources(num_env_runners=2).check({"CPU": 2.0}, False)
