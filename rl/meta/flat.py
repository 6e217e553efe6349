"""Parameters laid end to end: one tensor to clip, step and average instead of dozens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def laid_out(parameters: Sequence[nn.Parameter]) -> nn.Parameter:
    """A flat parameter (P,) whose memory the given ones and their gradients share from now on.

    A backward pass adds into the shared gradient, so it is zeroed in place (`flat.grad.zero_()`), never dropped;
    loading a state dictionary copies into the shared memory.
    """
    flat = nn.Parameter(torch.cat([p.detach().flatten() for p in parameters]))
    flat.grad = torch.zeros_like(flat)
    sizes = [p.numel() for p in parameters]
    for parameter, data, grad in zip(parameters, flat.data.split(sizes), flat.grad.split(sizes), strict=True):
        parameter.data, parameter.grad = data.view_as(parameter), grad.view_as(parameter)
    return flat
