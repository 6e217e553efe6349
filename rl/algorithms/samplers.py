"""All EnvRunners of an algorithm as one: they sample in step, and one that died goes on where it was.

What a runner needs to go on comes back with each of its samples, so a sample that was lost with an actor or a node is
drawn again, bit for bit, by the actor that Ray starts in its place.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from data.errors import SourceUnavailable
from rl.algorithms.columnar import ColumnArrays, SamplerState

Weights = dict[str, Any]


class Samplers:
    """Around RLlib's EnvRunnerGroup. `states`: where each runner stands, by its index; 0 is the one of this process."""

    def __init__(self, group: Any, restore_s: float) -> None:
        self._group, self._restore_s = group, restore_s
        self._remote: list[int] = sorted(group._worker_manager.actor_ids())
        self.states: dict[int, SamplerState] = {}

    def sample(self, weights: Weights) -> list[ColumnArrays]:
        """The columns of every runner, by its index, sampled with `weights` (the module's state).

        A runner that died is waited for `restore_s` seconds, then done without; SourceUnavailable where none is left.
        """
        if not self._remote:
            columns, self.states[0] = self._group.local_env_runner.sample(weights)
            return [columns]
        found = self._try(weights, self._remote)
        until = time.monotonic() + self._restore_s
        while len(found) < len(self._remote) and time.monotonic() < until:
            self.restore(self._group.probe_unhealthy_env_runners(timeout_seconds=until - time.monotonic()))
            found |= self._try(weights, [i for i in self._remote if i not in found])
        if not found:
            raise SourceUnavailable("no env runner is left to sample with", "see Ray's logs of the actors")
        return [found[i] for i in sorted(found)]

    def restore(self, indices: list[int]) -> None:
        """Put runners that were started anew to where the ones before them stood."""
        self._call("set_sampler_state", [i for i in indices if i in self.states], state=self.states)

    def put(self, states: dict[int, SamplerState]) -> None:
        """Put every runner to a state; what is missing stays as it is."""
        self.states = dict(states)
        if not self._remote and 0 in states:
            self._group.local_env_runner.set_sampler_state(states[0])
        self.restore(self._remote)

    def _try(self, weights: Weights, indices: list[int]) -> dict[int, ColumnArrays]:
        """The columns of those runners that answered; the others are marked for restoration."""
        import ray

        stored: Any = ray.put(weights)
        answered = self._call("sample", indices, weights=dict.fromkeys(indices, stored))
        self.states |= {index: state for index, (_, state) in answered.items()}
        return {index: columns for index, (columns, _) in answered.items()}

    def _call(self, method: str, indices: list[int], **by_index: dict[int, Any]) -> dict[int, Any]:
        """Call a method of healthy runners, each with its own arguments; answers by index, without the failed."""
        if not indices:
            return {}
        results = self._group._worker_manager.foreach_actor(
            [method] * len(indices),
            kwargs=[{name: values[i] for name, values in by_index.items()} for i in indices],
            remote_actor_ids=indices,
        )
        return {result.actor_id: result.get() for result in results if result.ok}


def assembled(parts: list[ColumnArrays], pieces: int) -> tuple[ColumnArrays, int]:
    """One batch of `pieces` equal minibatches, each with the same share of every runner's columns; and its size.

    What is left over is dropped. The columns of a single runner are not copied.
    """
    each = [len(next(iter(part.values()))) // pieces for part in parts]
    size = sum(each) * pieces
    if len(parts) == 1:
        return {name: column[:size] for name, column in parts[0].items()}, size
    spans = [(p, i * n, (i + 1) * n) for i in range(pieces) for p, n in enumerate(each)]
    return {name: np.concatenate([parts[p][name][a:b] for p, a, b in spans]) for name in parts[0]}, size
