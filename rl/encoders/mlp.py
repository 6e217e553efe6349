"""The plain encoder: tanh layers over every input column."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from rl.encoders.config import MLPConfig
from rl.encoders.linear_tanh import is_fused, linear_tanh
from rl.observation import ObservationSchema


class MLPEncoder(nn.Module):
    """Observations (N, width) to embeddings (N, `embedding`)."""

    def __init__(self, schema: ObservationSchema, config: MLPConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise((schema.inputs.stop, *config.hidden)):
            layers += [nn.Linear(inputs, outputs), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.inputs = schema.inputs
        self.embedding = config.hidden[-1]

    def forward(self, obs: Tensor) -> Tensor:
        """The mask bits are read, the head index is not."""
        x = obs[:, self.inputs]
        if not is_fused(x):
            return self.layers(x)
        x = x.contiguous()
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                x = linear_tanh(x, layer.weight, layer.bias)
        return x
