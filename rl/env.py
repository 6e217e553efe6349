"""Gymnasium environments over the row kernel: many rows at once, and one.

Ids carry the version of the observation: a changed observation is a new id. `bullpen/Trading-v1` (obs-v1) and `-v2`
(obs-v2) make both kinds (`gymnasium.make` and `make_vec`, with `market=` and the other arguments below).
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS
from rl.faces.spaces import action_space, checked_actions, checked_market, observation_space
from rl.kernel import NEXT_STEP, SAME_STEP, Rules, Starts
from rl.market import RowMarket, starts_in
from rl.modules.config import ActionsName
from rl.reward import RewardConfig
from rl.rows import Rows

ENV_IDS = {"obs-v1": "bullpen/Trading-v1", "obs-v2": "bullpen/Trading-v2"}
"""By observation."""
ENV_ID = ENV_IDS["obs-v1"]
LEARN = Rules(
    horizon=128, cost_low=0.5, cost_high=2.0, generic=0.25, random_position=0.5, noise=0.05, blind=0.25, seed=0
)
"""How training episodes are drawn unless told otherwise."""
Info = dict[str, Any]


class TradingVectorEnv(VectorEnv[Float32Array, IntArray, Any]):
    """N rows, each one symbol in one episode of random start.

    `market` is required and shown as it was made; where `observation` is given (the ids do) it must be made for that.
    `starts` says where episodes may begin (everywhere unless given); `actions` is "seven" or "hybrid".
    `rules.autoreset` says how a row begins anew, in gymnasium's words: NEXT_STEP, or SAME_STEP with what it saw last in
    `infos["final_obs"]`. `infos["mask"]` is (N, 7) bool: the actions that are allowed. Others are carried out as HOLD.
    """

    def __init__(
        self,
        num_envs: int = 1,
        market: RowMarket | None = None,
        starts: Starts | None = None,
        rules: Rules = LEARN,
        reward: RewardConfig | None = None,
        actions: ActionsName = "seven",
        observation: str | None = None,
    ) -> None:
        market = checked_market(market, observation)
        self.num_envs = num_envs
        same = rules.autoreset == SAME_STEP
        mode = AutoresetMode.SAME_STEP if same else AutoresetMode.NEXT_STEP
        self.metadata = {"render_modes": [], "autoreset_mode": mode}
        self.single_observation_space = observation_space(market)
        self.single_action_space = action_space(actions)
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
        return obs.copy(), {"mask": _mask(self.rows)}

    def step(self, actions: IntArray) -> tuple[Float32Array, FloatArray, BoolArray, BoolArray, Info]:
        """Step every row.

        Returns observations at the next slot (N, width); rewards (N,) of rl.reward; terminated (N,) where a sleeve is
        ruined; truncated (N,) where the episode's bars or the data end: its value must be bootstrapped; infos with
        the masks and the net returns (N,), fractions of the sleeve's value.
        """
        rows = self.rows
        obs = rows.step(checked_actions(actions, self.action_space))
        info: Info = {"mask": _mask(rows), "net_return": rows.net.copy()}
        if rows.rules.autoreset == SAME_STEP:
            info |= self._final()
        return obs.copy(), rows.reward.copy(), rows.terminated.copy(), rows.truncated.copy(), info

    def _final(self) -> Info:
        """What rows that ended saw last, as gymnasium tells it: one array each, None for the others."""
        rows = self.rows
        ended = rows.terminated | rows.truncated
        if not ended.any():
            return {}
        final = np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(ended):
            final[row] = rows.final_obs[row].copy()
        last = {"net_return": np.where(ended, rows.net, 0.0), "_net_return": ended}
        return {"final_obs": final, "_final_obs": ended, "final_info": last, "_final_info": ended}


class TradingEnv(gym.Env[Float32Array, Any]):
    """One row of the same kernel, for single-agent libraries. Arguments as in TradingVectorEnv."""

    metadata = {"render_modes": []}  # noqa: RUF012 (gymnasium declares it so)

    def __init__(
        self,
        market: RowMarket | None = None,
        starts: Starts | None = None,
        rules: Rules = LEARN,
        reward: RewardConfig | None = None,
        actions: ActionsName = "seven",
        observation: str | None = None,
    ) -> None:
        market = checked_market(market, observation)
        self.observation_space = observation_space(market)
        self.action_space = action_space(actions)
        # The caller resets a single environment: it must find the last observation, not the next episode's first.
        rules = rules._replace(autoreset=NEXT_STEP)
        self.rows = Rows(market, starts or _everywhere(market), rules, reward or RewardConfig(), 1)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Float32Array, Info]:
        """Draw a new episode; `info["mask"]` (7,) bool says which actions are allowed."""
        super().reset(seed=seed, options=options)
        obs = self.rows.begin(int(self.np_random.integers(1 << 62)))
        return obs[0].copy(), {"mask": _mask(self.rows)[0]}

    def step(self, action: int | IntArray) -> tuple[Float32Array, float, bool, bool, Info]:
        """One slot; the five returns are those of TradingVectorEnv for its only row."""
        rows = self.rows
        obs = rows.step(checked_actions(action, self.action_space)[None])
        info = {"mask": _mask(rows)[0], "net_return": float(rows.net[0])}
        return obs[0].copy(), float(rows.reward[0]), bool(rows.terminated[0]), bool(rows.truncated[0]), info


def _mask(rows: Rows) -> BoolArray:
    first = rows.layout.mask
    return rows.obs[:, first : first + N_ACTIONS] > 0.5


def _everywhere(market: RowMarket) -> Starts:
    return starts_in(market, np.ones(market.slots, dtype=np.bool_))


for _observation, _id in ENV_IDS.items():
    gym.register(
        _id,
        entry_point="rl.env:TradingEnv",
        vector_entry_point="rl.env:TradingVectorEnv",
        kwargs={"observation": _observation},
    )
