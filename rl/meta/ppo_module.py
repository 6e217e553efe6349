"""The RLModule that PPO trains: SAC's actor, and a value network that pools what it sees as the critics do."""

from __future__ import annotations

import math
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchDiagGaussian
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from rl.meta.networks import ActorHead, ActorTrunk, Layout, embed

Batch = dict[str, Any]


class ValueNetwork(nn.Module):
    """Observation (B, D) -> value (B,): each symbol's code, their mean over what can be traded, and one layer on it."""

    def __init__(self, layout: Layout, hidden: int) -> None:
        super().__init__()
        self.layout = layout
        self.embed = nn.Linear(layout.row_width, hidden)
        self.state = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, 1)

    def forward(self, observation: Tensor) -> Tensor:
        """(B, D) -> (B,)."""
        sight = self.layout.split(observation)
        pooled = embed((self.embed,), sight).sum(1) / sight.tradable.sum(1).clamp(min=1.0)
        return self.value(torch.relu(self.state(pooled)))[:, 0]


class AllocationPPOModule(TorchRLModule, ValueFunctionAPI):
    """`model_config`: symbols, shared, hidden, mixed, critic_hidden, kappa, deviation (RLlib's own are passed over).

    The actor lies under the names that `rl.meta.module.export_actor` reads.
    """

    def setup(self) -> None:
        """Build the layers, drawn from torch's global random state; wishes begin with `deviation` about the prior."""
        config: dict[str, Any] = self.model_config
        layout = Layout(config["symbols"], config["shared"])
        trunk = ActorTrunk(layout, config["hidden"], config["mixed"], config["kappa"])
        self.pi_encoder: Any = nn.ModuleDict({"trunk": trunk})
        self.pi = ActorHead(config["mixed"])
        with torch.no_grad():
            for layer in (self.pi.symbol, self.pi.cash):
                layer.bias[2] = math.log(config["deviation"])
        self.vf = ValueNetwork(layout, config["critic_hidden"])
        self.action_dist_cls = TorchDiagGaussian

    def outputs(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs of `rl.meta.gaussian` (B, 2 A) and values (B,) for observations (B, D)."""
        return self.pi(self.pi_encoder.trunk(obs)), self.vf(obs)

    def _forward(self, batch: Batch, **kwargs: Any) -> Batch:
        """As `outputs`; the values travel as "embeddings", so that PPO's loss does not run the network twice."""
        inputs, values = self.outputs(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: inputs, Columns.EMBEDDINGS: values}

    def compute_values(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Values (B,)."""
        return self.vf(batch[Columns.OBS]) if embeddings is None else embeddings
