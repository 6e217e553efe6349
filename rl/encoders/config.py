"""The encoders there are and their settings; importable without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadConfig
from rl.nearest import nearest

Width = Annotated[int, Field(ge=1, le=4096)]


class MLPConfig(BaseModel):
    """Tanh layers over all inputs at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: tuple[Width, ...] = Field(default=(64, 64), min_length=1, max_length=16)
    """Widths; the last is that of the embedding."""


class TransformerConfig(BaseModel):
    """Attention over the window's bars and one token of everything else, from which the embedding is read.

    Widths are small because a CPU pays for every token.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Width = 32
    """Of a token, and of the embedding."""
    attention_heads: int = Field(default=2, ge=1, le=64)
    layers: int = Field(default=1, ge=1, le=16)
    """The last asks for the embedding's token alone; in each before it all tokens look at each other, at several times
    its cost."""
    feedforward: Width = 64

    @model_validator(mode="after")
    def _divides(self) -> TransformerConfig:
        if self.width % self.attention_heads:
            raise ValueError(f"width {self.width} is no multiple of attention_heads {self.attention_heads}")
        return self


EncoderConfig = MLPConfig | TransformerConfig
ENCODERS: dict[str, type[MLPConfig] | type[TransformerConfig]] = {"mlp": MLPConfig, "transformer": TransformerConfig}
"""Settings by encoder name."""


def encoder_config(name: str, settings: Mapping[str, Any]) -> EncoderConfig:
    """The checked settings of an encoder.

    Raises BadConfig, with the nearest known name, for an encoder or a setting that does not exist or is out of bounds.
    """
    if name not in ENCODERS:
        raise BadConfig(f"no encoder {name!r}", nearest(name, ENCODERS))
    model = ENCODERS[name]
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        raise refusal(f"encoder {name}", model, error) from error


def refusal(of: str, model: type[BaseModel], error: ValidationError) -> BadConfig:
    """The first complaint about the settings of a flat `model`, with the nearest field where one is misspelt."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    remedy = nearest(str(first["loc"][-1]), model.model_fields) if first["type"] == "extra_forbidden" else ""
    return BadConfig(f"{of}: {where or 'settings'}: {first['msg'].lower()}", remedy)
