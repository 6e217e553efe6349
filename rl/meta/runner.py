"""An RLlib EnvRunner that steps many worlds and returns columns instead of episodes."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ENCODER_OUT
from ray.rllib.env.env_runner import EnvRunner
from torch import Tensor

from data.market import BoolArray, Float32Array
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.module import MetaModule
from rl.meta.replay import Bars


class WorldsRunner(EnvRunner):
    """Reads from the config: `env_config["make"]`, a function that builds the worlds, and `seed`."""

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.worlds: AllocationVectorEnv = config.env_config["make"]()
        spec = config.get_rl_module_spec(spaces=self.get_spaces(), inference_only=True)
        self.module: MetaModule = spec.build()
        self.random = torch.Generator().manual_seed(config.seed)
        self._meta: MetaConfig = config.env_config["meta"]
        self.whim = self._noise()
        self.observations, _ = self.worlds.reset(seed=config.seed)
        self.done: BoolArray = np.zeros(self.worlds.num_envs, dtype=np.bool_)

    def sample(self, **kwargs: Any) -> Bars:
        """The next `bars` slots of all worlds under the exploring policy."""
        columns: list[tuple[Any, ...]] = []
        for _ in range(int(kwargs["bars"])):
            actions = self._explore()
            observations, rewards, _, truncated, _ = self.worlds.step(actions)
            columns.append((self.observations, actions, rewards.astype(np.float32), ~self.done))
            self.observations, self.done = observations, truncated
        observed, acted, earned, valid = (torch.from_numpy(np.stack(c)) for c in zip(*columns, strict=True))
        return Bars(observed, acted, earned, valid)

    def get_spaces(self) -> dict[str, tuple[gym.Space[Any], gym.Space[Any]]]:
        """The spaces of the only module: those of one world."""
        spaces = self.worlds.single_observation_space, self.worlds.single_action_space
        return {DEFAULT_MODULE_ID: spaces, "__env__": spaces, "__env_single__": spaces}

    def assert_healthy(self) -> None:
        """Built means healthy."""
        assert self.module is not None

    def get_metrics(self) -> dict[str, Any]:
        """Nothing: the validation rows are the judge."""
        return self.metrics.reduce()

    def get_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The actor's weights."""
        return {COMPONENT_RL_MODULE: self.module.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take the Learner's weights."""
        if COMPONENT_RL_MODULE in state:
            found = state[COMPONENT_RL_MODULE]
            self.module.set_state(found.get(DEFAULT_MODULE_ID, found))

    def _explore(self) -> Float32Array:
        """Actions (W, N + 1) of the policy's squashed Gaussian, whose wishes are moved by a slow whim.

        A new whim each slot would teach what trading costs, not what holding a tilt is worth: it persists. SAC learns
        off policy, so that its own distribution may stay narrow.
        """
        memory = self._meta.whim_memory
        self.whim = memory * self.whim + (1.0 - memory**2) ** 0.5 * self._noise()
        with torch.no_grad():
            code = self._code()
            mean, freedom, log_std = self.module.pi.parts(code)
            mean = mean + freedom * self._meta.whim * self.whim
            return torch.tanh(mean + log_std.exp() * self._noise()).numpy()

    def _code(self) -> Tensor:
        encoder: Any = self.module.pi_encoder
        return encoder({Columns.OBS: torch.from_numpy(self.observations)})[ENCODER_OUT]

    def _noise(self) -> Tensor:
        space: Any = self.worlds.single_action_space
        shape = self.worlds.num_envs, space.shape[0]
        return torch.empty(shape).normal_(generator=self.random)
