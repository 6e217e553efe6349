"""Categorical actions of one or several parts, as one flat row of logits: log-probability, entropy and draws.

The seven actions are one part; the hybrid action (seven actions x four sizes) is two independent ones.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import torch
from torch import Tensor

from data.errors import InputError

Parts = tuple[int, ...]
"""How many logits belong to each part."""


def parts_of(space: gym.Space[Any]) -> Parts:
    """(n,) for Discrete(n), the sizes of a MultiDiscrete; InputError for other spaces."""
    if isinstance(space, gym.spaces.Discrete):
        return (int(space.n),)
    if isinstance(space, gym.spaces.MultiDiscrete):
        return tuple(int(n) for n in space.nvec)
    raise InputError(f"actions of {type(space).__name__} are not categorical", "use Discrete or MultiDiscrete")


def log_policy(logits: Tensor, parts: Parts) -> tuple[Tensor, ...]:
    """Normalised log-probabilities of each part, (N, n) each, from logits (N, sum of the parts)."""
    return tuple(torch.log_softmax(part, -1) for part in _split(logits, parts))


def log_prob(policy: tuple[Tensor, ...], actions: Tensor) -> Tensor:
    """Log-probability (N,) of int64 actions, (N,) for one part and (N, parts) for several."""
    if len(policy) == 1:
        return policy[0].gather(-1, actions.view(-1, 1))[:, 0]
    return torch.stack([part.gather(-1, actions[:, i : i + 1])[:, 0] for i, part in enumerate(policy)]).sum(0)


def entropy(policy: tuple[Tensor, ...]) -> Tensor:
    """Entropy (N,) in nats; what is impossible adds nothing."""
    found = [-(part.exp() * part).sum(-1) for part in policy]
    return found[0] if len(found) == 1 else torch.stack(found).sum(0)


def draw(logits: Tensor, noise: Tensor, parts: Parts, out: Tensor) -> None:
    """Write one draw per row into `out`, (N,) or (N, parts): the largest of logits less log-exponential `noise`.

    Gumbel's trick: the logits need not be normalised, and the noise can be drawn for all steps at once.
    """
    if len(parts) == 1:
        torch.argmax(logits - noise, dim=-1, out=out)
        return
    for i, part in enumerate(_split(logits - noise, parts)):
        out[:, i] = torch.argmax(part, dim=-1)


def _split(logits: Tensor, parts: Parts) -> tuple[Tensor, ...]:
    return (logits,) if len(parts) == 1 else torch.split(logits, list(parts), -1)
