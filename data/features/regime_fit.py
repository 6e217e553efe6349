"""The regime model: a three-state Gaussian HMM of the market, kept by the hash of what it was fitted on.

Fitting imports hmmlearn; using a model that was kept does not.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import CorruptFile, StorageFailed
from data.market import FloatArray

STATES = 3
FIRST_ITERATIONS = 50
LATER_ITERATIONS = 10
"""EM steps from a fixed start, and from the year before's model."""
VERSION = "regime-v1"
"""Changes whenever the same data would give another model."""

_DIGITS = 9
"""Significant digits kept of each parameter: the last bits of a BLAS must not reach a record."""


@dataclass(frozen=True, slots=True)
class RegimeFit:
    """Parameters for observations standardised as (x - centre) / scale, both (2,). States are ordered by variance.

    start (3,), transition (3, 3) from row to column, means and variances (3, 2).
    """

    centre: list[float]
    scale: list[float]
    start: list[float]
    transition: list[list[float]]
    means: list[list[float]]
    variances: list[list[float]]


class RegimeFits:
    """Models by the sha256 of their training data, in memory and, where a folder is given, on disk as JSON."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, RegimeFit | None] = {}

    def fit(self, observations: FloatArray, before: RegimeFit | None) -> RegimeFit | None:
        """The model of observations (N, 2), begun from the one `before` it; None where EM found no usable one."""
        words = f"{VERSION}\n{before}\n".encode()
        key = hashlib.sha256(words + np.ascontiguousarray(observations).tobytes()).hexdigest()
        if key not in self._held:
            self._held[key] = self._kept(key, observations, before)
        return self._held[key]

    def _kept(self, key: str, observations: FloatArray, before: RegimeFit | None) -> RegimeFit | None:
        if self._folder is None:
            return _train(observations, before)
        path = self._folder / f"{key}.json"
        if path.exists():
            return _read(path)
        found = _train(observations, before)
        _write(path, found)
        return found


def _train(observations: FloatArray, before: RegimeFit | None) -> RegimeFit | None:
    """EM from the model before, or from a split by volatility: the calmest half, the next third, the last sixth."""
    from hmmlearn.hmm import GaussianHMM

    centre, scale = observations.mean(axis=0), observations.std(axis=0)
    if not (np.isfinite(scale).all() and (scale > 0.0).all()):
        return None
    x = (observations - centre) / scale
    steps = FIRST_ITERATIONS if before is None else LATER_ITERATIONS
    model: Any = GaussianHMM(
        STATES, "diag", n_iter=steps, tol=0.1, init_params="", params="tmc", random_state=0, implementation="scaling"
    )
    model.startprob_ = np.full(STATES, 1.0 / STATES)
    if before is None:
        groups = np.split(np.argsort(x[:, 1], kind="stable"), [len(x) // 2, 5 * len(x) // 6])
        model.transmat_ = np.full((STATES, STATES), 0.01) + 0.97 * np.eye(STATES)
        model.means_ = np.stack([x[group].mean(axis=0) for group in groups])
        model.covars_ = np.stack([x[group].var(axis=0) + 1e-3 for group in groups])
    else:
        rescale = np.array(before.scale) / scale
        model.transmat_ = np.array(before.transition) / np.sum(before.transition, axis=1, keepdims=True)
        model.means_ = np.array(before.means) * rescale + (np.array(before.centre) - centre) / scale
        model.covars_ = np.array(before.variances) * rescale**2
    try:
        model.fit(x)
    except ValueError:
        return None
    return _ordered(model, centre, scale)


def _ordered(model: Any, centre: FloatArray, scale: FloatArray) -> RegimeFit | None:
    """The fitted model with its states in order of return variance; None unless every number is usable."""
    variances = np.stack([np.diag(c) for c in model.covars_])
    parts = (model.means_, variances, model.transmat_)
    if not all(np.isfinite(part).all() for part in parts) or not (variances > 0.0).all():
        return None
    order = np.argsort(variances[:, 0], kind="stable")
    transition = model.transmat_[np.ix_(order, order)]
    transition = transition / transition.sum(axis=1, keepdims=True)
    start = np.linalg.matrix_power(transition, 4096)[0]
    shown = (centre, scale, start / start.sum(), transition, model.means_[order], variances[order])
    return RegimeFit(*(_rounded(part.tolist()) for part in shown))


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.{_DIGITS}g}")


def _read(path: Path) -> RegimeFit | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return RegimeFit(**kept["fit"]) if kept["fit"] is not None else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        remedy = f"delete {path}; it is fitted again"
        raise CorruptFile(f"the regime model {path.name} cannot be read", remedy) from error


def _write(path: Path, fit: RegimeFit | None) -> None:
    text = json.dumps({"version": VERSION, "fit": asdict(fit) if fit is not None else None}, sort_keys=True)
    scratch = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        message = f"a regime model could not be kept: {error.strerror}"
        raise StorageFailed(message, "free some disk space and run it again; nothing was changed") from error
