"""Symbol agents as ONNX: raw features, own state, mask and head index in, masked logits out.

    bars, context, volatility -> transforms -> encoder(columns, own, mask) -> head -> logits

All but the transforms is float32, in which the network was trained.
"""

from __future__ import annotations

import numpy as np

from rl.actions import N_ACTIONS
from rl.export.encoders import add_encoder
from rl.export.graph import GraphWriter
from rl.export.inputs import ROWS, policy_inputs, policy_output
from rl.export.normaliser import add_normaliser
from rl.export.raw import transforms
from rl.modules.config import ModuleConfig
from rl.observation import ObservationSchema, schema
from rl.policies.ensemble import members_of
from rl.policies.network import Tensors

MASKED = -1e9
"""Logit of an action that is not allowed while logits are mixed: its float32 probability is exactly zero."""


def policy_graph(config: ModuleConfig, tensors: Tensors) -> bytes:
    """The ONNX bytes of a policy, normalisation inside."""
    graph, shown = GraphWriter("symbol_agents"), schema(config.observation)
    given = {name: graph.input(name, dtype, shape) for name, (dtype, shape) in policy_inputs(shown).items()}
    volatility, year, window = graph.op("Unsqueeze", given["volatility"], graph.ints(2)), given["year"], shown.window
    bars = add_normaliser(graph, given["bars"], volatility, year, transforms(shown.bar), 3)
    parts = [graph.op("Reshape", bars, graph.ints(-1, window * shown.bar_width))]
    if shown.context:
        last = graph.columns(given["volatility"], window - 1, window)
        parts.append(add_normaliser(graph, given["context"], last, year, transforms(shown.context), 2))
    inputs = graph.op("Concat", *parts, given["own"], given["mask"], axis=1)
    logits = _logits(graph, config, shown, tensors, inputs, given["head"])
    return graph.finish(logits, policy_output(config))


def network_graph(config: ModuleConfig, tensors: Tensors) -> bytes:
    """The network alone, from whole observation rows `obs` (N, width): for evaluation during training."""
    graph, shown = GraphWriter("symbol_network"), schema(config.observation)
    obs = graph.input("obs", "float32", (ROWS, shown.width))
    head = graph.op("Squeeze", graph.columns(obs, shown.head, shown.head + 1), graph.ints(1))
    inputs = graph.columns(obs, 0, shown.inputs.stop)
    logits = _logits(graph, config, shown, tensors, inputs, graph.cast(head, "int64"))
    return graph.finish(logits, policy_output(config))


def _logits(
    graph: GraphWriter, config: ModuleConfig, shown: ObservationSchema, tensors: Tensors, inputs: str, head: str
) -> str:
    """The members' encoders and heads; of several the mixture. Masked: (rows, A)."""
    members = members_of(tensors)
    prefixes = ["" if len(members) == 1 else f"member.{k}." for k in range(len(members))]
    mask = graph.columns(inputs, shown.mask.start, shown.mask.stop)
    allowed = graph.op("Greater", mask, graph.constant(np.array(0.5, np.float32)))
    found = [
        _member(graph, config, shown, own, inputs, head, prefix) for own, prefix in zip(members, prefixes, strict=True)
    ]
    actions = [graph.columns(out, 0, N_ACTIONS) for out in found]
    if len(found) > 1:
        barred = graph.constant(np.array(MASKED, dtype=np.float32))
        actions = [_mixed(graph, [graph.op("Where", allowed, x, barred) for x in actions])]
    masked = graph.op("Where", allowed, actions[0], graph.constant(np.array(-np.inf, dtype=np.float32)))
    if config.outputs == N_ACTIONS:
        return masked
    sizes = [graph.columns(out, N_ACTIONS, config.outputs) for out in found]
    return graph.op("Concat", masked, sizes[0] if len(sizes) == 1 else _mixed(graph, sizes), axis=1)


def _member(
    graph: GraphWriter, config: ModuleConfig, shown: ObservationSchema, tensors: Tensors, inputs: str, head: str,
    prefix: str,
) -> str:  # fmt: skip
    """One network: the encoder, then each row's own head, (rows, A)."""
    x = add_encoder(graph, inputs, tensors, shown, config.encoder_settings(), prefix)
    weight, bias = (graph.constant(tensors[f"head.{part}"], f"{prefix}head.{part}") for part in ("weight", "bias"))
    rows = graph.op("MatMul", graph.op("Unsqueeze", x, graph.ints(1)), graph.op("Gather", weight, head, axis=0))
    return graph.op("Add", graph.op("Squeeze", rows, graph.ints(1)), graph.op("Gather", bias, head, axis=0))


def _mixed(graph: GraphWriter, logits: list[str]) -> str:
    """Logits of the mixture of several, as `rl.policies.ensemble`."""
    parts = [graph.op("Unsqueeze", graph.op("LogSoftmax", x, axis=-1), graph.ints(0)) for x in logits]
    total = graph.op("ReduceLogSumExp", graph.op("Concat", *parts, axis=0), graph.ints(0), keepdims=0)
    return graph.op("Sub", total, graph.constant(np.array(np.log(len(logits)), dtype=np.float32)))
