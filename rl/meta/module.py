"""The RLModule that RLlib's SAC trains: a permutation-equivariant actor and pooled twin critics."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ENCODER_OUT
from torch import Tensor, nn

from data.market import Float32Array
from rl.meta.actor import VIEW_WIDTH
from rl.meta.networks import ActorHead, ActorTrunk, CriticTrunk, Layout


class _Encoder(nn.Module):
    """Gives a trunk the dictionary manners of an RLlib encoder."""

    def __init__(self, trunk: nn.Module, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.trunk: Any = trunk
        self.keys = keys

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {ENCODER_OUT: self.trunk(*(batch[key] for key in self.keys))}


class MetaModule(DefaultSACTorchRLModule):
    """`model_config`: symbols, shared, hidden, mixed, critic_hidden, kappa (and RLlib's twin_q).

    RLlib's own forward passes, losses and target networks are used unchanged; only the networks are ours.
    """

    pi_encoder: _Encoder
    pi: ActorHead

    def setup(self) -> None:
        """Build the networks; critics only where it learns."""
        config: dict[str, Any] = self.model_config
        self.twin_q = config["twin_q"]
        layout = Layout(config["symbols"], config["shared"])
        self.pi_encoder = _Encoder(
            ActorTrunk(layout, config["hidden"], config["mixed"], config["kappa"]), (Columns.OBS,)
        )
        self.pi = ActorHead(config["mixed"])
        if self.inference_only:
            return
        self.qf_encoder, self.qf = self._critic(layout, config)
        if self.twin_q:
            self.qf_twin_encoder, self.qf_twin = self._critic(layout, config)

    def _critic(self, layout: Layout, config: dict[str, Any]) -> tuple[nn.Module, nn.Module]:
        trunk = CriticTrunk(layout, config["critic_hidden"], config["kappa"])
        return _Encoder(trunk, (Columns.OBS, Columns.ACTIONS)), nn.Linear(config["critic_hidden"] + 2, 1)


def export_actor(module: MetaModule, kappa: float) -> dict[str, Float32Array]:
    """The actor's tensors under the names of `rl.meta.actor.actor_shapes`, with its reach."""
    trunk, head = module.pi_encoder.trunk, module.pi
    width = trunk.embed_rows.weight.shape[1] - VIEW_WIDTH
    tensors = {
        "embed.symbol": trunk.embed_rows.weight[:, :width],
        "embed.views": trunk.embed_rows.weight[:, width:],
        "embed.shared": trunk.embed_shared.weight,
        "embed.bias": trunk.embed_rows.bias,
        "mix.embed": trunk.mix_embed.weight,
        "mix.pooled": trunk.mix_pooled.weight,
        "mix.bias": trunk.mix_embed.bias,
        "symbol.weight": head.symbol.weight[:2],
        "symbol.bias": head.symbol.bias[:2],
        "cash.shared": trunk.cash_shared.weight,
        "cash.pooled": trunk.cash_pooled.weight,
        "cash.bias": trunk.cash_shared.bias,
        "cash_out.weight": head.cash.weight[:2],
        "cash_out.bias": head.cash.bias[:2],
        "kappa": torch.tensor([kappa]),
    }
    return {name: value.detach().numpy().astype(np.float32) for name, value in sorted(tensors.items())}
