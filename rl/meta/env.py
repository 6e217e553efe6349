"""The allocation problem as gymnasium environments: `AllocationVectorEnv` steps many worlds, `AllocationEnv` one.

`allocation-v1`. Observation: float32 vector, the flattened `meta-obs-v1` (`flatten`). Action: Box(-1, 1, (N + 1,)), the
tilt r of each symbol and of cash; softmax, prior and frozen symbols are inside the environment.
"""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from data.market import BoolArray, Float32Array, FloatArray
from rl.meta.actor import VIEW_WIDTH
from rl.meta.config import MetaConfig
from rl.meta.inputs import LIMIT, SHARED_BOOK_COLUMNS, SYMBOL_COLUMNS, MetaInputs
from rl.meta.tape import Tape
from rl.meta.worlds import Worlds

ENV_ID = "allocation-v1"


def flatten(inputs: MetaInputs, views: FloatArray) -> Float32Array:
    """Observation (W, N * K0 + N * 21 + G): symbol rows, then view rows, then the shared block."""
    rows = inputs.symbol.shape[0]
    parts = (inputs.symbol.reshape(rows, -1), views.reshape(rows, -1), inputs.shared)
    return np.concatenate(parts, axis=1).astype(np.float32)


def spaces(symbols: int, shared: int) -> tuple[gym.spaces.Box, gym.spaces.Box]:
    """(observation, action) spaces of one world; `shared` counts the shared block with the book's columns."""
    width = symbols * (len(SYMBOL_COLUMNS) + VIEW_WIDTH) + shared
    bound = max(LIMIT, float(symbols))  # a weight in units of an equal share is at most the number of shares
    return gym.spaces.Box(-bound, bound, (width,), np.float32), gym.spaces.Box(-1.0, 1.0, (symbols + 1,), np.float32)


class AllocationVectorEnv(VectorEnv[Float32Array, Float32Array, Any]):
    """`count` worlds; an episode is truncated after `config.episode_bars` slots and begins anew on the next step."""

    def __init__(
        self, tape: Tape, rows: slice, config: MetaConfig, count: int, seed: int = 0, held_out: slice | None = None
    ) -> None:
        self.metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}
        self._parts = tape, rows, config, count
        self._held_out = held_out
        self.num_envs = count
        self.shared_width = tape.shared.shape[1] + len(SHARED_BOOK_COLUMNS)
        self.single_observation_space, self.single_action_space = spaces(config.symbols_per_world, self.shared_width)
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, count)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, count)
        self._begin(seed)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, dict[str, Any]]:
        """Start new episodes everywhere; the same seed gives the same worlds. Returns observations (W, D) and {}."""
        if seed is None:
            self.worlds.restart(np.ones(self.num_envs, dtype=np.bool_))
            self.done[:] = False
        else:
            self._begin(seed)
        return self._look(), {}

    def step(self, actions: Float32Array) -> tuple[Float32Array, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Trade every world to its tilted weights at the next fill.

        Returns observations (W, D); rewards (W,), the scaled log growth beyond the prior's less the penalties;
        terminated (W,), always False because a book of longs has no end; truncated (W,), True at the end of an episode;
        {}. In a world truncated the step before, the action is ignored, the reward is 0 and a new episode begins.
        """
        tilts = np.clip(np.asarray(actions, dtype=np.float64), -1.0, 1.0)
        rewards, ended = self.worlds.step(self.inputs, tilts)
        restarted = self.done
        if restarted.any():
            self.worlds.restart(restarted)
        rewards, ended = np.where(restarted, 0.0, rewards), ended & ~restarted
        self.done = ended
        return self._look(), rewards, np.zeros(self.num_envs, dtype=np.bool_), ended.copy(), {}

    def _begin(self, seed: int) -> None:
        tape, rows, config, count = self._parts
        self.worlds = Worlds(tape, rows, config, count, np.random.default_rng(seed), self._held_out)
        self.done: BoolArray = np.zeros(count, dtype=np.bool_)
        self._look()

    def _look(self) -> Float32Array:
        self.inputs, views = self.worlds.observe()
        return flatten(self.inputs, views)


class AllocationEnv(gym.Env[Float32Array, Float32Array]):
    """One world of `AllocationVectorEnv`, for tools that know single environments only."""

    metadata = {"render_modes": []}  # noqa: RUF012 (gymnasium declares it so)

    def __init__(self, tape: Tape, rows: slice, config: MetaConfig, seed: int = 0) -> None:
        self._many = AllocationVectorEnv(tape, rows, config, 1, seed)
        self.observation_space = self._many.single_observation_space
        self.action_space = self._many.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, dict[str, Any]]:
        """A new episode: observation (D,) and {}."""
        super().reset(seed=seed)
        observation, info = self._many.reset(seed=seed)
        return observation[0], info

    def step(self, action: Float32Array) -> tuple[Float32Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """As `AllocationVectorEnv.step`, for one world; reset it once truncated."""
        observation, reward, terminated, truncated, info = self._many.step(action[None])
        return observation[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), info
