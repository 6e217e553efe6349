"""The one way from a tilt to weights: the prior times exp(kappa r) over what can be traded, the rest frozen."""

from __future__ import annotations

import numpy as np

from data.errors import InputError
from data.market import BoolArray, FloatArray
from rl.meta.inputs import WEIGHT_TOLERANCE, open_prior

KAPPA = 1.5
"""How far a full tilt reaches: r = 1 against r = -1 multiplies a weight's odds by exp(2 KAPPA), about 20."""


def tilt(
    prior: FloatArray, held: FloatArray, tradable: BoolArray, r: FloatArray, kappa: float | FloatArray
) -> FloatArray:
    """Weights (..., S + 1) = frozen + (1 - sum frozen) * softmax(log prior + kappa * r) over tradable and cash.

    `r` (..., S + 1) in [-1, 1]; `kappa` a number or (..., 1). r = 0 gives the prior, an untradable symbol exactly the
    weight it holds. Raises InputError where frozen weights leave less than nothing.
    """
    r = np.broadcast_to(r, np.broadcast_shapes(r.shape, prior.shape))
    exponent = kappa * r
    active = open_prior(prior, tradable) * np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    active = active / active.sum(axis=-1, keepdims=True)
    frozen = np.where(tradable, 0.0, held[..., :-1])
    rest = 1.0 - frozen.sum(axis=-1, keepdims=True)
    if (rest < -WEIGHT_TOLERANCE).any():
        raise InputError("symbols that cannot be traded hold more than the whole book", "hold this cycle")
    weights = np.maximum(rest, 0.0) * active
    weights[..., :-1] = np.where(tradable, weights[..., :-1], frozen)
    return weights
