"""Small policies with random weights, sound in form, for tests of those who use them."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.features.catalog import SHARED_SPECS
from rl.forecasts import Forecaster
from rl.meta.actor import actor_shapes
from rl.meta.inputs import SCHEMA, SHARED_BOOK_COLUMNS
from rl.modules.config import ModuleConfig
from rl.observation import BLOCK_WIDTH, INPUTS, OBS_ID, OBS_V2
from rl.policies.files import sealed
from rl.store import Manifest, PolicyBundle, tensor_sha256

SEEN_UNTIL = "2019-12-31T21:00:00Z"


def symbol_policy(seed: int = 0, heads: tuple[str, ...] = ("*", "AAPL", "KO"), **changes: Any) -> PolicyBundle:
    rng = np.random.default_rng(seed)
    width = 8
    tensors = {
        "encoder.0.weight": rng.standard_normal((width, INPUTS.stop)) * 0.3,
        "encoder.0.bias": rng.standard_normal(width) * 0.1,
        "head.weight": rng.standard_normal((len(heads), width, 7)),
        "head.bias": rng.standard_normal((len(heads), 7)) * 0.1,
    }
    return bundle(tensors, role="symbol_agents", obs_id=OBS_ID, heads=heads, policy_id="toy-symbols-0", **changes)


def windowed_policy(seed: int = 0, heads: tuple[str, ...] = ("*", "AAPL", "KO"), **changes: Any) -> PolicyBundle:
    """On obs-v2, with classifiers that serve from 2015 on."""
    rng, module = np.random.default_rng(seed), ModuleConfig(observation=OBS_V2.id, hidden=(8,))
    forecaster = Forecaster(
        np.array([2015]), *(0.1 * rng.standard_normal(shape) for shape in ((1, 3, BLOCK_WIDTH), (1, 3)))
    )
    tensors = {
        "encoder.0.weight": rng.standard_normal((8, OBS_V2.inputs.stop)) * 0.1,
        "encoder.0.bias": rng.standard_normal(8) * 0.1,
        "head.weight": rng.standard_normal((len(heads), 8, 7)),
        "head.bias": rng.standard_normal((len(heads), 7)) * 0.1,
    }
    fields: dict[str, Any] = {"role": "symbol_agents", "obs_id": OBS_V2.id, "heads": heads, "network": module}
    return bundle(tensors | forecaster.tensors(), **{**fields, "policy_id": "toy-windows-0", **changes})


def meta_policy(seed: int = 0, **changes: Any) -> PolicyBundle:
    rng = np.random.default_rng(seed)
    shapes = actor_shapes(8, 8, len(SHARED_SPECS) + len(SHARED_BOOK_COLUMNS))
    tensors = {name: rng.standard_normal(shape) * 0.5 for name, shape in shapes.items()}
    tensors["kappa"] = np.array([1.0])
    return bundle(tensors, role="meta_controller", obs_id=SCHEMA, heads=(), policy_id="toy-meta-0", **changes)


def bundle(tensors: dict[str, np.ndarray], **changes: Any) -> PolicyBundle:
    held = {name: np.asarray(value, np.float32) for name, value in tensors.items()}
    fields: dict[str, Any] = {
        "algorithm": "toy", "source": "sample", "params": {}, "data_hash": "0" * 64, "lake": {}, "seed": 0,
        "config": {}, "trained_from": "2010-01-04T21:00:00Z", "trained_until": SEEN_UNTIL, "metrics": {},
        "git_commit": "",
        "sha256": tensor_sha256(held), "shapes": {n: v.shape for n, v in held.items()}, "versions": {},
        "command": "none",
    }  # fmt: skip
    return sealed(PolicyBundle(Manifest(**(fields | changes)), held))


def without_graph(found: PolicyBundle) -> PolicyBundle:
    """The same as it was before policies carried their graph: version 1."""
    old = found.manifest.model_copy(update={"schema_version": 1, "onnx_sha256": ""})
    return PolicyBundle(old, found.tensors)
