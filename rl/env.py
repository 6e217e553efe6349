"""Gymnasium environments over the row kernel: many rows at once, and one.

Ids carry the version of observation and reward: a change of either is a new id. `bullpen/Trading-v1` makes both
(`gymnasium.make` and `make_vec`, with `market=` and the other arguments below).
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from data.errors import InputError
from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS
from rl.kernel import Rules, Starts
from rl.market import RowMarket, starts_in
from rl.observation import HEAD, MASK, OBS_WIDTH
from rl.reward import RewardConfig
from rl.rows import Rows

ENV_ID = "bullpen/Trading-v1"
LEARN = Rules(
    horizon=128, cost_low=0.5, cost_high=2.0, generic=0.25, random_position=0.5, noise=0.05, blind=0.25, seed=0
)
"""How training episodes are drawn unless told otherwise."""
Info = dict[str, Any]


def observation_space(heads: int) -> gym.spaces.Box:
    """64 columns; features are clipped to 3 before noise, the last column is a head in [0, heads)."""
    high = np.full(OBS_WIDTH, 8.0, dtype=np.float32)
    low = -high
    low[HEAD], high[HEAD] = 0.0, heads
    return gym.spaces.Box(low, high, dtype=np.float32)


def action_space() -> gym.spaces.Discrete[Any]:
    """The seven actions."""
    return gym.spaces.Discrete(N_ACTIONS)


class TradingVectorEnv(VectorEnv[Float32Array, IntArray, Any]):
    """N rows, each one symbol in one episode of random start; NEXT_STEP autoreset.

    `market` is required; `starts` says where episodes may begin (everywhere unless given). `infos["mask"]` is (N, 7)
    bool: the actions that are allowed. Others are carried out as HOLD.
    """

    def __init__(
        self,
        num_envs: int = 1,
        market: RowMarket | None = None,
        starts: Starts | None = None,
        rules: Rules = LEARN,
        reward: RewardConfig | None = None,
    ) -> None:
        market = _given(market)
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_observation_space = observation_space(1 + len(market.symbols))
        self.single_action_space = action_space()
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, num_envs)
        self.rows = Rows(market, starts or _everywhere(market), rules, reward or RewardConfig(), num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: Info | None = None
    ) -> tuple[Float32Array, Info]:
        """Draw an episode for every row. One seed decides them all; of a list the first counts."""
        first = seed[0] if isinstance(seed, list) else seed
        super().reset(seed=first, options=options)
        obs = self.rows.begin(int(self.np_random.integers(1 << 62)))
        return obs.copy(), {"mask": _mask(obs)}

    def step(self, actions: IntArray) -> tuple[Float32Array, FloatArray, BoolArray, BoolArray, Info]:
        """Step every row.

        Returns observations at the next slot (N, 64); rewards (N,) of rl.reward; terminated (N,) where a sleeve is
        ruined; truncated (N,) where the episode's bars or the data end: its value must be bootstrapped; infos with
        the masks and the net returns (N,), fractions of the sleeve's value.
        """
        rows = self.rows
        obs = rows.step(np.asarray(actions, dtype=np.int64))
        info = {"mask": _mask(obs), "net_return": rows.net.copy()}
        return obs.copy(), rows.reward.copy(), rows.terminated.copy(), rows.truncated.copy(), info


class TradingEnv(gym.Env[Float32Array, int]):
    """One row of the same kernel, for single-agent libraries. Arguments as in TradingVectorEnv."""

    metadata = {"render_modes": []}  # noqa: RUF012 (gymnasium declares it so)

    def __init__(
        self,
        market: RowMarket | None = None,
        starts: Starts | None = None,
        rules: Rules = LEARN,
        reward: RewardConfig | None = None,
    ) -> None:
        market = _given(market)
        self.observation_space = observation_space(1 + len(market.symbols))
        self.action_space = action_space()
        self.rows = Rows(market, starts or _everywhere(market), rules, reward or RewardConfig(), 1)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Float32Array, Info]:
        """Draw a new episode; `info["mask"]` (7,) bool says which actions are allowed."""
        super().reset(seed=seed, options=options)
        obs = self.rows.begin(int(self.np_random.integers(1 << 62)))
        return obs[0].copy(), {"mask": _mask(obs)[0]}

    def step(self, action: int) -> tuple[Float32Array, float, bool, bool, Info]:
        """One slot; the five returns are those of TradingVectorEnv for its only row."""
        rows = self.rows
        obs = rows.step(np.array([action], dtype=np.int64))
        info = {"mask": _mask(obs)[0], "net_return": float(rows.net[0])}
        return obs[0].copy(), float(rows.reward[0]), bool(rows.terminated[0]), bool(rows.truncated[0]), info


def _mask(obs: Float32Array) -> BoolArray:
    return obs[:, MASK] > 0.5


def _given(market: RowMarket | None) -> RowMarket:
    if market is None:
        raise InputError(f"{ENV_ID} needs a market", "pass market=rl.market.row_market(history)")
    return market


def _everywhere(market: RowMarket) -> Starts:
    return starts_in(market, np.ones(market.slots, dtype=np.bool_))


gym.register(ENV_ID, entry_point="rl.env:TradingEnv", vector_entry_point="rl.env:TradingVectorEnv")
