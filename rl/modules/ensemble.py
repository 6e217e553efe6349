"""Several policies of one shape as one network that answers with the mean of their probabilities.

A seed's accidents are its own and what was learned is common to all, so the mean trades less on accidents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from data.errors import InputError
from data.market import Float32Array
from rl.actions import N_ACTIONS
from rl.modules.config import SymbolNetworkConfig, mlp_hidden, network_config
from rl.modules.network import MASKED, SymbolNetwork
from rl.modules.tensors import network_of
from rl.observation import schema

Tensors = Mapping[str, Float32Array]


class StackedMembers(nn.Module):
    """MLP members side by side: each layer of all of them is one batched product."""

    def __init__(self, config: SymbolNetworkConfig, members: Sequence[Tensors]) -> None:
        super().__init__()
        self.inputs, self.head = schema(config.observation).inputs, schema(config.observation).head
        self.depth = len(mlp_hidden(config) or ())
        for i in range(self.depth):
            self.register_buffer(f"weight_{i}", _stacked(members, f"encoder.{i}.weight").transpose(1, 2).contiguous())
            self.register_buffer(f"bias_{i}", _stacked(members, f"encoder.{i}.bias").unsqueeze(1))
        self.register_buffer("head_weight", _stacked(members, "head.weight").transpose(0, 1).contiguous())
        self.register_buffer("head_bias", _stacked(members, "head.bias").transpose(0, 1).unsqueeze(2).contiguous())

    def forward(self, obs: Tensor) -> Tensor:
        """Unmasked logits (M, N, A) of the M members for observations (N, width)."""
        x = obs[:, self.inputs].unsqueeze(0)
        for i in range(self.depth):
            x = torch.tanh(x @ self.get_buffer(f"weight_{i}") + self.get_buffer(f"bias_{i}"))
        head = obs[:, self.head].long()
        weight, bias = self.get_buffer("head_weight")[head], self.get_buffer("head_bias")[head]
        return (x.permute(1, 0, 2).unsqueeze(2) @ weight + bias).squeeze(2).transpose(0, 1)


class SeparateMembers(nn.Module):
    """Members of any encoder, one after the other."""

    def __init__(self, members: Sequence[SymbolNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, obs: Tensor) -> Tensor:
        """Logits (M, N, A) of the M members for observations (N, width)."""
        return torch.stack([member(obs) for member in self.members])


class EnsembleNetwork(nn.Module):
    """The mean of the members' probabilities, action by action (of a hybrid action: of each of its two parts).

    So are the position that is asked for, which is linear in them, and everything else linear in them.
    """

    def __init__(self, model_config: Mapping[str, Any], members: Sequence[Tensors]) -> None:
        super().__init__()
        config = network_config(model_config)
        self.mask = schema(config.observation).mask
        whole = [network_of(model_config, tensors) for tensors in members]
        stacked = mlp_hidden(config) is not None
        self.members = StackedMembers(config, members) if stacked else SeparateMembers(whole)

    def logits(self, obs: Tensor) -> Tensor:
        """Logarithms of the mean probabilities, (N, A), for observations (N, width); MASKED where not allowed."""
        out = self.members(obs)
        barred = obs[:, self.mask] < 0.5
        action = _mean_log(out[:, :, :N_ACTIONS].masked_fill(barred, MASKED)).masked_fill(barred, MASKED)
        if out.shape[2] == N_ACTIONS:
            return action
        return torch.cat([action, _mean_log(out[:, :, N_ACTIONS:])], dim=1)

    def forward(self, obs: Tensor) -> Tensor:
        """`logits`: for export."""
        return self.logits(obs)


def ensemble(model_config: Mapping[str, Any], members: Sequence[Tensors]) -> EnsembleNetwork:
    """One network out of `tensors()` of several modules with this `model_config`.

    Raises InputError where there are no members, CorruptFile where one's names or shapes are not of this config.
    """
    if not members:
        raise InputError("an ensemble of no policies", "give at least one")
    return EnsembleNetwork(model_config, members).requires_grad_(False).eval()


def _mean_log(logits: Tensor) -> Tensor:
    """(M, N, A) to the logarithm of the mean probability, (N, A); far below any logit where it is nothing."""
    return torch.logsumexp(torch.log_softmax(logits, dim=-1), dim=0) - torch.log(torch.tensor(float(len(logits))))


def _stacked(members: Sequence[Tensors], name: str) -> Tensor:
    return torch.stack([torch.from_numpy(tensors[name]) for tensors in members])
