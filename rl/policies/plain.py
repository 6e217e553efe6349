"""A policy's network in numpy, float64: needs no ONNX Runtime, and is what an exported graph is compared with."""

from __future__ import annotations

from rl.encoders.config import TransformerConfig
from rl.modules.config import ModuleConfig
from rl.observation import schema
from rl.policies.attention import AttentionActor
from rl.policies.ensemble import Ensemble, members_of
from rl.policies.mlp import Actor
from rl.policies.network import Network, Tensors


def numpy_network(config: ModuleConfig, tensors: Tensors) -> Network:
    """The network of a policy's tensors, or the mixture of its members."""
    members = [_member(config, own) for own in members_of(tensors)]
    return members[0] if len(members) == 1 else Ensemble(members)


def _member(config: ModuleConfig, tensors: Tensors) -> Network:
    settings, shown = config.encoder_settings(), schema(config.observation)
    if isinstance(settings, TransformerConfig):
        return AttentionActor(tensors, shown, settings)
    return Actor(tensors, shown)
