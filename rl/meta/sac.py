"""SAC on RLlib with columns instead of episodes: RLlib's Algorithm, SACTorchLearner, losses and target networks.

An iteration steps all worlds for some bars, puts the columns into a tensor replay and calls
`learner_group.update(batch=...)` once for many gradient steps (`rl.meta.learner`). RLlib's episodes, connectors and
prioritised buffer are not on that path.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ray.rllib.algorithms.sac import SAC, SACConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME, TD_ERROR_KEY

from data.errors import InputError
from data.market import Float32Array
from rl.meta import checkpoint
from rl.meta.config import MetaConfig
from rl.meta.env import AllocationVectorEnv
from rl.meta.learner import ManySteps
from rl.meta.module import MetaModule, export_actor
from rl.meta.replay import ColumnReplay
from rl.meta.runner import WorldsRunner


class MetaSAC(SAC):
    """SAC whose training step is some bars of all worlds, then many updates, then one weight sync.

    `env_config["meta"]` is the MetaConfig.
    """

    updates_done = 0
    """Gradient steps so far."""

    def _setup_logdir(self) -> None:
        """Ray would make a folder in the user's home for results that nobody writes."""
        self._folder = tempfile.TemporaryDirectory(prefix="bullpen-")
        self._logdir = self._folder.name

    def training_step(self) -> None:
        """One iteration. Raises InputError where a loss is no longer a number: nothing of such a run is kept."""
        meta, replay = self._meta(), self.replay
        learners: Any = self.learner_group
        runners: Any = self.env_runner_group
        replay.add(runners.local_env_runner.sample(bars=meta.bars_per_iteration))
        while replay.filled < meta.warmup_bars:
            replay.add(runners.local_env_runner.sample(bars=meta.bars_per_iteration))
        columns = SampleBatch(replay.sample(meta.updates_per_iteration * meta.batch_size))
        batch = MultiAgentBatch({DEFAULT_MODULE_ID: columns}, len(columns))
        found: Any = learners.update(batch=batch, timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self.updates_done})
        self.updates_done += meta.updates_per_iteration
        if not np.isfinite(float(found[0][DEFAULT_MODULE_ID]["total_loss"].peek())):
            raise InputError("training of the meta-controller diverged", "lower its learning rates, or check the data")
        replay.learn(np.ravel(found[0][DEFAULT_MODULE_ID][TD_ERROR_KEY].peek()))
        runners.sync_weights(from_worker_or_learner_group=learners, inference_only=True)

    def actor_tensors(self) -> dict[str, Float32Array]:
        """The actor as of the last iteration, as `rl.meta.actor` reads it, at full reach."""
        runners: Any = self.env_runner_group
        module: MetaModule = runners.local_env_runner.module
        return export_actor(module, self._meta().kappa)

    def _meta(self) -> MetaConfig:
        config: Any = self.config
        return config.env_config["meta"]

    @property
    def replay(self) -> ColumnReplay:
        """The tensor replay."""
        replay: Any = self.local_replay_buffer
        return replay

    @property
    def runner(self) -> WorldsRunner:
        """The runner of this process."""
        runners: Any = self.env_runner_group
        return runners.local_env_runner

    @property
    def learner(self) -> ManySteps:
        """The Learner of this process."""
        learners: Any = self.learner_group
        return learners._learner

    def checkpoint(self, folder: Path) -> None:
        """Write everything that decides how training goes on (`rl.meta.checkpoint`)."""
        checkpoint.write(self, folder)

    def resume(self, folder: Path) -> None:
        """Take it back into an algorithm of the same config and tape. CorruptFile where the files do not fit."""
        checkpoint.read(self, folder)

    def _create_local_replay_buffer_if_necessary(self, config: Any) -> Any:
        """The tensor replay in the place of RLlib's episode buffer."""
        meta: MetaConfig = config.env_config["meta"]
        width, actions = config.observation_space.shape[0], config.action_space.shape[0]
        return ColumnReplay(
            meta.replay_bars, meta.worlds, width, actions, config.seed, meta.priority, meta.priority_correction
        )


def module_spec(meta: MetaConfig, shared: int) -> RLModuleSpec:
    """The networks for worlds whose shared block is `shared` wide."""
    model = {
        "symbols": meta.symbols_per_world,
        "shared": shared,
        "hidden": meta.hidden,
        "mixed": meta.mixed,
        "critic_hidden": meta.critic_hidden,
        "kappa": meta.kappa,
    }
    return RLModuleSpec(module_class=MetaModule, model_config=model)


def meta_sac(meta: MetaConfig, make: Callable[[], AllocationVectorEnv], seed: int) -> MetaSAC:
    """Build the algorithm in this process: our networks and data path, everything else stock SAC. Ray must run."""
    env = make()
    config: Any = (
        SACConfig(algo_class=MetaSAC)
        .environment(
            observation_space=env.single_observation_space,
            action_space=env.single_action_space,
            env_config={"make": make, "meta": meta},
        )
        .env_runners(env_runner_cls=WorldsRunner, num_env_runners=0)
        .learners(learner_class=ManySteps, num_learners=0, num_gpus_per_learner=0)
        .rl_module(rl_module_spec=module_spec(meta, env.shared_width))
        .training(
            gamma=meta.gamma,
            train_batch_size_per_learner=meta.batch_size,
            tau=meta.tau,
            actor_lr=[[0, meta.actor_lr], [meta.updates, meta.actor_lr * meta.final_rate]],
            critic_lr=[[0, meta.critic_lr], [meta.updates, meta.critic_lr * meta.final_rate]],
            alpha_lr=meta.alpha_lr,
            initial_alpha=meta.initial_alpha,
            target_entropy=meta.target_entropy * (meta.symbols_per_world + 1),
            grad_clip=meta.gradient_norm,
        )
        .reporting(min_time_s_per_iteration=0, min_sample_timesteps_per_iteration=0)
        .debugging(seed=seed, log_level="ERROR")
    )
    return config.build_algo()
