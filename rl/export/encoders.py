"""The encoders of `rl.encoders` as ONNX graphs: input columns (N, inputs) float32 to embeddings (N, width)."""

from __future__ import annotations

import numpy as np

from rl.encoders.config import EncoderConfig, TransformerConfig
from rl.export.graph import GraphWriter
from rl.observation import ObservationSchema
from rl.policies.attention import NORM_FLOOR
from rl.policies.network import Tensors


def add_encoder(
    graph: GraphWriter, inputs: str, tensors: Tensors, schema: ObservationSchema, config: EncoderConfig, prefix: str
) -> str:
    """The embeddings of `inputs`; `prefix` goes before the names of constants."""
    writer = _Writer(graph, tensors, prefix)
    if isinstance(config, TransformerConfig):
        return _Transformer(writer, schema, config).add(inputs)
    x, number = inputs, 0
    while f"encoder.{number}.weight" in tensors:
        x = graph.op("Tanh", writer.linear(str(number), x))
        number += 1
    return x


class _Writer:
    """Layers of an encoder, by the names of its tensors."""

    def __init__(self, graph: GraphWriter, tensors: Tensors, prefix: str) -> None:
        self.graph, self._tensors, self._prefix = graph, tensors, prefix

    def linear(self, name: str, x: str) -> str:
        weight = self.graph.constant(self._tensors[f"encoder.{name}.weight"].T, f"{self._prefix}encoder.{name}.weight")
        return self.graph.op("Add", self.graph.op("MatMul", x, weight), self.constant(f"{name}.bias"))

    def norm(self, name: str, x: str) -> str:
        scale, shift = (self.constant(f"{name}.{part}") for part in ("weight", "bias"))
        return self.graph.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=NORM_FLOOR)

    def constant(self, name: str) -> str:
        return self.graph.constant(self._tensors[f"encoder.{name}"], f"{self._prefix}encoder.{name}")


class _Transformer:
    """Writes the blocks of `rl.encoders.transformer`."""

    def __init__(self, writer: _Writer, schema: ObservationSchema, config: TransformerConfig) -> None:
        self._g, self._config = writer.graph, config
        self._linear, self._norm, self._constant = writer.linear, writer.norm, writer.constant
        self._schema, self._window = schema, schema.window

    def add(self, inputs: str) -> str:
        g, window, last = self._g, self._window, self._config.layers - 1
        bars = window * self._schema.bar_width
        seen = g.op("Reshape", g.columns(inputs, 0, bars), g.ints(0, window, self._schema.bar_width))
        seen = g.op("Add", self._linear("bar", seen), self._constant("place"))
        others = self._linear("rest", g.columns(inputs, bars, self._schema.inputs.stop))
        tokens = g.op("Concat", seen, g.op("Unsqueeze", others, g.ints(1)), axis=1)
        for number in range(last + 1):
            tokens = self._block(f"blocks.{number}", tokens, 1 if number == last else window + 1)
        return self._norm("norm", g.op("Squeeze", tokens, g.ints(1)))

    def _block(self, name: str, tokens: str, asked: int) -> str:
        g, width = self._g, self._config.width
        total = self._window + 1
        normed = self._norm(f"{name}.attention_norm", tokens)
        key_value = self._linear(f"{name}.key_value", normed)
        query = self._split(self._linear(f"{name}.query", g.columns(normed, total - asked, total)), (0, 2, 1, 3))
        key = self._split(g.columns(key_value, 0, width, axis=2), (0, 2, 3, 1))
        value = self._split(g.columns(key_value, width, 2 * width, axis=2), (0, 2, 1, 3))
        scale = g.constant(np.array((width // self._config.attention_heads) ** -0.5, dtype=np.float32))
        odds = g.op("Softmax", g.op("MatMul", g.op("Mul", query, scale), key), axis=-1)
        found = g.op("Transpose", g.op("MatMul", odds, value), perm=(0, 2, 1, 3))
        mixed = self._linear(f"{name}.mixed", g.op("Reshape", found, g.ints(0, asked, width)))
        kept = g.op("Add", g.columns(tokens, total - asked, total), mixed)
        wide = g.op("Relu", self._linear(f"{name}.feedforward.0", self._norm(f"{name}.feedforward_norm", kept)))
        return g.op("Add", kept, self._linear(f"{name}.feedforward.2", wide))

    def _split(self, x: str, order: tuple[int, ...]) -> str:
        """(N, W, width) to (N, W, attention heads, width of one), its axes in `order`."""
        heads = self._config.attention_heads
        shape = self._g.ints(0, 0, heads, self._config.width // heads)
        return self._g.op("Transpose", self._g.op("Reshape", x, shape), perm=order)
