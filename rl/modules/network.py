"""The symbol agents' network: a shared encoder, and an actor and a critic head for each symbol.

The observation carries the head's index and the mask; an action that is masked has probability zero everywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rl.actions import N_ACTIONS
from rl.encoders.protocol import make_encoder
from rl.modules.config import SymbolNetworkConfig
from rl.modules.heads import SymbolHeads
from rl.observation import schema

MASKED = -1e9
"""Logit of an action that is not allowed: its float32 probability is exactly zero."""


class SymbolNetwork(nn.Module):
    """Encoder, heads and, where the critic shares no layers, its own; the policy starts near uniform."""

    groups: Tensor

    def __init__(self, config: SymbolNetworkConfig) -> None:
        super().__init__()
        self.config, self.schema = config, schema(config.observation)
        self.encoder = make_encoder(self.schema, config.encoder_settings())
        shared = int(config.vf_share_layers)
        self.heads = SymbolHeads(config.weight_sets, self.encoder.embedding, config.outputs + shared)
        _near_nothing(self.heads)
        if not shared:
            self.critic_encoder = make_encoder(self.schema, config.encoder_settings())
            self.critic_heads = SymbolHeads(config.weight_sets, self.encoder.embedding, 1)
            _near_nothing(self.critic_heads)
        self.register_buffer("groups", torch.tensor(config.own_groups, dtype=torch.int64), persistent=False)

    def outputs(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """`dist_inputs` (N, A), the seven logits masked, and values (N,) for observations (N, width)."""
        head = self._head(obs)
        out = self.heads(self.encoder(obs), head)
        if self.config.vf_share_layers:
            return self._masked(out[:, :-1], obs), out[:, -1]
        return self._masked(out, obs), self.critic_heads(self.critic_encoder(obs), head)[:, 0]

    def logits(self, obs: Tensor) -> Tensor:
        """`dist_inputs` (N, A) alone."""
        if self.config.vf_share_layers:
            return self.outputs(obs)[0]
        return self._masked(self.heads(self.encoder(obs), self._head(obs)), obs)

    def forward(self, obs: Tensor) -> Tensor:
        """`logits`: for export."""
        return self.logits(obs)

    def values(self, obs: Tensor) -> Tensor:
        """Values (N,) alone."""
        if self.config.vf_share_layers:
            return self.outputs(obs)[1]
        return self.critic_heads(self.critic_encoder(obs), self._head(obs))[:, 0]

    def _head(self, obs: Tensor) -> Tensor:
        """Which set of head weights answers each row, (N,)."""
        head = obs[:, self.schema.head].long()
        return self.groups[head] if self.config.own_groups else head

    def _masked(self, out: Tensor, obs: Tensor) -> Tensor:
        """Size logits, behind the seven, are not masked: a size of nothing is nothing."""
        barred = obs[:, self.schema.mask] < 0.5
        if out.shape[1] == N_ACTIONS:
            return out.masked_fill(barred, MASKED)
        return torch.cat([out[:, :N_ACTIONS].masked_fill(barred, MASKED), out[:, N_ACTIONS:]], dim=1)


def _near_nothing(heads: SymbolHeads) -> None:
    with torch.no_grad():
        heads.generic.weight *= 0.1
        heads.generic.bias.zero_()
