"""What a symbol agents' network is to those who ask it, and the rows that are asked without any history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS
from rl.observation import ObservationSchema

Tensors = Mapping[str, Float32Array]


class Follower(Protocol):
    """Whoever answers observations with logits: a network, or an oracle."""

    def logits(self, obs: Float32Array) -> FloatArray:
        """(N, A) for observations (N, width); -inf for an action whose mask bit is 0. A is 7, or 7 + 4 sizes."""
        ...


class Network(Follower, Protocol):
    """Observations to logits. Deterministic; a row's answer does not depend on what the other rows hold."""

    def asked(
        self, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
    ) -> FloatArray:
        """Logits (S, T, n): the allowed of the seven actions, then the sizes' where there are any.

        For the finite market columns `block` (S, T, K), rows that hold `position` and have no history, the head of each
        symbol (S,), and `allowed` (7,).
        """
        ...


def own_inputs(schema: ObservationSchema, position: float, allowed: BoolArray) -> FloatArray:
    """The inputs that follow the market's, of a row that holds `position` and has no history.

    Far from every stop, the rest of the sleeve in cash, no directive; the last seven are the mask.
    """
    names = (*schema.own, *schema.portfolio, *schema.directives)
    at_rest = {"position": position, "stop_room": 1.0, "cash": 1.0 - position}
    return np.array([*(at_rest.get(name, 0.0) for name in names), *allowed], dtype=np.float64)


def answered(allowed: BoolArray, outputs: int) -> BoolArray:
    """Which of the A outputs count: the allowed actions, and all sizes."""
    return np.concatenate([allowed, np.ones(outputs - N_ACTIONS, dtype=np.bool_)])
