"""What a training run leaves: tensors with a manifest that says where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.clock import slot_text, to_datetime
from data.history import History
from data.market import Float32Array
from data.sources.protocol import Param
from rl.meta.inputs import SCHEMA as META_OBS
from rl.store import Manifest, PolicyBundle, Role, tensor_sha256
from rl.symbol_policy import GENERIC
from rl.training.preset import Preset
from rl.training.provenance import git_commit, library_versions
from rl.training.split import Split

Metrics = dict[str, dict[str, float]]
"""Part of the dates -> figure -> value."""


SEED_STEP = 100
"""Between the seeds of an ensemble's members; those of the folds are the numbers after the first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What of a manifest the history does not know: the source's parameters and what the person typed."""

    params: Mapping[str, Param]
    command: str


@dataclass(frozen=True, slots=True)
class Birth:
    """What all policies of a run have in common."""

    history: History
    preset: Preset
    split: Split
    seed: int
    origin: Origin

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the members of an ensemble of symbol agents."""
        return tuple(self.seed + SEED_STEP * k for k in range(self.preset.seeds))

    def bundle(self, role: Role, algorithm: str, tensors: Mapping[str, Float32Array], metrics: Metrics) -> PolicyBundle:
        """Tensors and figures with their manifest; the id ends in the first digits of the tensors' hash."""
        sha256, history = tensor_sha256(tensors), self.history
        agents = role == "symbol_agents"
        config: dict[str, Any] = self.preset.model_dump(mode="json")
        manifest = Manifest(
            policy_id=f"{algorithm}-{history.source}-{self.preset.name}-{sha256[:8]}",
            role=role,
            algorithm=algorithm,
            source=history.source,
            params=dict(self.origin.params),
            data_hash=history.fingerprint,
            lake=history.lake,
            obs_id=self.preset.network.observation if agents else META_OBS,
            network=self.preset.network if agents else None,
            heads=(GENERIC, *history.panel.symbols) if agents else (),
            seed=self.seed,
            seeds=self.seeds if agents else (),
            config=config,
            trained_from=_slot(history, self.split.train.start),
            trained_until=_slot(history, self.split.validation.stop - 1),
            metrics=metrics,
            configurations=self.preset.configurations if agents else 1,
            git_commit=git_commit(),
            sha256=sha256,
            shapes={name: tensors[name].shape for name in sorted(tensors)},
            versions=library_versions(),
            command=self.origin.command,
        )
        return PolicyBundle(manifest, dict(tensors))


def _slot(history: History, row: int) -> str:
    times: list[np.datetime64] = list(history.panel.times[row : row + 1])
    return slot_text(to_datetime(times[0]))
