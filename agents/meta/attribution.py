"""Who moved which weight: exact Shapley values of the views through the controller.

A coalition is a set of agents whose views are shown; the others are unknown. An agent's contribution to a weight is its
marginal effect, averaged over all orders in which agents could have spoken (Shapley, 1953). With A agents that is 2^A
questions, asked in one batch, and no sampling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np

from data.market import BoolArray, FloatArray
from rl.meta.inputs import coalition_views

Weigher = Callable[[FloatArray], FloatArray]
"""Views (B, S, A, 3) -> weights (B, S + 1)."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """`weights` (S + 1,) with all views; `silent` (S + 1,) with none; `agents` (n, S + 1) Shapley values.

    silent + agents.sum(0) = weights.
    """

    weights: FloatArray
    silent: FloatArray
    agents: FloatArray


def coalitions(present: tuple[int, ...], agents: int) -> BoolArray:
    """All subsets of the columns `present`, (2^n, agents): row m holds present[i] where bit i of m is set."""
    n = len(present)
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    out = np.zeros((2**n, agents), dtype=np.bool_)
    out[:, list(present)] = bits.astype(np.bool_)
    return out


def shapley(values: FloatArray) -> FloatArray:
    """Shapley values (n, K) from the worth (2^n, K) of every coalition, rows ordered as in `coalitions`."""
    n = int(values.shape[0]).bit_length() - 1
    members = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.bool_)
    size = members.sum(axis=1)
    joined = np.array([0.0, *(factorial(k - 1) * factorial(n - k) / factorial(n) for k in range(1, n + 1))])
    missing = np.array([*(factorial(k) * factorial(n - k - 1) / factorial(n) for k in range(n)), 0.0])
    share = np.where(members, joined[size][:, None], -missing[size][:, None])
    return np.einsum("mi,mk->ik", share, values, optimize=False)


def attribute(weigh: Weigher, views: FloatArray, present: tuple[int, ...]) -> Attribution:
    """Attribution of `weigh` on `views` (S, A, 3) to the agents in the columns `present`."""
    worth = weigh(coalition_views(views, coalitions(present, views.shape[1])))
    return Attribution(worth[-1], worth[0], shapley(worth))
