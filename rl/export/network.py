"""The Network that ONNX Runtime runs, for any encoder, on observation rows: what evaluation during training asks."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.export.session import open_session
from rl.export.symbol_agents import network_graph
from rl.modules.config import ModuleConfig
from rl.observation import schema
from rl.policies.network import Network, Tensors, answered, own_inputs
from rl.policies.plain import numpy_network

ROWS_AT_ONCE = 4096
"""Bounds the memory of gathered heads: 4096 x 64 x 7 float32 are 7 MB."""


class OnnxNetwork:
    """A policy's tensors under ONNX Runtime, one thread; float32 inside."""

    def __init__(self, config: ModuleConfig, tensors: Tensors) -> None:
        self._schema = schema(config.observation)
        self._session = open_session(network_graph(config, tensors))

    def logits(self, obs: Float32Array) -> FloatArray:
        """Masked logits (N, A) for observations (N, width)."""
        parts = [
            self._session.run({"obs": np.ascontiguousarray(obs[n : n + ROWS_AT_ONCE])})
            for n in range(0, max(len(obs), 1), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts).astype(np.float64)

    def asked(
        self, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
    ) -> FloatArray:
        """As `Network.asked`, symbol by symbol, so that memory stays that of one symbol's dates."""
        shown, (symbols, slots, market) = self._schema, block.shape
        obs = np.zeros((slots, shown.width), dtype=np.float32)
        obs[:, market : shown.inputs.stop] = own_inputs(shown, position, allowed)
        parts: list[FloatArray] = []
        for s in range(symbols):
            obs[:, :market], obs[:, shown.head] = block[s], heads[s]
            logits = self.logits(obs)
            parts.append(logits[:, answered(allowed, logits.shape[1])])
        return np.stack(parts)


def network_of(config: ModuleConfig, tensors: Tensors) -> Network:
    """The network that evaluation uses: numpy for an MLP (its figures keep their bits), else ONNX Runtime."""
    return numpy_network(config, tensors) if config.encoder == "mlp" else OnnxNetwork(config, tensors)
