"""An EnvRunner that samples columns: (T, N) arrays straight from the row kernel, no episode objects.

One call gathers T steps of N rows, computes advantages, drops the resets and shuffles; the result goes to the Learners
as it is.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.utils.checkpoints import Checkpointable
from torch import Tensor

from data.market import BoolArray, Float32Array, FloatArray
from rl.actions import N_ACTIONS
from rl.algorithms.gae import advantages
from rl.env import TradingVectorEnv, action_space
from rl.modules.symbol_module import SymbolModule
from rl.observation import OBS_WIDTH

SamplerState = dict[str, Any]


class ColumnarEnvRunner(EnvRunner, Checkpointable):
    """Reads from the config: `env_config` (arguments of TradingVectorEnv), `num_envs_per_env_runner` (N),
    `rollout_fragment_length` (T), `gamma`, `lambda_`, `seed`.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.env = TradingVectorEnv(config.num_envs_per_env_runner, **config.env_config)
        self.module: SymbolModule = config.get_rl_module_spec(env=None, spaces=self.get_spaces()).build()
        self._steps, self._rows = int(config.rollout_fragment_length), int(config.num_envs_per_env_runner)
        self._random = torch.Generator().manual_seed(self._seed or 0)
        self._obs: Float32Array = np.zeros((self._steps + 1, self._rows, OBS_WIDTH), dtype=np.float32)
        self._obs[-1] = self.env.reset(seed=self._seed)[0]
        self._done: BoolArray = np.zeros(self._rows, dtype=np.bool_)
        self._discounts = (float(config.gamma), float(config.lambda_))

    def sample(self, **kwargs: Any) -> dict[str, Tensor]:
        """T x N transitions less the resets, as flat shuffled tensors under RLlib's column names."""
        shape = (self._steps, self._rows)
        actions = torch.empty(shape, dtype=torch.int64)
        logits = torch.empty((*shape, N_ACTIONS))
        values = torch.empty((self._steps + 1, self._rows))
        noise = torch.empty((*shape, N_ACTIONS)).exponential_(generator=self._random).log_()
        rewards: FloatArray = np.empty(shape)
        ended: BoolArray = np.empty((2, *shape), dtype=np.bool_)
        self._obs[0] = self._obs[-1]
        env_rows = self.env.rows
        with torch.no_grad():
            for t in range(self._steps):
                logits[t], values[t] = self.module.outputs(torch.from_numpy(self._obs[t]))
                torch.argmax(logits[t] - noise[t], dim=-1, out=actions[t])
                self._obs[t + 1] = env_rows.step(actions[t].numpy())
                rewards[t], ended[0, t], ended[1, t] = env_rows.reward, env_rows.terminated, env_rows.truncated
            values[-1] = self.module.outputs(torch.from_numpy(self._obs[-1]))[1]
        return self._columns(actions, logits, values, rewards, ended)

    def _columns(
        self, actions: Tensor, logits: Tensor, values: Tensor, rewards: FloatArray, ended: BoolArray
    ) -> dict[str, Tensor]:
        gain, real = advantages(rewards, values.double().numpy(), ended[0], ended[1], self._done, *self._discounts)
        self._done = ended[0, -1] | ended[1, -1]
        chosen = torch.from_numpy(np.flatnonzero(real))
        chosen = chosen[torch.randperm(len(chosen), generator=self._random)]
        advantage = torch.from_numpy(gain).float().view(-1)[chosen]
        value, logit = values[:-1].reshape(-1)[chosen], logits.view(-1, N_ACTIONS)[chosen]
        action = actions.view(-1)[chosen]
        return {
            Columns.OBS: torch.from_numpy(self._obs[:-1].reshape(-1, OBS_WIDTH))[chosen],
            Columns.ACTIONS: action,
            Columns.ACTION_DIST_INPUTS: logit,
            Columns.ACTION_LOGP: torch.log_softmax(logit, -1).gather(1, action[:, None])[:, 0],
            Columns.VF_PREDS: value,
            Postprocessing.VALUE_TARGETS: advantage + value,
            Postprocessing.ADVANTAGES: (advantage - advantage.mean()) / (advantage.std() + 1e-8),
        }

    def get_spaces(self) -> dict[str, tuple[gym.Space[Any], gym.Space[Any]]]:
        """Spaces of the only module."""
        spaces = (self.env.single_observation_space, action_space())
        return {DEFAULT_MODULE_ID: spaces, "__env__": spaces, "__env_single__": spaces}

    def assert_healthy(self) -> None:
        """Built means healthy."""
        assert self.module is not None

    def get_metrics(self) -> dict[str, Any]:
        """Nothing beyond what the training loop measures itself."""
        return self.metrics.reduce()

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> SamplerState:
        """The module's weights and the sampler's random state."""
        return {COMPONENT_RL_MODULE: self.module.get_state(), "random": self._random.get_state()}

    def set_state(self, state: SamplerState) -> None:
        """Take the Learner's weights (and the random state, when restored from a checkpoint)."""
        if COMPONENT_RL_MODULE in state:
            found = state[COMPONENT_RL_MODULE]
            self.module.set_state(found.get(DEFAULT_MODULE_ID, found))
        if "random" in state:
            self._random.set_state(torch.as_tensor(state["random"]))

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """For RLlib's checkpoints."""
        return (), {"config": self.config}

    def stop(self) -> None:
        """Nothing to release."""
