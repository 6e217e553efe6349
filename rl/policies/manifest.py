"""What a policy is: a manifest that says where it comes from, the tensors it vouches for, and their graph."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from data.market import Float32Array
from data.sources.protocol import Param
from rl.modules.config import ModuleConfig

Role = Literal["symbol_agents", "meta_controller"]
Hash = Field(pattern="^[0-9a-f]{64}$")


def _number(value: Any) -> Any:
    return math.nan if value is None else value


Figure = Annotated[
    float,
    BeforeValidator(_number),
    PlainSerializer(lambda x: x if math.isfinite(x) else None, return_type=float | None),
]
"""A figure of a report; one that is no number is null in the file, and never promotes a policy."""


class Manifest(BaseModel):
    """Where a policy comes from and how it did on dates it saw and did not see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1, 2] = 2
    """1: before policies carried their graph; such a one still loads."""
    policy_id: str
    role: Role
    algorithm: str
    source: str
    params: dict[str, Param]
    """What, with `source`, rebuilds the source."""
    data_hash: str
    """History.fingerprint of the training data."""
    lake: dict[str, int]
    """Delta table name -> version."""
    obs_id: str
    heads: tuple[str, ...]
    """Symbol of each head; the generic head is "*"."""
    network: ModuleConfig | None = None
    """What the symbol agents' network is made of; None: an MLP with the seven actions."""
    seed: int
    config: dict[str, Any]
    trained_from: str
    trained_until: str
    """Last slot (ISO, UTC) that training or checkpoint selection looked at."""
    metrics: dict[str, dict[str, Figure]]
    """"seen" | "validation" | "unseen" -> figure name -> value."""
    gap: dict[str, Figure] = {}
    """Sharpe ratio by name -> seen less unseen: what was learned by heart; filled in when the policy is written."""
    parents: tuple[str, ...] = ()
    """Ids of the policies this one was trained from."""
    seeds: tuple[int, ...] = ()
    """Of each member where the policy is an ensemble."""
    configurations: int = Field(default=1, ge=1)
    """Settings that were compared before this one was chosen: what a deflated Sharpe ratio has to know."""
    git_commit: str
    sha256: str = Hash
    """Of the tensor file."""
    onnx_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Of the graph; "" before it is written, and in version 1."""
    shapes: dict[str, tuple[int, ...]]
    versions: dict[str, str]
    command: str
    """What a person types to make it again."""

    @property
    def module(self) -> ModuleConfig:
        """The symbol agents' network."""
        return self.network or ModuleConfig(observation=self.obs_id)


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """A manifest, the float32 tensors it vouches for, and their ONNX graph (None until the policy is written)."""

    manifest: Manifest
    tensors: Mapping[str, Float32Array]
    onnx: bytes | None = None


def tensor_bytes(tensors: Mapping[str, Float32Array]) -> bytes:
    """The tensor file's content; a function of names and values only."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(tensors[name], dtype=np.float32) for name in sorted(tensors)})


def tensor_sha256(tensors: Mapping[str, Float32Array]) -> str:
    """sha256 of `tensor_bytes`."""
    return hashlib.sha256(tensor_bytes(tensors)).hexdigest()


def seen_less_unseen(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The gap of every Sharpe ratio that stands in both parts."""
    seen, unseen = metrics.get("seen", {}), metrics.get("unseen", {})
    return {name: seen[name] - unseen[name] for name in sorted(seen) if name in unseen and name.endswith("sharpe")}
