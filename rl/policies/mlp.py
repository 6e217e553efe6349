"""The MLP policy network in numpy: tanh encoder, then the head each row names. float64 throughout."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.actions import N_ACTIONS
from rl.observation import OBS_V1, ObservationSchema
from rl.policies.network import Tensors, answered, own_inputs


class Actor:
    """The Network of a policy with encoder "mlp"."""

    def __init__(self, tensors: Tensors, schema: ObservationSchema = OBS_V1) -> None:
        depth = sum(name.startswith("encoder.") and name.endswith(".weight") for name in tensors)
        self.layers = [
            (tensors[f"encoder.{i}.weight"].T.astype(np.float64), tensors[f"encoder.{i}.bias"].astype(np.float64))
            for i in range(depth)
        ]
        self.schema = schema
        self.head_weight: FloatArray = tensors["head.weight"].astype(np.float64)
        """(H, width, A)"""
        self.head_bias: FloatArray = tensors["head.bias"].astype(np.float64)
        """(H, A)"""

    def logits(self, obs: Float32Array) -> FloatArray:
        """Masked logits (N, A) for observations (N, width); -inf where not allowed."""
        x = obs[:, self.schema.inputs].astype(np.float64)
        for weight, bias in self.layers:
            x = np.tanh(x @ weight + bias)
        return by_head(x, obs, self.schema, self.head_weight, self.head_bias)

    def asked(
        self, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
    ) -> FloatArray:
        """As `Network.asked`; what all rows share is multiplied once."""
        market = block.shape[-1]
        weight, bias = self.layers[0]
        x = np.tanh(block @ weight[:market] + (own_inputs(self.schema, position, allowed) @ weight[market:] + bias))
        for weight, bias in self.layers[1:]:
            x = np.tanh(x @ weight + bias)
        answers = answered(allowed, self.head_bias.shape[1])
        return x @ self.head_weight[heads][:, :, answers] + self.head_bias[heads][:, None, answers]


def by_head(
    x: FloatArray, obs: Float32Array, schema: ObservationSchema, weight: FloatArray, bias: FloatArray
) -> FloatArray:
    """Embeddings (N, I) through the heads that `obs` names, masked: logits (N, A)."""
    heads = obs[:, schema.head].astype(np.int64)
    out = np.matmul(x[:, None, :], weight[heads])[:, 0] + bias[heads]
    out[:, :N_ACTIONS] = np.where(obs[:, schema.mask] > 0.5, out[:, :N_ACTIONS], -np.inf)
    return out
