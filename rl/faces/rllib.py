"""The symbols of one market as agents of an RLlib MultiAgentEnv, for those who want one policy an agent.

Training of the symbol agents does not take this way: RLlib steps such environments in Python, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.rllib.env.multi_agent_env import MultiAgentEnv
from ray.rllib.utils.typing import MultiAgentDict

from rl.faces.aligned import AlignedRows


class MultiAgentTradingEnv(MultiAgentEnv):
    """Agents are symbols. `config` holds arguments of AlignedRows by name; `infos` as in Told."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.core = AlignedRows(**dict(config))
        self.possible_agents = list[Any](self.core.symbols)
        self.agents = list(self.possible_agents)
        self.observation_spaces = dict.fromkeys(self.possible_agents, self.core.space)
        self.action_spaces = dict.fromkeys(self.possible_agents, self.core.actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[MultiAgentDict, MultiAgentDict]:
        """Draw a new date; every symbol is in."""
        super().reset(seed=seed, options=options)
        self.core.begin(self.np_random)
        self.agents = self.core.agents()
        told = self.core.told(self.agents)
        return told.obs, told.infos

    def step(
        self, action_dict: MultiAgentDict
    ) -> tuple[MultiAgentDict, MultiAgentDict, MultiAgentDict, MultiAgentDict, MultiAgentDict]:
        """One bar for all; `__all__` is terminated when no symbol is in, truncated when the episode's bars are over."""
        self.core.step(action_dict)
        obs, rewards, terminated, truncated, infos = self.core.told(self.agents)
        self.agents = self.core.agents()
        terminated["__all__"] = not self.agents
        truncated["__all__"] = self.core.over and bool(self.agents)
        return obs, rewards, terminated, truncated, infos
