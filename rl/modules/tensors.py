"""The actor of a symbol network in plain arrays, and the network out of them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from data.errors import CorruptFile
from data.market import Float32Array
from rl.modules.config import network_config
from rl.modules.network import SymbolNetwork

HEAD_WEIGHT, HEAD_BIAS = "head.weight", "head.bias"


def actor_tensors(network: SymbolNetwork) -> dict[str, Float32Array]:
    """The actor alone: `encoder.<...>` as torch keeps them, `head.weight` (H, in, A), `head.bias` (H, A).

    The layers of an MLP are `encoder.<i>.weight` (out, in) and `encoder.<i>.bias`. Each head is whole, offset added;
    the generic one is the first; heads that share their weights are repeated. The critic stays behind.
    """
    weight, bias = network.heads.whole()
    groups = network.groups if network.config.own_groups else torch.arange(network.config.heads)
    actions = network.config.outputs
    found = {f"encoder.{name}": value for name, value in _encoder_tensors(network).items()}
    found |= {HEAD_WEIGHT: weight[groups, :actions].transpose(1, 2), HEAD_BIAS: bias[groups, :actions]}
    return {name: value.detach().cpu().contiguous().numpy().copy() for name, value in found.items()}


def network_of(model_config: Mapping[str, Any], tensors: Mapping[str, Float32Array]) -> SymbolNetwork:
    """The network whose actor is `tensors`; its critic is untrained.

    Raises CorruptFile where names or shapes are not those of `model_config`, BadConfig where that is none.
    """
    config = network_config(model_config)
    with torch.random.fork_rng(devices=[]):
        network = SymbolNetwork(config)
    load_actor(network, tensors)
    return network


def load_actor(network: SymbolNetwork, tensors: Mapping[str, Float32Array]) -> None:
    """Write the actor's arrays into a network of the same shape (CorruptFile)."""
    expected = {name: value.shape for name, value in actor_tensors(network).items()}
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    if given != expected:
        wrong = sorted(name for name in expected.keys() | given.keys() if expected.get(name) != given.get(name))
        raise CorruptFile(f"tensors are not of this network: {', '.join(wrong)}", "use the config they came with")
    config, actions = network.config, network.config.outputs
    first = [(config.groups or tuple(range(config.heads))).index(k) for k in range(config.weight_sets)]
    weight = torch.from_numpy(tensors[HEAD_WEIGHT][first]).transpose(1, 2)
    bias = torch.from_numpy(tensors[HEAD_BIAS][first])
    heads = network.heads
    with torch.no_grad():
        for name, value in _encoder_tensors(network).items():
            value.copy_(torch.from_numpy(tensors[f"encoder.{name}"]))
        heads.generic.weight[:actions], heads.generic.bias[:actions] = weight[0], bias[0]
        heads.offset_weight[:, :actions], heads.offset_bias[:, :actions] = weight[1:] - weight[0], bias[1:] - bias[0]


def _encoder_tensors(network: SymbolNetwork) -> dict[str, Tensor]:
    """An encoder's parameters by name; layers of an MLP are numbered without what lies between them."""
    if network.config.encoder != "mlp":
        return dict(network.encoder.named_parameters())
    linear = [module for module in network.encoder.modules() if isinstance(module, nn.Linear)]
    return {f"{i}.{name}": value for i, layer in enumerate(linear) for name, value in layer.named_parameters()}
