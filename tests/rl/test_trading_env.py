"""The gymnasium environments over the kernel, as other libraries meet them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import DictInfoToList

from data.errors import InputError
from rl.env import ENV_ID, ENV_IDS, LEARN, TradingEnv, TradingVectorEnv
from rl.kernel import NEXT_STEP, SAME_STEP
from rl.market import row_market
from rl.observation import MASK, schema
from tests.rl.histories import history

KINDS = [(obs_id, actions) for obs_id in ENV_IDS for actions in ("seven", "hybrid")]
MODES = {AutoresetMode.NEXT_STEP: NEXT_STEP, AutoresetMode.SAME_STEP: SAME_STEP}


@pytest.fixture(scope="module")
def market():
    return row_market(history(300, 4))


@pytest.fixture(scope="module")
def markets(market):
    return {"obs-v1": market, "obs-v2": row_market(history(700, 4), None, schema("obs-v2"))}


@pytest.mark.filterwarnings("error", "ignore:.*is out of date:DeprecationWarning")
@pytest.mark.parametrize(("obs_id", "actions"), KINDS)
def test_gymnasiums_checker_passes(markets, obs_id, actions):
    made = gym.make(ENV_IDS[obs_id], market=markets[obs_id], actions=actions)
    assert made.observation_space.shape == (schema(obs_id).width,)
    check_env(made.unwrapped)


@pytest.mark.parametrize(("obs_id", "actions"), KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_many_rows_behave_as_gymnasiums_own_vector_of_the_single_one(markets, obs_id, actions, mode):
    many = vector(markets, obs_id, actions, mode, 3)
    obs, infos = many.reset(seed=5)
    assert many.metadata["autoreset_mode"] is mode
    many.action_space.seed(1)
    done = np.zeros(3, dtype=np.bool_)
    ends = 0
    for _ in range(60):
        before = obs
        obs, rewards, terminated, truncated, infos = many.step(many.action_space.sample())
        assert many.observation_space.contains(obs)
        ended = terminated | truncated
        ends += ended.sum()
        if mode is AutoresetMode.NEXT_STEP:
            assert "final_obs" not in infos
            assert not rewards[done].any()
            assert not ended[done].any()
        elif ended.any():
            assert np.array_equal(infos["_final_obs"], ended)
            for row in np.flatnonzero(ended):
                assert many.single_observation_space.contains(infos["final_obs"][row])
                assert not np.array_equal(infos["final_obs"][row], obs[row])
            assert all(infos["final_obs"][row] is None for row in np.flatnonzero(~ended))
        assert not np.array_equal(before, obs)
        done = ended
    assert ends > 6


def vector(markets, obs_id, actions, mode, rows):
    return gym.make_vec(
        ENV_IDS[obs_id], num_envs=rows, vectorization_mode="vector_entry_point", market=markets[obs_id],
        actions=actions, rules=LEARN._replace(horizon=7, autoreset=MODES[mode]),
    )  # fmt: skip


@pytest.mark.parametrize("obs_id", ENV_IDS)
def test_what_a_row_saw_last_is_the_same_in_both_modes(markets, obs_id):
    """Until the first end both modes step alike; then SAME_STEP keeps what NEXT_STEP still shows."""
    one, two = (vector(markets, obs_id, "seven", mode, 4) for mode in MODES)
    assert np.array_equal(one.reset(seed=3)[0], two.reset(seed=3)[0])
    for _ in range(7):
        actions = np.array([3, 1, 0, 2])
        (a, reward, *_, a_done, _), (b, other, *_, b_done, infos) = one.step(actions), two.step(actions)
        assert np.array_equal(reward, other)
        assert np.array_equal(a_done, b_done)
    assert b_done.any()
    for row in np.flatnonzero(b_done):
        assert np.array_equal(infos["final_obs"][row], a[row])
    assert np.array_equal(a[~b_done], b[~b_done])
    assert np.array_equal(one.step(actions)[0][b_done], b[b_done])
    assert DictInfoToList(two)._convert_info_to_list(infos)[int(np.argmax(b_done))]["final_info"]["net_return"] != 0.0


def test_a_size_level_scales_what_an_action_adds(market):
    env = TradingVectorEnv(4, market, rules=LEARN._replace(random_position=0.0), actions="hybrid")
    env.reset(seed=0)
    env.step(np.array([[3, 0], [3, 1], [3, 2], [3, 3]]))
    assert env.rows.traded == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_actions_that_are_none_are_refused(market):
    env = TradingVectorEnv(2, market)
    env.reset(seed=0)
    with pytest.raises(InputError, match="type float64"):
        env.step(np.array([1.5, 2.0]))
    with pytest.raises(InputError, match=r"shape \(2, 2\)"):
        env.step(np.zeros((2, 2), dtype=np.int64))


def test_an_id_refuses_a_market_shown_otherwise(markets):
    with pytest.raises(InputError, match=r"obs-v2 has 608 columns.*64 others.*schema\(.obs-v2.\)"):
        gym.make("bullpen/Trading-v2", market=markets["obs-v1"])
    with pytest.raises(InputError, match="obs-v1 has 64 columns"):
        gym.make_vec(ENV_ID, num_envs=2, vectorization_mode="vector_entry_point", market=markets["obs-v2"])


def test_both_are_registered_under_one_id(market):
    single = gym.make(ENV_ID, market=market)
    many = gym.make_vec(ENV_ID, num_envs=5, vectorization_mode="vector_entry_point", market=market)
    assert single.observation_space == many.single_observation_space
    assert many.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    obs, info = many.reset(seed=1)
    assert many.observation_space.contains(obs)
    assert np.array_equal(info["mask"], obs[:, MASK] > 0.5)


def test_one_row_of_many_is_the_single_environment(market):
    single, many = TradingEnv(market), TradingVectorEnv(1, market)
    a, b = single.reset(seed=9)[0], many.reset(seed=9)[0][0]
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert np.array_equal(a, b)
        action = int(rng.integers(7))
        a, reward, terminated, truncated, _ = single.step(action)
        rows, rewards, terminations, truncations, _ = many.step(np.array([action]))
        b = rows[0]
        assert (reward, terminated, truncated) == (rewards[0], terminations[0], truncations[0])


def test_returned_arrays_survive_the_next_step(market):
    env = TradingVectorEnv(4, market)
    obs, _ = env.reset(seed=1)
    kept = obs.copy()
    env.step(np.full(4, 2))
    assert np.array_equal(obs, kept)


def test_observations_stay_in_their_space_for_a_long_time(market):
    env = TradingVectorEnv(32, market, rules=LEARN._replace(horizon=30, noise=0.3))
    env.reset(seed=2)
    for _ in range(200):
        obs, rewards, _, _, info = env.step(env.action_space.sample())
        assert env.observation_space.contains(obs)
        assert np.isfinite(rewards).all()
        assert info["mask"][:, 0].all()


def test_without_a_market_there_is_no_environment():
    with pytest.raises(InputError, match="needs a market"):
        gym.make(ENV_ID)


def test_stable_baselines_trains_a_few_steps(market):
    from stable_baselines3 import PPO

    env = TradingEnv(market)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=32, n_epochs=1, seed=0, device="cpu")
    model.learn(128)
    action, _ = model.predict(env.reset(seed=0)[0], deterministic=True)
    assert 0 <= int(action) < 7
