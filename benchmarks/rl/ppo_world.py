"""The market, the network and the hyper-parameters that every benchmark of PPO shares."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.tune.registry import register_env

from rl.algorithms.fast_ppo import FastPPO, fast_ppo
from rl.algorithms.resources import Resources
from rl.algorithms.shared import EnvParts
from rl.market import starts_in
from rl.modules.config import ModuleConfig
from rl.modules.symbol_module import SymbolModule
from rl.reward import RewardConfig
from rl.training.preset import EpisodePreset, PPOPreset
from rl.worlds.planted import Process, planted

WORLDS, BARS = 16, 2000
ENV = "bullpen-rows"


def preset(**changes: Any) -> PPOPreset:
    """512 rows, batches of 32,768, 128 x 128, two epochs; `changes` on top."""
    values: dict[str, Any] = {
        "samples": 10**9, "rows": 512, "steps": 64, "minibatches": 8, "epochs": 2, "hidden": (128, 128),
    }  # fmt: skip
    return PPOPreset(**(values | changes))


def parts(seed: int = 0) -> EnvParts:
    """Sixteen planted worlds as symbols, each with a head of its own."""
    market = planted(Process(), WORLDS, BARS, seed)
    starts = starts_in(market, np.ones(market.slots, dtype=np.bool_))
    return EnvParts(market, starts, EpisodePreset().rules(), RewardConfig())


def network(ppo: PPOPreset) -> dict[str, Any]:
    """model_config of the network that all of them train."""
    return ModuleConfig(hidden=ppo.hidden).to_dict(1 + WORLDS)


def fast(given: EnvParts, ppo: PPOPreset, seed: int = 0, resources: Resources | None = None) -> FastPPO:
    """The columnar PPO."""
    return fast_ppo(given.market, given.starts, given.rules, given.reward, ppo, seed, resources=resources)


def stock(given: EnvParts, ppo: PPOPreset, minibatch: int, seed: int = 0) -> PPO:
    """RLlib's own PPO on the same rows as one vector environment, with its Adam, in this process."""

    def create(context: Any) -> Any:
        return given.env(int(context.get("num_envs", 1)))

    register_env(ENV, create)
    spaces = given.env(1)
    config: Any = (
        PPOConfig()
        .environment(
            ENV, observation_space=spaces.single_observation_space, action_space=spaces.single_action_space,
            disable_env_checking=True,
        )
        .env_runners(
            num_env_runners=0, num_envs_per_env_runner=ppo.rows, rollout_fragment_length=ppo.steps,
            gym_env_vectorize_mode=gym.VectorizeMode.VECTOR_ENTRY_POINT,
        )
        .learners(num_learners=0)
        .training(
            gamma=ppo.gamma, lambda_=ppo.lam, lr=ppo.learning_rate, num_epochs=ppo.epochs, minibatch_size=minibatch,
            train_batch_size_per_learner=ppo.rows * ppo.steps, clip_param=ppo.clip, entropy_coeff=ppo.entropy,
            vf_loss_coeff=ppo.value_loss, vf_clip_param=float("inf"), grad_clip=ppo.gradient_norm,
            grad_clip_by="global_norm", use_kl_loss=False,
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=SymbolModule, model_config=network(ppo)))
        .debugging(seed=seed, log_level="ERROR")
    )  # fmt: skip
    return config.build_algo()
