"""The columnar sampler and the update it feeds: what goes into PPO's loss is what happened."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from rl import kernel as k
from rl.algorithms.fast_ppo import fast_ppo
from rl.market import row_market, starts_in
from rl.observation import HEAD, MASK, OWN
from rl.ray_session import ray_session
from rl.reward import RewardConfig
from rl.training.preset import EpisodePreset, PPOPreset
from tests.rl.histories import history

ROWS, STEPS = 96, 24


@pytest.fixture(scope="module")
def algorithm():
    market = row_market(history(300, 4))
    starts = starts_in(market, np.ones(300, dtype=np.bool_))
    rules = EpisodePreset(horizon=7, noise=0.0, blind=0.0).rules()
    ppo = PPOPreset(samples=20_000, rows=ROWS, steps=STEPS, minibatches=2, hidden=(16,))
    with ray_session(1):
        made = fast_ppo(market, starts, rules, RewardConfig(), ppo, 3)
        yield made
        made.stop()


def sampled(algorithm):
    found, _ = algorithm.env_runner_group.local_env_runner.sample()
    return {name: torch.from_numpy(column) for name, column in found.items()}


@pytest.fixture(scope="module")
def columns(algorithm):
    return sampled(algorithm)


def test_resets_are_left_out_and_all_else_is_there(columns):
    """Episodes of 7 bars are followed by one reset: of 24 steps, 3 are resets."""
    assert len(columns[Columns.OBS]) == ROWS * (STEPS - STEPS // 8)
    assert all(len(values) == len(columns[Columns.OBS]) for values in columns.values())
    assert torch.isfinite(columns[Columns.OBS]).all()


def test_every_action_was_allowed(columns):
    mask = columns[Columns.OBS][:, MASK]
    assert (mask.gather(1, columns[Columns.ACTIONS][:, None]) == 1.0).all()


def test_the_columns_agree_with_the_module(algorithm, columns):
    with torch.no_grad():
        logits, values = algorithm.symbol_module().outputs(columns[Columns.OBS])
    assert torch.allclose(columns[Columns.ACTION_DIST_INPUTS], logits, atol=1e-5)
    assert torch.allclose(columns[Columns.VF_PREDS], values, atol=1e-5)
    logp = torch.log_softmax(logits, -1).gather(1, columns[Columns.ACTIONS][:, None])[:, 0]
    assert torch.allclose(columns[Columns.ACTION_LOGP], logp, atol=1e-5)


def test_actions_are_drawn_by_their_probability(algorithm):
    drawn = [sampled(algorithm) for _ in range(6)]
    odds = torch.cat([torch.softmax(c[Columns.ACTION_DIST_INPUTS], -1) for c in drawn]).mean(dim=0)
    found = torch.bincount(torch.cat([c[Columns.ACTIONS] for c in drawn]), minlength=7) / sum(
        len(c[Columns.ACTIONS]) for c in drawn
    )
    assert torch.allclose(found, odds, atol=0.015)


def test_targets_are_what_was_foreseen_and_the_advantage(columns):
    gain = columns[Postprocessing.ADVANTAGES]
    assert torch.allclose(columns[Postprocessing.VALUE_TARGETS] - columns[Columns.VF_PREDS], gain, atol=1e-6)
    assert float(gain.std()) > 0.0


def test_samples_follow_each_other_across_calls(algorithm):
    """Where the last call ended is where the next begins, and a row that ended there begins with a reset."""
    runner = algorithm.env_runner_group.local_env_runner
    seen_resets = 0
    for _ in range(8):
        before = runner.env.rows.index[:, k.RESET].copy()
        obs = runner.env.rows.obs.copy()
        rows = runner.sample()[0][Columns.OBS]
        keys = {tuple(r) for r in np.round(rows[:, : OWN.start], 5).tolist()}
        expected = np.round(obs[before == 0][:, : OWN.start], 5)
        assert all(tuple(r) in keys for r in expected.tolist())
        resets = np.round(obs[before == 1], 5)
        everything = {tuple(r) for r in np.round(rows, 5).tolist()}
        assert sum(tuple(r) in everything for r in resets.tolist()) <= 0.1 * len(resets)
        seen_resets += len(resets)
    assert seen_resets > 0


def test_an_update_moves_what_it_should(algorithm):
    module = algorithm.symbol_module()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    samples = algorithm.samples
    algorithm.train()
    after = module.state_dict()
    assert algorithm.samples - samples == pytest.approx(ROWS * (STEPS - STEPS // 8), rel=0.02)
    assert (algorithm.samples - samples) % 2 == 0
    assert all(not torch.equal(before[name], after[name]) for name in before)
    learner = algorithm.learner_group._learner.module["default_policy"].state_dict()
    assert all(torch.equal(learner[name], after[name]) for name in after)


def test_heads_belong_to_symbols(columns):
    heads = columns[Columns.OBS][:, HEAD]
    assert set(heads.unique().tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}
