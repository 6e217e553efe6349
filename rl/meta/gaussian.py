"""The law of PPO's wishes: independent normal draws, which the environment squashes.

Likelihood ratios and entropies are taken before the squashing, which is the same for old and new policy. The outputs
are those of `rl.meta.networks.ActorHead`: means (B, A), then log standard deviations (B, A).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

LOWEST, HIGHEST = -5.0, 1.0
"""Bounds of a log standard deviation: a ratio of densities stays a number."""
_HALF_LOG_TAU = 0.5 * math.log(math.tau)


def parts(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Means and log standard deviations, (B, A) each."""
    mean, log_std = inputs.chunk(2, dim=-1)
    return mean, log_std.clamp(LOWEST, HIGHEST)


def draw(inputs: Tensor, generator: torch.Generator) -> Tensor:
    """Wishes (B, A) before squashing."""
    mean, log_std = parts(inputs)
    return mean + log_std.exp() * torch.empty_like(mean).normal_(generator=generator)


def log_prob(inputs: Tensor, wishes: Tensor) -> Tensor:
    """Log densities (B,) of wishes (B, A)."""
    mean, log_std = parts(inputs)
    return (-0.5 * ((wishes - mean) / log_std.exp()).square() - log_std - _HALF_LOG_TAU).sum(-1)


def entropy(inputs: Tensor) -> Tensor:
    """Nats (B,)."""
    return (parts(inputs)[1] + 0.5 + _HALF_LOG_TAU).sum(-1)
