"""Attention over the bars of an observation's window, read out from one token of everything else.

Pre-norm blocks (Xiong et al. 2020) in plain operations, so that torch.export and ONNX Runtime take them as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rl.encoders.config import TransformerConfig
from rl.observation import ObservationSchema


class AttentionBlock(nn.Module):
    """Self-attention and a feed-forward layer, each on normalised tokens and added to what came in."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.attention_heads = config.attention_heads
        self.attention_norm, self.feedforward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.mixed = nn.Linear(width, width)
        self.feedforward = nn.Sequential(
            nn.Linear(width, config.feedforward), nn.ReLU(), nn.Linear(config.feedforward, width)
        )

    def forward(self, tokens: Tensor, asked: int) -> Tensor:
        """(N, W, width) to (N, asked, width): the last `asked` tokens look at all W."""
        normed = self.attention_norm(tokens)
        query = self._split(self.query(normed[:, -asked:]))
        key, value = (self._split(x) for x in self.key_value(normed).chunk(2, dim=-1))
        found = functional.scaled_dot_product_attention(query, key, value)
        kept = tokens[:, -asked:] + self.mixed(found.transpose(1, 2).flatten(2))
        return kept + self.feedforward(self.feedforward_norm(kept))

    def _split(self, x: Tensor) -> Tensor:
        """(N, W, width) to (N, attention heads, W, width of one)."""
        return x.unflatten(2, (self.attention_heads, -1)).transpose(1, 2)


class TransformerEncoder(nn.Module):
    """Observations (N, width) to embeddings (N, `embedding`).

    One token for each bar, with a learned place, and a last one for context, own state, portfolio, directives and mask.
    """

    def __init__(self, schema: ObservationSchema, config: TransformerConfig) -> None:
        super().__init__()
        self.window, self.bar_width, self.embedding = schema.window, schema.bar_width, config.width
        self.bars = slice(0, schema.window * schema.bar_width)
        self.others = slice(self.bars.stop, schema.inputs.stop)
        self.bar = nn.Linear(schema.bar_width, config.width)
        self.rest = nn.Linear(self.others.stop - self.others.start, config.width)
        self.place = nn.Parameter(0.1 * torch.randn(schema.window, config.width))
        self.blocks = nn.ModuleList(AttentionBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)

    def forward(self, obs: Tensor) -> Tensor:
        """The head index is not read."""
        bars = self.bar(obs[:, self.bars].unflatten(1, (self.window, self.bar_width))) + self.place
        tokens = torch.cat([bars, self.rest(obs[:, self.others]).unsqueeze(1)], dim=1)
        for number, block in enumerate(self.blocks, start=1):
            tokens = block(tokens, 1 if number == len(self.blocks) else self.window + 1)
        return self.norm(tokens[:, -1])
