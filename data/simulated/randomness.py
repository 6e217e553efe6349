"""One stream of random numbers for each purpose, so that asking for one thing never moves another."""

from __future__ import annotations

import zlib

import numpy as np

from data.market import FloatArray

_SALT = 16
"""Chosen once, so that the default seed is an ordinary decade: a market Sharpe of 0.5, turbulence every two years."""


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A PCG64 generator that depends on the seed and the purpose only; `seed` is not negative."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), _SALT])


def normals(seed: int, purpose: str, *shape: int) -> FloatArray:
    """Standard normal numbers of the given shape."""
    return stream(seed, purpose).standard_normal(shape)


def uniforms(seed: int, purpose: str, *shape: int) -> FloatArray:
    """Uniform numbers in (0, 1] of the given shape: safe under a logarithm."""
    return 1.0 - stream(seed, purpose).random(shape)


def ar1(noise: FloatArray, memory: float) -> FloatArray:
    """Stationary first-order autoregression along axis 0 with unit variance for unit noise; same shape."""
    out = np.empty_like(noise)
    out[0] = noise[0]
    fresh = (1.0 - memory * memory) ** 0.5
    for row in range(1, len(noise)):
        out[row] = memory * out[row - 1] + fresh * noise[row]
    return out
