"""Several networks as one policy: the mixture of what they would do.

The members' tensors stand side by side under "member.<k>."; the ensemble's logits are the logarithm of the mean of
their probabilities, so that whoever asks a network can ask an ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS, SIZES
from rl.policies.network import Network, Tensors

_MEMBER = "member."


def joined(members: Sequence[Tensors]) -> dict[str, Float32Array]:
    """The tensors of an ensemble; those of a single member stay as they are."""
    if len(members) == 1:
        return dict(members[0])
    return {f"{_MEMBER}{k}.{name}": value for k, tensors in enumerate(members) for name, value in tensors.items()}


def members_of(tensors: Tensors) -> list[Tensors]:
    """The members' tensors, in order; one for a policy that is no ensemble."""
    count = len({name.split(".")[1] for name in tensors if name.startswith(_MEMBER)})
    prefixes = [f"{_MEMBER}{k}." for k in range(count)] or [""]
    return [{n.removeprefix(p): v for n, v in tensors.items() if n.startswith(p)} for p in prefixes]


class Ensemble:
    """The Network of several."""

    def __init__(self, members: Sequence[Network]) -> None:
        self._members = members

    def logits(self, obs: Float32Array) -> FloatArray:
        """(N, A), as `Network.logits`."""
        return _mixed([m.logits(obs) for m in self._members], N_ACTIONS)

    def asked(
        self, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
    ) -> FloatArray:
        """As `Network.asked`."""
        return _mixed([m.asked(block, heads, position, allowed) for m in self._members], int(allowed.sum()))


def _mixed(logits: Sequence[FloatArray], actions: int) -> FloatArray:
    """Logits of the mixture, of actions and of sizes each for itself."""
    sizes = logits[0].shape[-1] - actions
    assert sizes in (0, len(SIZES))
    parts = [slice(0, actions), slice(actions, None)] if sizes else [slice(0, actions)]
    mean = [np.logaddexp.reduce([_log_odds(x[..., part]) for x in logits]) - np.log(len(logits)) for part in parts]
    return np.concatenate(mean, axis=-1)


def _log_odds(logits: FloatArray) -> FloatArray:
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
