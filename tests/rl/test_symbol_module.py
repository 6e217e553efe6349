"""The torch module of the symbol agents: batched heads, masks, and its numpy twin."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from torch import nn

from rl.actions import N_ACTIONS, target_position
from rl.env import TradingVectorEnv, action_space
from rl.market import row_market
from rl.modules.heads import SymbolHeads
from rl.modules.symbol_module import SymbolModule
from rl.observation import HEAD, MASK
from rl.symbol_policy import Actor, asked_for, stateless_view
from tests.rl.histories import history


@pytest.fixture(scope="module")
def market():
    return row_market(history(300, 6, seed=1))


@pytest.fixture(scope="module")
def observations(market):
    env = TradingVectorEnv(64, market)
    seen = [env.reset(seed=1)[0]]
    for _ in range(20):
        seen.append(env.step(env.action_space.sample())[0])
    return np.concatenate(seen)


@pytest.fixture(scope="module")
def module(market):
    torch.manual_seed(3)
    space = gym.spaces.Box(-np.inf, np.inf, (64,), np.float32)
    made = SymbolModule(
        observation_space=space, action_space=action_space(), model_config={"heads": 7, "hidden": [16, 12]}
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return made


def test_batched_heads_are_the_lone_heads():
    torch.manual_seed(0)
    heads = SymbolHeads(5, 8, 3)
    nn.init.normal_(heads.offset_weight)
    nn.init.normal_(heads.offset_bias)
    x, index = torch.randn(200, 8), torch.randint(0, 5, (200,))
    together = heads(x, index)
    for n in range(200):
        h = int(index[n])
        alone = heads.generic(x[n])
        if h:
            alone = alone + heads.offset_weight[h - 1] @ x[n] + heads.offset_bias[h - 1]
        assert torch.allclose(together[n], alone, atol=1e-5)


@pytest.mark.parametrize("index", [[0, 0, 0], [2, 2, 2], [1]])
def test_heads_serve_batches_of_one_kind_only(index):
    heads = SymbolHeads(4, 8, 3)
    nn.init.normal_(heads.offset_bias)
    x = torch.randn(len(index), 8)
    own = heads.offset_bias[index[0] - 1] if index[0] else torch.zeros(3)
    assert torch.allclose(heads(x, torch.tensor(index)), heads.generic(x) + own, atol=1e-6)


def test_only_the_heads_that_answered_learn():
    heads = SymbolHeads(4, 8, 3)
    heads(torch.randn(10, 8), torch.tensor([0] * 5 + [2] * 5)).sum().backward()
    touched = heads.offset_weight.grad.abs().sum(dim=(1, 2)) > 0
    assert touched.tolist() == [False, True, False]
    assert heads.generic.weight.grad.abs().sum() > 0


def test_an_action_that_is_not_allowed_has_no_probability(module, observations):
    logits, _ = module.outputs(torch.from_numpy(observations))
    odds = torch.softmax(logits, -1).detach().numpy()
    assert (odds[observations[:, MASK] < 0.5] == 0.0).all()
    assert np.allclose(odds.sum(axis=1), 1.0, atol=1e-6)
    for forward in (module.forward_inference, module.forward_exploration, module.forward_train):
        out = forward({Columns.OBS: torch.from_numpy(observations)})[Columns.ACTION_DIST_INPUTS]
        assert torch.equal(out, logits)


def test_values_are_the_same_by_both_ways(module, observations):
    batch = {Columns.OBS: torch.from_numpy(observations)}
    trained = module.forward_train(batch)
    assert torch.equal(module.compute_values(batch, trained[Columns.EMBEDDINGS]), module.compute_values(batch))


def test_numpy_answers_like_torch(module, observations):
    logits = module.outputs(torch.from_numpy(observations))[0].detach().numpy()
    mine = Actor(module.tensors()).logits(observations)
    allowed = observations[:, MASK] > 0.5
    assert np.isneginf(mine[~allowed]).all()
    assert np.allclose(mine[allowed], logits[allowed], atol=2e-6)


def test_the_stateless_view_is_torchs_expectation(module, market):
    heads = np.array([1, 2, 3, 4, 5, 0])
    view = stateless_view(Actor(module.tensors()), market.arrays.block, heads)
    for position, allowed in ((0.0, [1, 1, 1, 1, 0, 0, 0]), (1.0, [1, 0, 0, 0, 1, 1, 0])):
        obs = np.zeros((6, 64), dtype=np.float32)
        obs[:, : market.arrays.block.shape[2]] = market.arrays.block[:, 123]
        obs[:, 45], obs[:, MASK], obs[:, HEAD] = position, allowed, heads
        odds = torch.softmax(module.outputs(torch.from_numpy(obs))[0], -1).detach().numpy().astype(float)
        expected = odds @ np.array([target_position(a, position, False) for a in range(N_ACTIONS)])
        entropy = -(odds * np.log(np.maximum(odds, 1e-300))).sum(axis=1) / np.log(sum(allowed))
        view[0, :, 123] -= expected - 0.5
        view[1, :, 123] += 0.5 * entropy
    assert np.allclose(view[0, :, 123], 0.0, atol=1e-6)
    assert np.allclose(view[1, :, 123], 1.0, atol=1e-6)


def test_the_policys_targets_are_the_kernels():
    positions = np.linspace(0.05, 1.0, 20)
    kernels = [[target_position(a, p, True) for a in range(N_ACTIONS)] for p in positions]
    assert np.array_equal(asked_for(positions), kernels)
    assert asked_for(np.zeros(1))[0, :6].tolist() == [target_position(a, 0.0, False) for a in range(6)]
