"""PPO on columns: RLlib's Algorithm, Learner and loss, fed with (T, N) arrays instead of episodes."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME
from torch import Tensor

from data.errors import BadConfig
from rl.algorithms.columnar import ColumnarEnvRunner
from rl.env import TradingEnv, TradingVectorEnv
from rl.kernel import Rules, Starts
from rl.market import RowMarket
from rl.modules.symbol_module import SymbolModule
from rl.reward import RewardConfig
from rl.training.preset import PPOPreset


class DecayLearner(PPOTorchLearner):
    """PPO's Learner with decoupled weight decay, stronger on the symbols' own offsets than on what they share."""

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """One AdamW; the decays come from the config's `learner_config_dict`."""
        module: Any = self.module[module_id]
        named = list(module.named_parameters())
        own = [p for name, p in named if "offset" in name]
        shared = [p for name, p in named if "offset" not in name]
        decay: dict[str, float] = self.config.learner_config_dict
        optimizer = torch.optim.AdamW(
            [
                {"params": shared, "weight_decay": decay["weight_decay"]},
                {"params": own, "weight_decay": decay["offset_decay"]},
            ]
        )
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=[*shared, *own], lr_or_lr_schedule=self.config.lr
        )


class FastPPO(PPO):
    """PPO whose training step is one columnar sample, one update, one weight sync."""

    samples = 0
    """Real transitions trained on so far."""

    def _setup_logdir(self) -> None:
        """Ray would make a folder in the user's home for results that nobody writes."""
        self._folder = tempfile.TemporaryDirectory(prefix="bullpen-")
        self._logdir = self._folder.name

    def cleanup(self) -> None:
        """Stop the parts and remove the folder."""
        super().cleanup()
        self._folder.cleanup()

    def training_step(self) -> None:
        """Raises BadConfig where the loss is no longer a number: nothing of such a run is kept."""
        config, learners, runners = self._parts()
        columns = _gathered(runners)
        count: int = config.learner_config_dict["minibatches"]
        minibatch = next(iter(columns.values())).shape[0] // count
        size = minibatch * count
        batch = SampleBatch({name: values[:size] for name, values in columns.items()})
        self.samples += size
        results = learners.update(
            batch=MultiAgentBatch({DEFAULT_MODULE_ID: batch}, env_steps=size),
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self.samples},
            num_epochs=config.num_epochs,
            minibatch_size=minibatch,
            shuffle_batch_per_epoch=False,
        )
        self.metrics.aggregate(results, key=LEARNER_RESULTS)
        self.metrics.log_value((ENV_RUNNER_RESULTS, "num_env_steps_sampled"), size, reduce="sum")
        if not np.isfinite(float(self.metrics.peek((LEARNER_RESULTS, DEFAULT_MODULE_ID, "total_loss")))):
            raise BadConfig("training diverged: the loss is not a number", "lower the learning rate")
        runners.sync_weights(from_worker_or_learner_group=learners, inference_only=True)

    def _parts(self) -> tuple[Any, Any, Any]:
        """Config, LearnerGroup and EnvRunnerGroup, which RLlib declares optional and always sets."""
        return self.config, self.learner_group, self.env_runner_group

    def symbol_module(self) -> SymbolModule:
        """The module as the sampler has it: in step with the Learner after each training step."""
        return self._parts()[2].local_env_runner.module


def _gathered(runners: Any) -> dict[str, Tensor]:
    """The columns of all EnvRunners, one below the other."""
    local = runners.num_remote_env_runners() == 0
    parts: list[dict[str, Tensor]] = runners.foreach_env_runner(_sample, local_env_runner=local)
    return parts[0] if len(parts) == 1 else {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _sample(runner: Any) -> dict[str, Tensor]:
    return runner.sample()


def fast_ppo(
    market: RowMarket, starts: Starts, rules: Rules, reward: RewardConfig, ppo: PPOPreset, seed: int
) -> FastPPO:
    """Build the algorithm in this process (Ray must run: see rl.ray_session)."""
    env = TradingVectorEnv(1, market, starts, rules, reward)
    config: AlgorithmConfig = (
        PPOConfig(algo_class=FastPPO)
        .environment(
            TradingEnv,
            env_config={"market": market, "starts": starts, "rules": rules, "reward": reward},
            observation_space=env.single_observation_space,
            action_space=env.single_action_space,
            disable_env_checking=True,
        )
        .env_runners(
            num_env_runners=0,
            env_runner_cls=ColumnarEnvRunner,
            num_envs_per_env_runner=ppo.rows,
            rollout_fragment_length=ppo.steps,
        )
        .learners(num_learners=0)
        .training(
            gamma=ppo.gamma,
            lambda_=ppo.lam,
            lr=[[0, ppo.learning_rate], [ppo.samples, ppo.learning_rate * ppo.final_rate]],
            train_batch_size_per_learner=ppo.rows * ppo.steps,
            minibatch_size=ppo.rows * ppo.steps // ppo.minibatches,
            num_epochs=ppo.epochs,
            clip_param=ppo.clip,
            entropy_coeff=ppo.entropy,
            vf_loss_coeff=ppo.value_loss,
            vf_clip_param=1e6,
            grad_clip=ppo.gradient_norm,
            grad_clip_by="global_norm",
            use_kl_loss=False,
            learner_class=DecayLearner,
            learner_config_dict={
                "weight_decay": ppo.weight_decay, "offset_decay": ppo.offset_decay, "minibatches": ppo.minibatches,
            },
        )
        .rl_module(
            rl_module_spec=RLModuleSpec(
                module_class=SymbolModule,
                model_config={"heads": 1 + len(market.symbols), "hidden": list(ppo.hidden)},
            )
        )
        .debugging(seed=seed, log_level="ERROR")
    )  # fmt: skip
    algorithm: Any = config.build_algo()
    return algorithm
