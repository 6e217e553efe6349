"""The RLModule that RLlib's SAC trains: a permutation-equivariant actor and twin critics read in one product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.sac.sac_learner import ACTION_DIST_INPUTS_NEXT, QF_PREDS, QF_TARGET_NEXT, QF_TWIN_PREDS
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.models.base import ENCODER_OUT
from ray.rllib.utils.numpy import MAX_LOG_NN_OUTPUT, MIN_LOG_NN_OUTPUT
from torch import Tensor, nn
from torch.nn.functional import softplus

from data.market import Float32Array
from rl.meta.actor import VIEW_WIDTH
from rl.meta.inputs import SYMBOL_COLUMNS
from rl.meta.networks import ACT_TERMS, ActorHead, ActorTrunk, CriticTrunk, Layout, Sight, appraise, embed, q_values

LOG_TWO, LOG_ROOT_TWO_PI = math.log(2.0), 0.5 * math.log(2.0 * math.pi)


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

    Actor, critics and target networks lie where RLlib's SAC looks for them, so that its own forward passes and Learner
    work on them unchanged. `_forward_train_continuous` gives the same outputs, bit for bit in what is drawn, from one
    reading of each state by all critics.
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

    def _forward_train_continuous(self, batch: dict[str, Any]) -> dict[str, Any]:
        """RLlib's outputs for SAC's losses (`DefaultSACTorchRLModule._forward_train_continuous`), with the twins in one
        product, and gradients only where a loss takes them.
        """
        actor, head = self.pi_encoder.trunk, self.pi
        now, then = (actor.layout.split(batch[key]) for key in (Columns.OBS, Columns.NEXT_OBS))
        critics, heads = self._critics("")
        seen, looked = self._embedded(critics, now)
        worth = appraise(critics, seen, now)
        mean, _, log_std = head.read(actor.code(looked, now))
        drawn, logp = _drawn(mean, log_std)
        said = q_values(worth, heads, critics[0].acts(now, batch[Columns.ACTIONS]), learn=True)
        current = q_values(worth.detach(), heads, critics[0].acts(now, drawn), learn=False)
        with torch.no_grad():
            critics, heads = self._critics("target_")
            seen, looked = self._embedded(critics, then)
            next_mean, _, next_log_std = head.read(actor.code(looked, then))
            next_drawn, next_logp = _drawn(next_mean, next_log_std)
            later = q_values(appraise(critics, seen, then), heads, critics[0].acts(then, next_drawn), learn=False)
        twin = {QF_TWIN_PREDS: said[:, 1]} if self.twin_q else {}
        return twin | {
            QF_PREDS: said[:, 0],
            Columns.ACTION_DIST_INPUTS: torch.cat([mean.detach(), log_std.detach()], dim=1),
            ACTION_DIST_INPUTS_NEXT: torch.cat([next_mean, next_log_std], dim=1),
            "logp_resampled": logp,
            "logp_next_resampled": next_logp,
            "q_curr": current.amin(1),
            QF_TARGET_NEXT: later.amin(1),
        }

    def _critics(self, prefix: str) -> tuple[list[CriticTrunk], list[nn.Linear]]:
        """Trunks and heads of the critics, or with "target_" of their target networks."""
        names = ("qf", "qf_twin") if self.twin_q else ("qf",)
        trunks = [getattr(self, f"{prefix}{name}_encoder").trunk for name in names]
        return trunks, [getattr(self, f"{prefix}{name}") for name in names]

    def _embedded(self, critics: list[CriticTrunk], sight: Sight) -> tuple[Tensor, Tensor]:
        """The first layers' output of critics and actor, (B, N, K H) and (B, N, H), from one product."""
        actor = self.pi_encoder.trunk.embed
        found = embed([*(critic.embed for critic in critics), actor], sight)
        seen, looked = found.split([found.shape[2] - actor.out_features, actor.out_features], dim=2)
        return seen, looked

    def _critic(self, layout: Layout, config: dict[str, Any]) -> tuple[nn.Module, nn.Module]:
        trunk = CriticTrunk(layout, config["critic_hidden"], config["kappa"])
        return _Encoder(trunk, (Columns.OBS, Columns.ACTIONS)), nn.Linear(config["critic_hidden"] + ACT_TERMS, 1)


def _drawn(mean: Tensor, log_std: Tensor) -> tuple[Tensor, Tensor]:
    """Actions (B, A) of RLlib's `TorchSquashedGaussian` with gradients, and their log densities (B,).

    Its formulas, written out: the noise is what a log density needs of the normal distribution, and the tanh's
    log(1 - tanh(x)^2) is 2 (log 2 - x - softplus(-2 x)).
    """
    log_std = log_std.clamp(MIN_LOG_NN_OUTPUT, MAX_LOG_NN_OUTPUT)
    noise = torch.randn(mean.shape)
    raw = torch.addcmul(mean, log_std.exp(), noise)
    normal = -0.5 * noise.square() - (log_std + LOG_ROOT_TWO_PI)
    slope = 2.0 * (LOG_TWO - raw - softplus(-2.0 * raw))
    return raw.tanh(), normal.sum(1) - slope.sum(1)


def export_actor(module: MetaModule, kappa: float) -> dict[str, Float32Array]:
    """The actor's tensors under the names of `rl.meta.actor.actor_shapes`, with its reach."""
    trunk, head = module.pi_encoder.trunk, module.pi
    symbol, views, shared = trunk.embed.weight.split([len(SYMBOL_COLUMNS), VIEW_WIDTH, trunk.layout.shared], dim=1)
    tensors = {
        "embed.symbol": symbol,
        "embed.views": views,
        "embed.shared": shared,
        "embed.bias": trunk.embed.bias,
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
