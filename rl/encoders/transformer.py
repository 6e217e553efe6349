"""Attention over the bars of an observation's window, read out from one token of everything else.

Pre-norm blocks (Xiong et al. 2020) in plain operations, so that torch.export and ONNX Runtime take them as they are.
"""

from __future__ import annotations

from typing import cast

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

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, W, width) to the same: every token looks at all W."""
        normed = self.attention_norm(tokens)
        query = self._split(self.query(normed))
        key, value = (self._split(x) for x in self.key_value(normed).chunk(2, dim=-1))
        found = functional.scaled_dot_product_attention(query, key, value)
        return self._fed(tokens + self.mixed(found.transpose(1, 2).flatten(2)))

    def read_out(self, tokens: Tensor) -> Tensor:
        """(N, W, width) to (N, width): what `forward` makes of the last token, at a tenth of the cost.

        One query needs no key and no value of any token: keys are folded into the query, values are taken of the
        mean token. The keys' bias adds the same to every score and falls out.
        """
        normed = self.attention_norm(tokens)
        heads, width = self.attention_heads, tokens.shape[2]
        key, value = self.key_value.weight.view(2, heads, width // heads, width)
        query = self.query(normed[:, -1]).unflatten(1, (heads, -1))
        asked = torch.einsum("nhd,hdw->nhw", query, key) * (width // heads) ** -0.5
        odds = torch.softmax(asked @ normed.transpose(1, 2), dim=-1)
        found = torch.einsum("nhw,hdw->nhd", odds @ normed, value).flatten(1) + self.key_value.bias[width:]
        return self._fed(tokens[:, -1] + self.mixed(found))

    def _fed(self, kept: Tensor) -> Tensor:
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
        blocks = [AttentionBlock(config) for _ in range(config.layers)]
        self.blocks, self.last = nn.ModuleList(blocks), config.layers - 1
        self.norm = nn.LayerNorm(config.width)

    def forward(self, obs: Tensor) -> Tensor:
        """The head index is not read."""
        bars = self.bar(obs[:, self.bars].unflatten(1, (self.window, self.bar_width))) + self.place
        tokens = torch.cat([bars, self.rest(obs[:, self.others]).unsqueeze(1)], dim=1)
        for block in self.blocks[: self.last]:
            tokens = block(tokens)
        return self.norm(cast("AttentionBlock", self.blocks[self.last]).read_out(tokens))
