"""The supervised yardstick: it learns what is there, and claims nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from data.errors import InputError
from data.market import AssetClass
from rl.env import LEARN
from rl.market import hedged, row_market, starts_in
from rl.modules.config import ModuleConfig
from rl.supervised import SupervisedConfig, fit_supervised, free_energy
from rl.supervised.hindsight import action_values, held_out, returns_ahead
from rl.symbol_policy import Actor
from rl.threads import limit_threads
from rl.training.evaluation import run_sleeves, score_returns
from rl.training.figures import sharpe
from rl.training.preset import PPOPreset
from rl.training.symbol_agents import own_heads
from tests.rl.histories import history

LEARNED, UNSEEN = 550, slice(560, 800)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    limit_threads(1)
    yield
    limit_threads(before)


def fitted(memory, samples=100_000, module=None, slots=800, seed=4, **changes):
    given = history(slots, 6, memory=memory, seed=seed, classes=(AssetClass.STOCK,))
    learn = np.arange(slots) < LEARNED
    market = hedged(row_market(given), learn, 0.0, 1.0, 0.0)
    config = SupervisedConfig(samples=samples, rows=128, steps=32, learning_rate=3e-3, horizon=1, **changes)
    rules = LEARN._replace(noise=0.1, blind=0.5)
    tensors = fit_supervised(
        market, starts_in(market, learn), module or ModuleConfig(hidden=(32,)), config, 1, rules=rules
    )
    return market, tensors


def test_a_planted_signal_is_learned_by_its_sign():
    market, tensors = fitted(0.25)
    assert sharpe(score_returns(market, UNSEEN, own_heads(market), Actor(tensors)), 252.0) > 2.5


@pytest.mark.parametrize("seed", [4, 5])
def test_on_noise_it_trades_less_than_a_twentieth_a_day(seed):
    market, tensors = fitted(0.0, seed=seed)
    assert run_sleeves(market, UNSEEN, own_heads(market), Actor(tensors)).traded.mean() < 0.05


def test_the_same_seed_gives_the_same_bits_whatever_torch_drew_before():
    made = []
    for number in range(2):
        torch.manual_seed(number)
        made.append(fitted(0.25, samples=8_000, checkpoints=1, least_t=0.0, held_out=0.3)[1])
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])


def test_without_a_gate_the_best_is_taken_even_where_it_is_no_better_than_holding():
    def traded(**gate):
        market, tensors = fitted(0.0, samples=20_000, **gate)
        return run_sleeves(market, UNSEEN, own_heads(market), Actor(tensors)).traded.sum()

    assert traded(least_t=10.0) == 0.0
    assert traded(least_t=None) > 0.0


def test_a_hybrid_module_is_taught_too():
    tensors = fitted(0.25, samples=8_000, module=ModuleConfig(hidden=(8,), actions="hybrid"), checkpoints=1)[1]
    assert tensors["head.weight"].shape == (7, 8, 11)


def test_returns_ahead_by_hand():
    market = row_market(history(60, 2))
    starts = starts_in(market, np.arange(60) < 40)
    a, found = market.arrays, returns_ahead(market, starts, 3, 0.5)
    close, fill = a.close[:, 1], a.fill[:, 1]
    wanted = close[31] / fill[30] - 1 + 0.5 * (close[32] / close[31] - 1) + 0.25 * (close[33] / close[32] - 1)
    assert found[30, 1] == pytest.approx(wanted / a.scale[30, 1], rel=1e-12)
    last = close[39] / fill[38] - 1
    assert found[38, 1] == pytest.approx(last / a.scale[38, 1], rel=1e-12)
    assert np.isnan(found[39:]).all()


def test_what_each_action_pays_by_hand():
    out = np.empty((1, 7, 4))
    one = np.ones(1)
    action_values(0.2 * one, 0.01 * one, 10.0 * one, 0.5 * one, 0.0 * one, one, out)
    cost = 10e-4 / 0.01
    assert np.allclose(out[0, 0], 0.1)
    assert np.allclose(out[0, 3], [0.2 * (0.5 + 0.5 * s) - cost * 0.5 * s for s in (0.25, 0.5, 0.75, 1.0)])
    assert np.allclose(out[0, 5, 3], -cost * 0.5)


def test_held_out_dates_are_disjoint_and_apart():
    market = row_market(history(300, 3))
    starts = starts_in(market, np.arange(300) < 200)
    learn, judge = held_out(starts, 0.25, 7)
    assert max(learn.stop[t] for t in learn.slots) + 7 < judge.slots.min()
    assert judge.slots.max() == starts.slots.max()
    assert learn.offsets[-1] == len(learn.slots)
    with pytest.raises(InputError, match="too few"):
        held_out(starts_in(market, (np.arange(300) >= 100) & (np.arange(300) < 104)), 0.05, 50)


def test_the_loss_is_least_at_the_soft_targets():
    torch.manual_seed(0)
    utility = torch.randn(5, 7, 1)
    best = utility[:, :, 0] / 0.5
    least = free_energy(best, utility, 0.5)
    assert torch.allclose(least, -0.5 * torch.logsumexp(best, 1).mean(), atol=1e-6)
    assert all(free_energy(best + 0.1 * torch.randn(5, 7), utility, 0.5) > least for _ in range(5))


def test_settings_follow_those_of_ppo():
    config = SupervisedConfig.like(PPOPreset(samples=77, rows=8, weight_decay=0.3, gamma=0.8))
    assert (config.samples, config.rows, config.weight_decay, config.discount) == (77, 8, 0.3, 0.8)
