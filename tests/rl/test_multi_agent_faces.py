"""The symbols of one market as many agents: PettingZoo, RLlib, and the aligned rows under both."""

from __future__ import annotations

import dataclasses
import importlib
import sys

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test

from data.errors import BadConfig, InputError, UnknownSymbol
from rl.faces.aligned import AlignedRows
from rl.faces.parallel import ParallelTradingEnv
from rl.market import row_market
from rl.observation import schema
from rl.ray_session import ray_session
from rl.reward.teams import team_means
from tests.rl.histories import from_prices, history


@pytest.fixture(scope="module")
def market():
    return row_market(history(300, 4))


@pytest.fixture(scope="module")
def markets(market):
    return {"obs-v1": market, "obs-v2": row_market(history(600, 4), None, schema("obs-v2"))}


def begun(market, seed=0, **settings):
    core = AlignedRows(market, **settings)
    core.begin(np.random.default_rng(seed))
    return core


def only(slots, first, bars):
    """Slots that leave room for one episode of so many bars."""
    allowed = np.zeros(slots, dtype=np.bool_)
    allowed[first : first + bars + 1] = True
    return allowed


def all_doing(core, action):
    return dict.fromkeys(core.symbols, action)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("actions", ["seven", "hybrid"])
@pytest.mark.parametrize("obs_id", ["obs-v1", "obs-v2"])
def test_pettingzoos_own_test_passes(markets, obs_id, actions, capsys):
    env = ParallelTradingEnv(markets[obs_id], horizon=20, actions=actions, observation=obs_id)
    parallel_api_test(env, num_cycles=45)
    assert "Passed" in capsys.readouterr().out


def test_all_agents_stand_on_one_date_and_share_what_is_market_wide(market):
    env = ParallelTradingEnv(market, horizon=12)
    obs, infos = env.reset(seed=4)
    for _ in range(12):
        shared = [obs[a][market.layout.shared_from : market.layout.shared_to] for a in obs]
        assert all(np.array_equal(shared[0], other) for other in shared)
        assert [int(obs[a][market.layout.head]) for a in obs] == [1, 2, 3, 4]
        assert np.array_equal(infos["S02"]["action_mask"], obs["S02"][49:56] > 0.5)
        assert np.array_equal(env.state(), np.stack(list(obs.values())))
        obs, rewards, terminated, truncated, infos = env.step(dict.fromkeys(env.agents, 3))
        assert set(rewards) == set(market.symbols)
        assert not any(terminated.values())
    assert all(truncated.values())
    assert env.agents == []


def test_the_same_seed_draws_the_same_episode(market):
    one, other = ParallelTradingEnv(market), ParallelTradingEnv(market)
    a, b = one.reset(seed=9)[0], other.reset(seed=9)[0]
    assert all(np.array_equal(a[s], b[s]) for s in market.symbols)
    one.reset()
    other.reset()
    assert one.core.slot == other.core.slot


def test_observations_lie_in_their_space(market):
    env = ParallelTradingEnv(market)
    obs, _ = env.reset(seed=1)
    for _ in range(30):
        assert all(env.observation_space(a).contains(obs[a]) for a in env.agents)
        obs, *_ = env.step({a: env.action_space(a).sample() for a in env.agents})


def test_episodes_stay_within_the_slots_that_are_allowed(market):
    allowed = np.zeros(300, dtype=np.bool_)
    allowed[100:130] = True
    core = AlignedRows(market, horizon=20, allowed=allowed)
    random, begun_at = np.random.default_rng(0), set()
    for _ in range(50):
        core.begin(random)
        begun_at.add(core.slot)
    assert min(begun_at) >= 100
    assert max(begun_at) + 20 <= 129


def test_a_symbol_without_a_price_holds_and_goes_on_later():
    close = np.cumprod(1.0 + np.random.default_rng(5).normal(0.0, 0.01, (120, 3)), axis=0) * 50.0
    given = from_prices(close, close.copy())
    given.fill[60:63, 1] = np.nan
    core = begun(row_market(given), horizon=24, allowed=only(120, 55, 24))
    net, shared = [], slice(core.rows.layout.shared_from, core.rows.layout.shared_to)
    while not core.over:
        core.step(all_doing(core, 3))
        net.append(core.rows.net.copy())
        assert np.array_equal(core.rows.obs[1, shared], core.rows.obs[0, shared])
    assert core.agents() == list(core.symbols)
    net = np.array(net)
    assert not net[5:8, 1].any()
    assert net[8:, 1].any()
    assert (core.rows.index[:, 0] == 79).all()


def test_a_ruined_sleeve_is_out_and_the_others_go_on():
    close = np.cumprod(1.0 + np.random.default_rng(5).normal(0.0, 0.01, (120, 3)), axis=0) * 50.0
    close[70:, 1] *= 0.01
    env = ParallelTradingEnv(row_market(from_prices(close, close.copy())), allowed=only(120, 40, 70), horizon=70)
    env.reset(seed=0)
    while "S01" in env.agents:
        _, _, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 3))
    assert terminated == {"S00": False, "S01": True, "S02": False}
    assert not truncated["S01"]
    obs, *_ = env.step(dict.fromkeys(env.agents, 0))
    assert set(obs) == {"S00", "S02"}


def test_a_shared_reward_moves_towards_the_mean_of_the_class_and_keeps_its_sum(market):
    teams = dataclasses.replace(market, groups=np.array([0, 0, 1, 1]))
    alone, team = begun(market, 3), begun(teams, 3, share=1.0)
    for _ in range(5):
        for core in (alone, team):
            core.step(all_doing(core, 3))
        assert team.reward == pytest.approx(team_means(alone.reward, teams.groups))


def test_actions_that_are_missing_or_nobodys_are_refused(market):
    core = begun(market)
    with pytest.raises(InputError, match="no action for S03"):
        core.step({"S00": 0, "S01": 0, "S02": 0})
    with pytest.raises(UnknownSymbol, match="did you mean 'S03'"):
        core.step(all_doing(core, 0) | {"SO3": 1})
    with pytest.raises(InputError, match="give integers"):
        core.step(all_doing(core, 0.5))


def test_a_market_shown_otherwise_is_refused(market):
    with pytest.raises(InputError, match="obs-v2"):
        ParallelTradingEnv(market, observation="obs-v2")
    with pytest.raises(InputError, match="needs a market"):
        ParallelTradingEnv()


def test_without_pettingzoo_there_is_a_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pettingzoo.utils.env", None)
    monkeypatch.delitem(sys.modules, "rl.faces.parallel")
    with pytest.raises(BadConfig, match=r"pip install 'bullpen\[multiagent\]'"):
        importlib.import_module("rl.faces.parallel")


def test_rllibs_face_tells_what_pettingzoos_does(market):
    from rl.faces.rllib import MultiAgentTradingEnv

    settings = {"market": market, "horizon": 6, "allowed": only(300, 200, 6)}
    env, other = MultiAgentTradingEnv(settings), ParallelTradingEnv(**settings)
    obs, expected = env.reset(seed=2)[0], other.reset(seed=0)[0]
    for step in range(6):
        assert all(np.array_equal(obs[a], expected[a]) for a in market.symbols)
        obs, rewards, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 1))
        expected, same, *_ = other.step(dict.fromkeys(other.agents, 1))
        assert rewards == same
        assert terminated["__all__"] is False
        assert truncated["__all__"] is (step == 5)


@pytest.mark.slow
def test_rllibs_ppo_trains_one_iteration_over_the_agents(market):
    from ray.rllib.algorithms.ppo import PPOConfig

    from rl.faces.rllib import MultiAgentTradingEnv

    config = (
        PPOConfig()
        .environment(MultiAgentTradingEnv, env_config={"market": market, "horizon": 16})
        .env_runners(num_env_runners=0)
        .multi_agent(policies={"all"}, policy_mapping_fn=lambda agent, episode, **_: "all")
        .training(train_batch_size_per_learner=64, minibatch_size=64, num_epochs=1)
        .debugging(seed=0)
    )
    with ray_session(1):
        algorithm = config.build_algo()
        try:
            found = algorithm.train()
        finally:
            algorithm.stop()
    runner = found["env_runners"]
    assert runner["num_agent_steps_sampled"] == dict.fromkeys(market.symbols, 64)
    assert np.isfinite(found["learners"]["all"]["total_loss"])
