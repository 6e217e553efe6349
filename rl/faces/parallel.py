"""The symbols of one market as agents of a PettingZoo ParallelEnv. Needs the extra `multiagent`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from data.errors import BadConfig
from data.market import BoolArray, Float32Array
from rl.faces.aligned import AlignedRows
from rl.kernel import Rules
from rl.market import RowMarket
from rl.modules.config import ActionsName
from rl.reward import RewardConfig
from rl.rows import PLAIN

try:
    from pettingzoo.utils.env import ParallelEnv
except ImportError as error:
    raise BadConfig("PettingZoo is not installed", "pip install 'bullpen[multiagent]'") from error

Info = dict[str, Any]


class ParallelTradingEnv(ParallelEnv[str, Float32Array, Any]):
    """Agents are symbols. Arguments as in AlignedRows; infos as in Told."""

    metadata: dict[str, Any] = {"name": "bullpen_trading", "render_modes": []}  # noqa: RUF012 (declared so)

    def __init__(
        self, market: RowMarket | None = None, horizon: int = 128, allowed: BoolArray | None = None,
        rules: Rules = PLAIN, reward: RewardConfig | None = None, actions: ActionsName = "seven",
        observation: str | None = None, share: float = 0.0,
    ) -> None:  # fmt: skip
        self.core = AlignedRows(market, horizon, allowed, rules, reward, actions, observation, share)
        self.possible_agents = list(self.core.symbols)
        self.agents: list[str] = []
        self._random = np.random.default_rng()

    def observation_space(self, agent: str) -> gym.Space[Float32Array]:
        """The same for all agents."""
        return self.core.space

    def action_space(self, agent: str) -> gym.Space[Any]:
        """The same for all agents."""
        return self.core.actions

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float32Array], dict[str, Info]]:
        """Draw a new date; every symbol is in."""
        if seed is not None:
            self._random = np.random.default_rng(seed)
        self.core.begin(self._random)
        self.agents = self.core.agents()
        told = self.core.told(self.agents)
        return told.obs, told.infos

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Float32Array], dict[str, float], dict[str, bool], dict[str, bool], dict[str, Info]]:
        """One bar for all. An agent whose sleeve is ruined is terminated; all that are in are truncated at the end."""
        self.core.step(actions)
        told = self.core.told(self.agents)
        self.agents = [] if self.core.over else self.core.agents()
        return told

    def state(self) -> np.ndarray:
        """What all agents see, (S, width)."""
        return self.core.rows.obs.copy()
