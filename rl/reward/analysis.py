"""What the components of a reward say: how large, how noisy, how alike, and whether one drowns the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from data.errors import InputError
from data.market import FloatArray
from rl.reward.config import PARTS

DOMINANT = 0.8
"""Share of the sum of absolute components above which one drowns the others: four times all of them together."""
VARIES = 1e-12
"""Standard deviation below which a component is taken for a constant."""


@dataclass(frozen=True, slots=True)
class ComponentFigures:
    """One component, weighted and signed, over the steps of a way of acting."""

    mean: float
    sd: float
    low: float
    high: float
    share: float
    """Of the sum of the absolute values of all components, in [0, 1]."""
    signal_to_noise: float
    """|mean| / sd of a step; 0 where it does not vary."""
    dominant: bool
    """Its share is above DOMINANT."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A way of acting: `steps` counted, figures by component, and the whole reward's."""

    steps: int
    figures: Mapping[str, ComponentFigures]
    reward_mean: float
    reward_sd: float
    correlation: tuple[tuple[float | None, ...], ...]
    """(P, P) in the order of `figures`; None where a component does not vary."""

    @property
    def dominant(self) -> tuple[str, ...]:
        """The components that drown the others."""
        return tuple(name for name, figures in self.figures.items() if figures.dominant)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"dominant": list(self.dominant)}


def behaviour(parts: FloatArray, names: Sequence[str] = PARTS) -> Behaviour:
    """Figures of components (..., P); steps of NaN are left out. InputError where no step is left."""
    steps = parts.reshape(-1, len(names))
    steps = steps[np.isfinite(steps).all(axis=1)]
    if not len(steps):
        raise InputError("no step has a reward", "choose a span with complete bars")
    size = np.abs(steps).sum(axis=0)
    share = size / size.sum() if size.sum() > 0.0 else np.zeros(len(names))
    mean, sd = steps.mean(axis=0), steps.std(axis=0)
    figures = {
        name: ComponentFigures(
            float(mean[k]), float(sd[k]), float(steps[:, k].min()), float(steps[:, k].max()), float(share[k]),
            float(abs(mean[k]) / sd[k]) if sd[k] > VARIES else 0.0, bool(share[k] > DOMINANT),
        )
        for k, name in enumerate(names)
    }  # fmt: skip
    reward = steps.sum(axis=1)
    return Behaviour(len(steps), figures, float(reward.mean()), float(reward.std()), _correlation(steps, sd))


def _correlation(steps: FloatArray, sd: FloatArray) -> tuple[tuple[float | None, ...], ...]:
    """Pearson correlations of the columns; None where one of the two does not vary."""
    varies = sd > VARIES
    scaled = (steps - steps.mean(axis=0)) / np.where(varies, sd, 1.0)
    found = np.clip(scaled.T @ scaled / len(steps), -1.0, 1.0)
    return tuple(
        tuple(float(value) if varies[i] and varies[j] else None for j, value in enumerate(row))
        for i, row in enumerate(found)
    )
