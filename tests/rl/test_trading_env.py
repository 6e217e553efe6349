"""The gymnasium environments over the kernel, as other libraries meet them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from data.errors import InputError
from rl.env import ENV_ID, LEARN, TradingEnv, TradingVectorEnv
from rl.market import row_market
from rl.observation import MASK
from tests.rl.histories import history


@pytest.fixture(scope="module")
def market():
    return row_market(history(300, 4))


@pytest.mark.filterwarnings("error")
def test_gymnasiums_checker_passes(market):
    check_env(gym.make(ENV_ID, market=market).unwrapped)


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
