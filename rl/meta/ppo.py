"""PPO as an alternative to SAC: the symbol agents' columnar PPO, on the allocation worlds and with normal wishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.env_runner import EnvRunner
from torch import Tensor

from data.market import BoolArray, Float32Array, FloatArray
from rl.algorithms.columnar import ColumnarEnvRunner, Rollout, SamplerState
from rl.algorithms.config import learner_options, training
from rl.algorithms.fast_ppo import FastPPO
from rl.algorithms.learner import ColumnarLearner
from rl.algorithms.resources import Resources
from rl.meta import gaussian
from rl.meta.checkpoint import world_arrays
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.module import export_actor
from rl.meta.ppo_module import AllocationPPOModule
from rl.training.preset import PPOPreset


class WishLearner(ColumnarLearner):
    """The columnar Learner for normal wishes."""

    def law(self, inputs: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Log densities (N,) of wishes and entropies (N,)."""
        return gaussian.log_prob(inputs, actions), gaussian.entropy(inputs)


class WishRunner(ColumnarEnvRunner):
    """The columnar sampler for allocation worlds. Reads `env_config["make"]`, a function that builds them, and what
    ColumnarEnvRunner reads but "parts".
    """

    def __init__(self, *, config: Any, **kwargs: Any) -> None:
        EnvRunner.__init__(self, config=config, **kwargs)
        self._steps = int(config.rollout_fragment_length)
        self.env: AllocationVectorEnv = config.env_config["make"]()  # pyright: ignore[reportIncompatibleVariableOverride]
        self._rows = self.env.num_envs
        self.module: AllocationPPOModule = config.get_rl_module_spec(spaces=self.get_spaces()).build()  # pyright: ignore[reportIncompatibleVariableOverride]
        self._random = torch.Generator().manual_seed(int(config.seed))
        first = self.env.reset(seed=int(config.seed))[0]
        self._obs: Float32Array = np.zeros((self._steps + 1, *first.shape), dtype=np.float32)
        self._obs[-1] = first
        self._done: BoolArray = np.zeros(self._rows, dtype=np.bool_)
        self._discounts = (float(config.gamma), float(config.lambda_))

    def rollout(self) -> Rollout:
        """Step every world T times; actions are wishes before squashing."""
        shape, acts = (self._steps, self._rows), int(np.prod(self.env.single_action_space.shape or ()))
        actions, inputs = torch.empty((*shape, acts)), torch.empty((*shape, 2 * acts))
        values = torch.empty((self._steps + 1, self._rows))
        rewards: FloatArray = np.empty(shape)
        truncated: BoolArray = np.empty(shape, dtype=np.bool_)
        self._obs[0] = self._obs[-1]
        with torch.inference_mode():
            for t in range(self._steps):
                inputs[t], values[t] = self.module.outputs(torch.from_numpy(self._obs[t]))
                actions[t] = gaussian.draw(inputs[t], self._random)
                self._obs[t + 1], rewards[t], _, truncated[t], _ = self.env.step(actions[t].tanh().numpy())
            values[-1] = self.module.outputs(torch.from_numpy(self._obs[-1]))[1]
        done_before, self._done = self._done, truncated[-1].copy()
        return Rollout(self._obs, actions, inputs, values, rewards, np.zeros_like(truncated), truncated, done_before)

    def log_prob(self, inputs: Tensor, actions: Tensor) -> Tensor:
        """Log densities (B,) of wishes."""
        return gaussian.log_prob(inputs, actions)

    def sampler_state(self) -> SamplerState:
        """Copies of the worlds' arrays, where the generators stand, and the last observation."""
        return {
            "worlds": {name: value.copy() for name, value in world_arrays(self.env).items()},
            "draws": self.env.worlds.rng.bit_generator.state,
            "random": self._random.get_state().numpy(),
            "obs": self._obs[-1].copy(),
            "done": self._done.copy(),
        }

    def set_sampler_state(self, state: SamplerState) -> None:
        """Go on where `sampler_state` was taken, bit for bit."""
        for name, value in world_arrays(self.env).items():
            np.copyto(value, state["worlds"][name])
        self.env.worlds.rng.bit_generator.state = state["draws"]
        self._random.set_state(torch.tensor(state["random"]))
        self._obs[-1], self._done = state["obs"], np.array(state["done"])


class MetaPPO(FastPPO):
    """FastPPO on allocation worlds. `env_config["meta"]` is the MetaConfig."""

    @property
    def updates_done(self) -> int:
        """Gradient steps so far."""
        return self.iteration * self._meta().steps_per_iteration

    def actor_tensors(self) -> dict[str, Float32Array]:
        """The actor as of the last iteration, as `rl.meta.actor` reads it, at full reach."""
        module: Any = self.symbol_module()
        return export_actor(module, self._meta().kappa)

    def _meta(self) -> MetaConfig:
        return self._parts()[0].env_config["meta"]


def meta_ppo(meta: MetaConfig, make: Callable[[], AllocationVectorEnv], seed: int) -> MetaPPO:
    """Build the algorithm in this process. Ray must run."""
    env, ppo = make(), _preset(meta)
    model = {
        "symbols": meta.symbols_per_world, "shared": env.shared_width, "hidden": meta.hidden, "mixed": meta.mixed,
        "critic_hidden": meta.critic_hidden, "kappa": meta.kappa, "deviation": meta.ppo.deviation,
    }  # fmt: skip
    config: Any = (
        PPOConfig(algo_class=MetaPPO)
        .environment(
            observation_space=env.single_observation_space,
            action_space=env.single_action_space,
            env_config={"make": make, "meta": meta},
        )
        .env_runners(env_runner_cls=WishRunner, num_env_runners=0, rollout_fragment_length=ppo.steps)
        .learners(
            learner_class=WishLearner,
            learner_config_dict=learner_options(ppo, Resources()),
            num_learners=0,
            num_gpus_per_learner=0,
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=AllocationPPOModule, model_config=model))
        .training(**training(ppo, Resources()))
        .debugging(seed=seed, log_level="ERROR")
    )
    config._dont_auto_sync_env_runner_states = True
    return config.build_algo()


def _preset(meta: MetaConfig) -> PPOPreset:
    """The same settings under the names of the symbol agents' PPO."""
    batch = meta.worlds * meta.bars_per_iteration
    return PPOPreset(
        samples=max(batch, batch * meta.updates // meta.steps_per_iteration),
        rows=max(meta.worlds, 2),
        steps=meta.bars_per_iteration,
        minibatches=meta.minibatches,
        epochs=meta.ppo.epochs,
        gamma=meta.gamma,
        lam=meta.ppo.lam,
        learning_rate=meta.ppo.learning_rate,
        final_rate=meta.final_rate,
        clip=meta.ppo.clip,
        entropy=meta.ppo.entropy,
        gradient_norm=meta.ppo.gradient_norm,
        weight_decay=0.0,
        offset_decay=0.0,
        threads=meta.threads,
    )
