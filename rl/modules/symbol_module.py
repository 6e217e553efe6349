"""The symbol agents as one RLModule: a shared encoder, and an actor and a critic head for each symbol.

The observation carries the head's index and the mask; an action that is masked has probability zero everywhere.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from data.market import Float32Array
from rl.actions import N_ACTIONS
from rl.modules.heads import SymbolHeads
from rl.observation import HEAD, INPUTS, MASK

MASKED = -1e9
"""Logit of an action that is not allowed: its float32 probability is exactly zero."""
Batch = dict[str, Any]


class SymbolModule(TorchRLModule, ValueFunctionAPI):
    """model_config: `heads` (1 + symbols), `hidden` (widths of the encoder's tanh layers)."""

    def setup(self) -> None:
        """Build the layers; the policy starts near uniform."""
        widths = [INPUTS.stop, *self.model_config["hidden"]]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        self.encoder = nn.Sequential(*layers)
        self.heads = SymbolHeads(self.model_config["heads"], widths[-1], N_ACTIONS + 1)
        with torch.no_grad():
            self.heads.generic.weight *= 0.1
            self.heads.generic.bias.zero_()

    def outputs(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Masked logits (N, 7) and values (N,) for observations (N, 64)."""
        out = self.heads(self.encoder(obs[:, INPUTS]), obs[:, HEAD].long())
        return out[:, :N_ACTIONS].masked_fill(obs[:, MASK] < 0.5, MASKED), out[:, N_ACTIONS]

    def _forward(self, batch: Batch, **kwargs: Any) -> Batch:
        logits, values = self.outputs(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.VF_PREDS: values}

    def _forward_train(self, batch: Batch, **kwargs: Any) -> Batch:
        """As above; the values travel as "embeddings", so that PPO's loss does not run the network twice."""
        logits, values = self.outputs(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: values}

    def compute_values(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Values (N,)."""
        return self.outputs(batch[Columns.OBS])[1] if embeddings is None else embeddings

    def tensors(self) -> dict[str, Float32Array]:
        """The actor in plain arrays: `encoder.<i>.weight` (out, in) and `.bias`, `head.weight` (H, in, 7), `head.bias`.

        Offsets are added to the generic head, which is the first; the critic stays behind.
        """
        found: dict[str, Tensor] = {}
        for i, layer in enumerate(m for m in self.encoder if isinstance(m, nn.Linear)):
            found |= {f"encoder.{i}.weight": layer.weight, f"encoder.{i}.bias": layer.bias}
        generic, heads = self.heads.generic, self.heads
        weight = torch.cat([torch.zeros_like(generic.weight.T)[None], heads.offset_weight]) + generic.weight.T
        bias = torch.cat([torch.zeros_like(generic.bias)[None], heads.offset_bias]) + generic.bias
        found |= {"head.weight": weight[:, :, :N_ACTIONS], "head.bias": bias[:, :N_ACTIONS]}
        return {name: value.detach().numpy().copy() for name, value in found.items()}
