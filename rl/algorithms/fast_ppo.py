"""PPO and A2C on columns: RLlib's Algorithm, Learner and loss, fed with (T, N) arrays instead of episodes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.ppo import PPO
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_OPTIMIZER, COMPONENT_RL_MODULE, DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from data.errors import BadConfig, CorruptFile
from rl.algorithms.columnar import ColumnArrays
from rl.algorithms.config import ppo_config
from rl.algorithms.learner import ITERATION
from rl.algorithms.resources import Resources
from rl.algorithms.samplers import Samplers, Weights, assembled
from rl.algorithms.shared import EnvParts
from rl.algorithms.state import read_state, write_state
from rl.kernel import Rules, Starts
from rl.market import RowMarket
from rl.modules.config import ModuleConfig
from rl.modules.symbol_module import SymbolModule
from rl.observation import schema
from rl.reward import RewardConfig
from rl.training.preset import PPOPreset

_MODULE = f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}"
_OPTIMIZER = f"{COMPONENT_LEARNER}/{COMPONENT_OPTIMIZER}"
_OWN = "fast_ppo"
_SPREAD = 1e-4
"""Least standard deviation of advantages that they are divided by; RLlib's."""


class FastPPO(PPO):
    """One training step is a columnar sample of every EnvRunner, one update of the Learners, one weight sync."""

    samples = 0
    """Real transitions trained on so far."""

    def setup(self, config: Any) -> None:
        """RLlib's parts, and the runners as one."""
        super().setup(config)
        self._samplers = Samplers(self._parts()[2], self._parts()[0].learner_config_dict["restore_s"])
        self._weights = self._learned()
        self._plain_config: Any = self._parts()[0].to_dict()

    def training_step(self) -> None:
        """Raises TrainingDiverged where a loss, gradient or weight is no longer a number: nothing of it is kept."""
        config, learners, _ = self._parts()
        minibatches, shards = config.learner_config_dict["minibatches"], max(config.num_learners, 1)
        columns, size = assembled(self._samplers.sample(self._weights), minibatches * shards)
        columns = standardised(columns)
        results = learners.update(
            batch=MultiAgentBatch({DEFAULT_MODULE_ID: SampleBatch(columns)}, env_steps=size),
            timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: self.samples, ITERATION: self.iteration + 1},
            num_epochs=config.num_epochs,
            minibatch_size=size // (minibatches * shards),
        )
        self.samples += size
        self.metrics.aggregate(results, key=LEARNER_RESULTS)
        self.metrics.log_value((ENV_RUNNER_RESULTS, "num_env_steps_sampled"), size, reduce="sum")
        self._take(self._learned())

    def checkpoint(self, folder: Path) -> None:
        """Write everything that decides how training goes on: weights, moments, rows, generators and counters.

        Safetensors and JSON, whole or not at all; StorageFailed where the disk does not take it.
        """
        learned = self._parts()[1].get_state(components=[_MODULE, _OPTIMIZER])[COMPONENT_LEARNER]
        kept = {name: learned[name] for name in (COMPONENT_RL_MODULE, COMPONENT_OPTIMIZER)}
        write_state(folder, {COMPONENT_LEARNER: kept, **self._own()})

    def resume(self, folder: Path) -> None:
        """Go on where `checkpoint` was called, bit for bit, in an algorithm made with the same arguments.

        Raises NotFound, or CorruptFile where the folder is not what was written or belongs to another algorithm.
        """
        state = read_state(folder)
        try:
            self._parts()[1].set_state({COMPONENT_LEARNER: state[COMPONENT_LEARNER]})
            self._set_own(state)
        except (KeyError, ValueError, RuntimeError, AttributeError) as error:
            raise CorruptFile(
                f"the checkpoint {folder.name} is of another algorithm", "train from the start"
            ) from error

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        """RLlib's state and where every runner stands."""
        state = super().get_state(components, not_components=not_components, **kwargs)
        return state | {_OWN: self._own()} if self._check_component(_OWN, components, not_components) else state

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
        super().set_state(state)
        if _OWN in state:
            self._set_own(state[_OWN])

    def restore_from_path(self, *args: Any, **kwargs: Any) -> None:
        """RLlib's own checkpoint; its parts are set after the algorithm's state, so the weights are fetched last."""
        super().restore_from_path(*args, **kwargs)
        self._take(self._learned())

    def restore_env_runners(self, env_runner_group: Any) -> list[int]:
        """Runners that Ray started anew between two steps go on where those before them stood."""
        restored = super().restore_env_runners(env_runner_group)
        self._samplers.restore(restored)
        return restored

    def lesson(self, starts: Starts, rules: Rules) -> None:
        """What all runners draw their next episodes from: a stage of a curriculum."""
        self._parts()[2].foreach_env_runner(lambda runner: runner.lesson(starts, rules), local_env_runner=True)

    def symbol_module(self) -> SymbolModule:
        """The module as the sampler has it: in step with the Learner after each training step."""
        return self._parts()[2].local_env_runner.module

    def get_auto_filled_metrics(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Tune's own keys of a result; the config among them is copied once, not in every iteration (milliseconds)."""
        given, self.config = self.config, self._plain_config
        try:
            return super().get_auto_filled_metrics(*args, **kwargs)
        finally:
            self.config = given

    def cleanup(self) -> None:
        """Stop the parts and remove the folder."""
        super().cleanup()
        self._folder.cleanup()

    def _setup_logdir(self) -> None:
        """Ray would make a folder in the user's home for results that nobody writes."""
        self._folder = tempfile.TemporaryDirectory(prefix="bullpen-")
        self._logdir = self._folder.name

    def _parts(self) -> tuple[Any, Any, Any]:
        """Config, LearnerGroup and EnvRunnerGroup, which RLlib declares optional and always sets."""
        return self.config, self.learner_group, self.env_runner_group

    def _learned(self) -> Weights:
        """The module's state as the Learners have it."""
        state = self._parts()[1].get_state(components=_MODULE, inference_only=False)
        return state[COMPONENT_LEARNER][COMPONENT_RL_MODULE][DEFAULT_MODULE_ID]

    def _take(self, weights: Weights) -> None:
        """The weights that are sampled with next."""
        self._weights = weights
        self.symbol_module().set_state(weights)

    def _own(self) -> dict[str, Any]:
        return {"samplers": self._samplers.states, "samples": self.samples, ITERATION: self.iteration}

    def _set_own(self, state: dict[str, Any]) -> None:
        self._samplers.put(state["samplers"])
        self.samples, self._iteration = state["samples"], state[ITERATION]
        self._take(self._learned())


def standardised(columns: ColumnArrays) -> ColumnArrays:
    """The columns with advantages of mean 0 and standard deviation 1 over the whole batch."""
    gain = columns[Postprocessing.ADVANTAGES]
    return columns | {Postprocessing.ADVANTAGES: (gain - gain.mean()) / np.maximum(_SPREAD, gain.std())}


def fast_ppo(
    market: RowMarket, starts: Starts, rules: Rules, reward: RewardConfig, ppo: PPOPreset, seed: int,
    *, module: ModuleConfig | None = None, groups: Sequence[int] | None = None, resources: Resources | None = None,
) -> FastPPO:  # fmt: skip
    """Build the algorithm (Ray must run: see rl.ray_session); its actors are placed as `resources` say.

    `module`: the network, an MLP of the preset's widths on obs-v1 unless given; `groups` (1 + symbols,): which head
    answers each (rl.modules.config). Raises BadConfig where the resources cannot be had or the network reads another
    observation than the market shows.
    """
    import ray

    placed = resources or Resources()
    placed.check(ray.cluster_resources(), torch.cuda.is_available())
    network = module or ModuleConfig(hidden=ppo.hidden)
    width, shown = schema(network.observation).width, market.layout.width
    if width != shown:
        raise BadConfig(f"{network.observation} has {width} columns, the market shows {shown}", "match them")
    spec = RLModuleSpec(module_class=SymbolModule, model_config=network.to_dict(1 + len(market.symbols), groups))
    parts = EnvParts(market, starts, rules, reward, network.actions)
    config = ppo_config(FastPPO, parts, spec, ppo, seed, placed)
    algorithm: Any = config.build_algo()
    return algorithm
