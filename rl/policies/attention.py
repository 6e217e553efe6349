"""The transformer policy network in numpy, float64: what an exported graph is compared with, bar by bar attention.

The operations are those of `rl.encoders.transformer`, under the names of its state.
"""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, Float32Array, FloatArray, IntArray
from rl.encoders.config import TransformerConfig
from rl.observation import ObservationSchema
from rl.policies.mlp import by_head
from rl.policies.network import Tensors, answered, own_inputs

NORM_FLOOR = 1e-5
"""Added to a variance before its root: torch's LayerNorm."""


class AttentionActor:
    """The Network of a policy with encoder "transformer"."""

    def __init__(self, tensors: Tensors, schema: ObservationSchema, config: TransformerConfig) -> None:
        self._schema, self._config = schema, config
        self._t = {name: value.astype(np.float64) for name, value in tensors.items()}

    def logits(self, obs: Float32Array) -> FloatArray:
        """Masked logits (N, A) for observations (N, width); -inf where not allowed."""
        x = self._embedding(obs[:, self._schema.inputs].astype(np.float64))
        return by_head(x, obs, self._schema, self._t["head.weight"], self._t["head.bias"])

    def asked(
        self, block: FloatArray | Float32Array, heads: IntArray, position: float, allowed: BoolArray
    ) -> FloatArray:
        """As `Network.asked`."""
        own = own_inputs(self._schema, position, allowed)
        shown = np.broadcast_to(own, (*block.shape[:2], len(own)))
        rows: FloatArray = np.concatenate([block.astype(np.float64), shown], axis=-1)
        x = self._embedding(rows.reshape(-1, rows.shape[-1])).reshape(*block.shape[:2], -1)
        weight, bias = self._t["head.weight"], self._t["head.bias"]
        answers = answered(allowed, bias.shape[1])
        return x @ weight[heads][:, :, answers] + bias[heads][:, None, answers]

    def _embedding(self, inputs: FloatArray) -> FloatArray:
        window, width, last = self._schema.window, self._schema.bar_width, self._config.layers - 1
        bars = inputs[:, : window * width].reshape(-1, window, width)
        bars = self._linear("bar", bars) + self._t["encoder.place"]
        tokens = np.concatenate([bars, self._linear("rest", inputs[:, window * width :])[:, None]], axis=1)
        for number in range(last + 1):
            tokens = self._block(f"blocks.{number}", tokens, 1 if number == last else window + 1)
        return self._norm("norm", tokens[:, -1])

    def _block(self, name: str, tokens: FloatArray, asked: int) -> FloatArray:
        normed = self._norm(f"{name}.attention_norm", tokens)
        query = self._split(self._linear(f"{name}.query", normed[:, -asked:]))
        key, value = (self._split(x) for x in np.split(self._linear(f"{name}.key_value", normed), 2, axis=-1))
        odds = query @ key.swapaxes(2, 3) / np.sqrt(query.shape[-1])
        odds = np.exp(odds - odds.max(axis=-1, keepdims=True))
        found = (odds / odds.sum(axis=-1, keepdims=True)) @ value
        found = found.swapaxes(1, 2).reshape(len(tokens), asked, -1)
        kept = tokens[:, -asked:] + self._linear(f"{name}.mixed", found)
        wide = np.maximum(self._linear(f"{name}.feedforward.0", self._norm(f"{name}.feedforward_norm", kept)), 0.0)
        return kept + self._linear(f"{name}.feedforward.2", wide)

    def _split(self, x: FloatArray) -> FloatArray:
        return x.reshape(*x.shape[:2], self._config.attention_heads, -1).swapaxes(1, 2)

    def _linear(self, name: str, x: FloatArray) -> FloatArray:
        return x @ self._t[f"encoder.{name}.weight"].T + self._t[f"encoder.{name}.bias"]

    def _norm(self, name: str, x: FloatArray) -> FloatArray:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + NORM_FLOOR)
        return centred / spread * self._t[f"encoder.{name}.weight"] + self._t[f"encoder.{name}.bias"]
