"""An EnvRunner that samples columns: (T, N) arrays straight from the row kernel, no episode objects.

One call gathers T steps of N rows, computes advantages, drops the resets and shuffles; the result goes to the Learners
as it is. It runs in the process of the algorithm or as one of many Ray actors, each with draws of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import ray
import torch
from ray.rllib.core import COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.utils.checkpoints import Checkpointable
from torch import Tensor

from data.market import BoolArray, Float32Array, FloatArray
from rl.algorithms.categorical import draw, log_policy, log_prob, parts_of
from rl.algorithms.gae import advantages
from rl.algorithms.shared import parts_in
from rl.kernel import Rules, Starts
from rl.modules.symbol_module import SymbolModule

Array = np.ndarray[Any, np.dtype[Any]]
ColumnArrays = dict[str, Array]
SamplerState = dict[str, Any]


class Rollout(NamedTuple):
    """T steps of N rows as they happened, resets included; A logits of actions with P parts."""

    obs: Float32Array
    """(T + 1, N, width): the last is the observation after the last step; valid until the next rollout."""
    actions: Tensor
    """(T, N) int64, or (T, N, P)."""
    logits: Tensor
    """(T, N, A)"""
    values: Tensor
    """(T + 1, N)"""
    rewards: FloatArray
    """(T, N)"""
    terminated: BoolArray
    """(T, N)"""
    truncated: BoolArray
    """(T, N)"""
    done_before: BoolArray
    """(N,): whether the step before the first ended an episode, so that the first is a reset."""


class ColumnarEnvRunner(EnvRunner, Checkpointable):
    """Reads from the config: `env_config["parts"]` (rl.algorithms.shared), `num_envs_per_env_runner` (N),
    `rollout_fragment_length` (T), `gamma`, `lambda_`, `seed`. Its draws are a function of the seed and its index.
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        parts = parts_in(config.env_config)
        self._steps, self._rows = int(config.rollout_fragment_length), int(config.num_envs_per_env_runner)
        self.env = parts.env(self._rows)
        self.module: SymbolModule = config.get_rl_module_spec(env=None, spaces=self.get_spaces()).build()
        self._parts = parts_of(self.env.single_action_space)
        seeds = np.random.SeedSequence((int(config.seed or 0), int(self.worker_index or 0))).generate_state(2)
        self._random = torch.Generator().manual_seed(int(seeds[0]))
        first = self.env.reset(seed=int(seeds[1]))[0]
        self._obs: Float32Array = np.zeros((self._steps + 1, *first.shape), dtype=np.float32)
        self._obs[-1] = first
        self._done: BoolArray = np.zeros(self._rows, dtype=np.bool_)
        self._discounts = (float(config.gamma), float(config.lambda_))

    def sample(self, weights: dict[str, Any] | None = None, **kwargs: Any) -> tuple[ColumnArrays, SamplerState]:
        """T x N transitions less the resets, shuffled, as flat arrays under RLlib's column names; and where it stopped.

        `weights`: the module's state to sample with, the present one unless given. Advantages are not standardised.
        """
        if weights is not None:
            self.module.set_state(weights)
        columns = self.columns(self.rollout())
        return columns, self.sampler_state()

    def lesson(self, starts: Starts, rules: Rules) -> None:
        """Draw the episodes to come from these starts, by these rules; those under way are ended as they were begun."""
        rows = self.env.rows
        rows.starts, rows.rules = starts, rules._replace(seed=rows.rules.seed, autoreset=rows.rules.autoreset)

    def rollout(self) -> Rollout:
        """Step every row T times."""
        shape = (self._steps, self._rows)
        actions = torch.empty((*shape, len(self._parts)) if len(self._parts) > 1 else shape, dtype=torch.int64)
        logits = torch.empty((*shape, sum(self._parts)))
        values = torch.empty((self._steps + 1, self._rows))
        noise = torch.empty(logits.shape).exponential_(generator=self._random).log_()
        rewards: FloatArray = np.empty(shape)
        ended: BoolArray = np.empty((2, *shape), dtype=np.bool_)
        self._obs[0] = self._obs[-1]
        rows, steps = self.env.rows, actions.numpy()
        with torch.inference_mode():
            for t in range(self._steps):
                logits[t], values[t] = self.module.outputs(torch.from_numpy(self._obs[t]))
                draw(logits[t], noise[t], self._parts, actions[t])
                self._obs[t + 1] = rows.step(steps[t])
                rewards[t], ended[0, t], ended[1, t] = rows.reward, rows.terminated, rows.truncated
            values[-1] = self.module.outputs(torch.from_numpy(self._obs[-1]))[1]
        done_before, self._done = self._done, ended[0, -1] | ended[1, -1]
        return Rollout(self._obs, actions, logits, values, rewards, ended[0], ended[1], done_before)

    def columns(self, rollout: Rollout, shuffle: bool = True) -> ColumnArrays:
        """A rollout less its resets, in random order or, without `shuffle`, step by step: what PPO's loss reads."""
        r = rollout
        gain, real = advantages(
            r.rewards, r.values.double().numpy(), r.terminated, r.truncated, r.done_before, *self._discounts
        )
        chosen = torch.from_numpy(np.flatnonzero(real))
        if shuffle:
            chosen = chosen[torch.randperm(len(chosen), generator=self._random)]
        advantage = torch.from_numpy(gain).float().view(-1)[chosen]
        value, logit = r.values[:-1].reshape(-1)[chosen], r.logits.flatten(0, 1)[chosen]
        action = r.actions.flatten(0, 1)[chosen]
        found = {
            Columns.OBS: torch.from_numpy(r.obs[:-1].reshape(-1, r.obs.shape[2]))[chosen],
            Columns.ACTIONS: action,
            Columns.ACTION_DIST_INPUTS: logit,
            Columns.ACTION_LOGP: self.log_prob(logit, action),
            Columns.VF_PREDS: value,
            Postprocessing.VALUE_TARGETS: advantage + value,
            Postprocessing.ADVANTAGES: advantage,
        }
        return {name: column.numpy() for name, column in found.items()}

    def log_prob(self, inputs: Tensor, actions: Tensor) -> Tensor:
        """Log-probabilities (B,) of actions under the module's outputs (B, A)."""
        return log_prob(log_policy(inputs, self._parts), actions)

    def sampler_state(self) -> SamplerState:
        """Everything that decides what is sampled next but the weights: copies of the rows' state, and the generator's.

        Its size is that of one step of the rows.
        """
        return {
            "rows": self.env.rows.snapshot(),
            "random": self._random.get_state().numpy(),
            "done": self._done.copy(),
        }

    def set_sampler_state(self, state: SamplerState) -> None:
        """Go on where `sampler_state` was taken, bit for bit."""
        rows = self.env.rows
        rows.restore(state["rows"])
        self._random.set_state(torch.tensor(state["random"]))
        self._obs[-1], self._done = rows.obs, np.array(state["done"])

    def get_spaces(self) -> dict[str, tuple[gym.Space[Any], gym.Space[Any]]]:
        """Spaces of the only module."""
        spaces = (self.env.single_observation_space, self.env.single_action_space)
        return {DEFAULT_MODULE_ID: spaces, "__env__": spaces, "__env_single__": spaces}

    def assert_healthy(self) -> None:
        """Built means healthy."""
        assert self.module is not None

    def get_metrics(self) -> dict[str, Any]:
        """Nothing beyond what the training loop measures itself."""
        return self.metrics.reduce()

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> SamplerState:
        """The module's weights; the rest is the algorithm's to keep (FastPPO.get_state)."""
        return {COMPONENT_RL_MODULE: self.module.get_state()}

    def set_state(self, state: SamplerState) -> None:
        """Take the Learner's weights, as they are or by reference."""
        if COMPONENT_RL_MODULE in state:
            found = state[COMPONENT_RL_MODULE]
            found = ray.get(found) if isinstance(found, ray.ObjectRef) else found
            self.module.set_state(found.get(DEFAULT_MODULE_ID, found))

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """For RLlib's checkpoints."""
        return (), {"config": self.config}

    def stop(self) -> None:
        """Nothing to release."""
