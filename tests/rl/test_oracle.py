"""The oracle is the best that can be done: it meets closed forms where there are some and is beaten by no rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from rl.actions import Action
from rl.observation import MASK
from rl.policies.opinion import asked_for
from rl.training.evaluation import run_sleeves
from rl.training.figures import sharpe
from rl.worlds.oracle import POINTS, POSITIONS, bar_value, free_sharpe, solve, thresholds, transitions, z_grid
from rl.worlds.planted import BARS_PER_YEAR, PLANTED, Process, planted

LAW = Process()
WORLDS, BARS = 128, 600


class ThresholdRule:
    """All in above one value of z, all out below another."""

    def __init__(self, sell, buy):
        self.sell, self.buy = sell, buy

    def logits(self, obs):
        z, allowed = obs[:, PLANTED], obs[:, MASK] > 0.5
        asked = np.where(z > self.buy, Action.BUY_LARGE, np.where(z < self.sell, Action.SELL_ALL, Action.HOLD))
        asked = np.where(allowed[np.arange(len(obs)), asked], asked, Action.HOLD)
        return np.where(np.arange(7) == asked[:, None], 0.0, -np.inf)


def target(oracle, z, held):
    """What the oracle asks for at every z, from one position."""
    position = np.full(len(z), held)
    return asked_for(position)[np.arange(len(z)), oracle.gain(z, position).argmax(axis=1)]


@pytest.fixture(scope="module")
def worlds():
    return planted(LAW, WORLDS, BARS, seed=11)


@pytest.fixture(scope="module")
def oracle():
    return solve(LAW)


def walked(market, actor):
    return run_sleeves(market, slice(0, BARS), np.zeros(len(market.symbols), dtype=np.int64), actor)


def test_free_trading_is_long_exactly_while_z_is_positive():
    law = Process(cost_bps=0.0)
    free = solve(law)
    z = np.linspace(-3.0, 3.0, 60)
    for held in (0.0, 0.5, 1.0):
        assert np.array_equal(target(free, z, held), (z > 0.0).astype(float))
    mean = law.information * (1.0 - law.gap + law.gap * law.memory) / math.sqrt(2.0 * math.pi)
    assert free.average == pytest.approx(mean, rel=2e-3)
    ours = walked(planted(law, 200, BARS, seed=5), free)
    error = math.sqrt(BARS_PER_YEAR / ours.net.size)
    assert sharpe(ours.net.ravel(), BARS_PER_YEAR) == pytest.approx(free_sharpe(law), abs=3.0 * error)


def test_where_trading_costs_more_than_can_be_earned_it_never_trades():
    dear = solve(Process(cost_bps=1000.0))
    assert dear.average == pytest.approx(0.0, abs=1e-9)
    assert thresholds(dear)[1] == math.inf
    assert walked(planted(Process(cost_bps=1000.0), 16, BARS, seed=5), dear).traded.sum() == 0.0


def test_where_nothing_is_foretold_it_never_trades():
    blind = solve(Process(information=0.0))
    assert thresholds(blind) == (-math.inf, math.inf)


def test_the_band_of_no_trade_widens_with_costs():
    bands = [thresholds(solve(Process(cost_bps=bps))) for bps in (0.0, 2.0, 5.0, 10.0, 20.0)]
    sold, bought = zip(*bands, strict=True)
    assert (np.diff(bought) > 0.0).all()
    assert (np.diff(sold) < 0.0).all()


def test_the_average_it_promises_is_what_it_earns(worlds, oracle):
    earned = walked(worlds, oracle).net[1:] / LAW.volatility
    error = earned.mean(axis=0).std() / math.sqrt(WORLDS)
    assert earned.mean() == pytest.approx(oracle.average, abs=3.0 * error)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2.0, 2.0), st.floats(0.0, 3.0))
def test_no_threshold_rule_earns_more_on_the_same_worlds(worlds, oracle, sell, width):
    best, other = walked(worlds, oracle).net, walked(worlds, ThresholdRule(sell, sell + width)).net
    ahead = (other - best).mean(axis=0)
    assert ahead.mean() <= 3.0 * ahead.std() / math.sqrt(WORLDS) + 1e-12


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_policy_on_the_grid_has_a_better_average(oracle, seed):
    """A random policy, made better here and there by the oracle's own choice: exact, no worlds drawn."""
    rng = np.random.default_rng(seed)
    positions = np.linspace(0.0, 1.0, POSITIONS)
    best = np.stack([target(oracle, z_grid(), held) for held in positions])
    asked = asked_for(positions)[:, rng.choice([0, 1, 2, 3, 5], size=POINTS)]
    wanted = np.where(rng.random(best.shape) < rng.random(), best, asked).T
    chosen = np.rint(wanted * (POSITIONS - 1)).astype(int)
    gain, odds = bar_value(LAW, z_grid()[:, None], positions, wanted), transitions(LAW.memory)
    where = np.full((POINTS, POSITIONS), 1.0 / (POINTS * POSITIONS))
    for _ in range(400):
        moved = np.zeros_like(where)
        np.add.at(moved, (np.arange(POINTS)[:, None], chosen), where)
        where = odds.T @ moved
    assert float((where * gain).sum()) <= oracle.average + 1e-9


def test_a_z_that_hardly_moves_is_refused():
    with pytest.raises(InputError):
        solve(Process(memory=0.9999))
