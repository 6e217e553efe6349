"""RLlib's configuration of the columnar PPO and A2C, from a preset."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from rl.algorithms.columnar import ColumnarEnvRunner
from rl.algorithms.learner import ColumnarLearner
from rl.algorithms.resources import Resources
from rl.algorithms.shared import EnvParts, StoredParts
from rl.env import TradingEnv
from rl.training.preset import PPOPreset


def ppo_config(
    algorithm: type[PPO], parts: EnvParts, module: RLModuleSpec, ppo: PPOPreset, seed: int, resources: Resources
) -> PPOConfig:
    """The whole configuration; Ray must run where actors are asked for. BadConfig for rows that cannot be shared out.

    Minibatches are counted, not sized: the resets that are dropped make every batch a little different.
    """
    spaces = parts.env(1)
    remote = resources.num_env_runners > 0 or resources.num_learners > 0
    config = (
        PPOConfig(algo_class=algorithm)
        .environment(
            TradingEnv,
            env_config={"parts": StoredParts(parts) if remote else parts},
            observation_space=spaces.single_observation_space,
            action_space=spaces.single_action_space,
            disable_env_checking=True,
        )
        .training(**training(ppo, resources))
        .rl_module(rl_module_spec=module)
        .debugging(seed=seed, log_level="ERROR")
    )
    return _placed(config, ppo, resources)


def training(ppo: PPOPreset, resources: Resources) -> dict[str, Any]:
    """Hyper-parameters under RLlib's names."""
    plain = ppo.algorithm == "a2c"
    final_entropy = ppo.entropy if ppo.final_entropy is None else ppo.final_entropy
    batch = ppo.rows * ppo.steps
    return {
        "gamma": ppo.gamma,
        "lambda_": ppo.lam,
        "lr": [[0, ppo.learning_rate], [ppo.samples, ppo.learning_rate * ppo.final_rate]],
        "train_batch_size_per_learner": batch // max(resources.num_learners, 1),
        "minibatch_size": None if plain else batch // ppo.minibatches,
        "num_epochs": 1 if plain else ppo.epochs,
        "clip_param": ppo.clip,
        "entropy_coeff": [[0, ppo.entropy], [ppo.samples, final_entropy]],
        "vf_loss_coeff": ppo.value_loss,
        "vf_clip_param": float("inf"),
        "grad_clip": ppo.gradient_norm,
        "grad_clip_by": "global_norm",
        "use_kl_loss": False,
    }


def learner_options(ppo: PPOPreset, resources: Resources) -> dict[str, Any]:
    """What ColumnarLearner and FastPPO read beside RLlib's own settings."""
    return {
        "algorithm": ppo.algorithm,
        "weight_decay": ppo.weight_decay,
        "offset_decay": ppo.offset_decay,
        "minibatches": 1 if ppo.algorithm == "a2c" else ppo.minibatches,
        "kl_stop": ppo.kl_stop,
        "mixed_precision": ppo.mixed_precision,
        "restore_s": resources.restore_s,
    }


def _placed(config: Any, ppo: PPOPreset, resources: Resources) -> PPOConfig:
    """Runners and Learners, and what happens when a runner dies: it is started anew and goes on where it was.

    RLlib would merge the states of its connectors after every step; columns have none.
    """
    config._dont_auto_sync_env_runner_states = True
    return (
        config.env_runners(
            num_env_runners=resources.num_env_runners,
            num_cpus_per_env_runner=resources.num_cpus_per_env_runner,
            env_runner_cls=ColumnarEnvRunner,
            num_envs_per_env_runner=resources.rows_each(ppo.rows),
            rollout_fragment_length=ppo.steps,
        )
        .learners(
            learner_class=ColumnarLearner,
            learner_config_dict=learner_options(ppo, resources),
            num_learners=resources.num_learners,
            num_cpus_per_learner=resources.num_cpus_per_learner,
            num_gpus_per_learner=resources.num_gpus_per_learner,
        )
        .fault_tolerance(restart_failed_env_runners=True, env_runner_health_probe_timeout_s=resources.restore_s)
    )
