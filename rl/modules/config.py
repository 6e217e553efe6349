"""What a symbol module is made of; importable without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadConfig
from rl.actions import N_ACTIONS
from rl.encoders.config import EncoderConfig, encoder_config, refusal

SIZES = 4
"""Size levels of the hybrid action."""
ActionsName = Literal["seven", "hybrid"]
_SHORT = frozenset({"heads", "hidden"})
"""A model_config that says no more than this means the defaults."""


class ModuleConfig(BaseModel):
    """The network of the symbol agents, whatever the symbols."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    observation: str = "obs-v1"
    """Id of the observation it reads."""
    encoder: str = "mlp"
    encoder_config: dict[str, Any] = Field(default_factory=dict)
    """Settings of the encoder; those not given have their defaults."""
    hidden: tuple[int, ...] = (64, 64)
    """Widths of the MLP, where `encoder_config` does not say."""
    actions: ActionsName = "seven"
    """Seven actions, or seven and four sizes of them."""
    vf_share_layers: bool = True
    """Whether the critic reads the actor's encoder (and is one more output of its heads) or has its own."""

    @model_validator(mode="after")
    def _encoder_exists(self) -> ModuleConfig:
        self.encoder_settings()
        return self

    def encoder_settings(self) -> EncoderConfig:
        """The encoder's checked settings (BadConfig)."""
        given = self.encoder_config
        return encoder_config(self.encoder, {"hidden": self.hidden, **given} if self.encoder == "mlp" else given)

    @property
    def outputs(self) -> int:
        """Columns of `dist_inputs`: A."""
        return N_ACTIONS + (SIZES if self.actions == "hybrid" else 0)

    def to_dict(self, heads: int, groups: Sequence[int] | None = None) -> dict[str, Any]:
        """RLlib's model_config, with every key explicit: what is left out RLlib fills on the EnvRunner's side alone.

        `heads`: head indices an observation may carry, 1 + symbols; `groups`: see `head_groups`.
        """
        return {**self.model_dump(mode="json"), "heads": heads, "groups": list(groups or range(heads))}


class SymbolNetworkConfig(ModuleConfig):
    """The network for given symbols: what RLlib's model_config says of it."""

    heads: int = Field(ge=2)
    """Head indices that an observation may carry: the generic one, 0, and one for each symbol."""
    groups: tuple[int, ...] = ()
    """(heads,): which set of weights answers each of them; of 0 the generic one, 0, alone. Empty: each its own."""

    @model_validator(mode="after")
    def _groups_fit(self) -> SymbolNetworkConfig:
        found = self.groups or tuple(range(self.heads))
        sets = set(found)
        if len(found) != self.heads or found[0] != 0 or 0 in found[1:] or sets != set(range(len(sets))):
            raise ValueError(f"groups must give each of {self.heads} heads a set of weights, 0 the generic one alone")
        return self

    @property
    def weight_sets(self) -> int:
        """Sets of head weights."""
        return max(self.groups) + 1 if self.groups else self.heads

    @property
    def own_groups(self) -> tuple[int, ...]:
        """`groups`, or () where each head has its own weights."""
        return () if self.groups == tuple(range(self.heads)) else self.groups


def network_config(settings: Mapping[str, Any]) -> SymbolNetworkConfig:
    """The checked form of RLlib's model_config, out of which keys that are not ours are left.

    RLlib adds a `vf_share_layers` of its own to what an EnvRunner sees and not to what a Learner sees (its bug 58715),
    so a model_config that says more than `heads` and `hidden` has to say that too. Raises BadConfig otherwise.
    """
    own = {name: settings[name] for name in SymbolNetworkConfig.model_fields if name in settings}
    if not set(own) - {"vf_share_layers"} <= _SHORT:
        if "vf_share_layers" not in own:
            raise BadConfig("model_config does not say vf_share_layers", "make it with ModuleConfig(...).to_dict")
    else:
        own["vf_share_layers"] = True
    try:
        return SymbolNetworkConfig.model_validate(own)
    except ValidationError as error:
        raise refusal("symbol module", SymbolNetworkConfig, error) from error


def head_groups(labels: Sequence[str]) -> tuple[int, ...]:
    """`groups` under which symbols with the same label share a head: (1 + symbols,), the generic head first.

    `labels`: one for each symbol, such as its sector, currency pair, factor or underlying; "" is a symbol on its own.
    """
    found: dict[str, int] = {}
    groups = [0]
    for number, label in enumerate(labels):
        groups.append(found.setdefault(label or f"\0{number}", len(found) + 1))
    return tuple(groups)
