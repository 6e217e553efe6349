"""What an encoder is, and how one is made from its settings."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from rl.encoders.config import EncoderConfig, MLPConfig
from rl.encoders.mlp import MLPEncoder
from rl.encoders.transformer import TransformerEncoder
from rl.observation import ObservationSchema


class Encoder(Protocol):
    """A torch module that looks at one row at a time: permuting the rows permutes the embeddings."""

    embedding: int
    """Width of the embedding."""

    def __call__(self, obs: Tensor) -> Tensor:
        """Observations (N, width) float32 to embeddings (N, `embedding`)."""
        ...


def make_encoder(schema: ObservationSchema, config: EncoderConfig) -> MLPEncoder | TransformerEncoder:
    """The Encoder that a config belongs to, drawn from torch's global random state."""
    if isinstance(config, MLPConfig):
        return MLPEncoder(schema, config)
    return TransformerEncoder(schema, config)
