"""A strategy's own indicators, as further features: computed once, read slot by slot, checked for looking ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from data.errors import InputError
from data.features.spec import FeatureSpec
from data.history import History
from data.market import FloatArray
from data.panel import Panel


@runtime_checkable
class WithIndicators(Protocol):
    """A strategy that brings indicators of its own; `decide` then finds them among the snapshot's features."""

    def indicators(self, panel: Panel) -> Mapping[str, FloatArray]:
        """Name -> (T, S) for every slot of the panel. Row t may depend on rows up to t only: `bullpen lookahead`."""
        ...


def with_indicators(history: History, strategy: object) -> History:
    """The history with the strategy's indicators behind its features; the same history where it brings none.

    InputError for a name that is taken already, or an array that is not (T, S).
    """
    if not isinstance(strategy, WithIndicators):
        return history
    own = dict(sorted(strategy.indicators(history.panel).items()))
    shape = history.panel.close.shape
    for name, values in own.items():
        if name in history.features.names:
            raise InputError(f"the indicator {name!r} has the name of a feature", "rename it")
        if np.shape(values) != shape:
            raise InputError(f"the indicator {name!r} has shape {np.shape(values)}, not {shape}", "one row a slot")
    if not own:
        return history
    block = np.stack([np.asarray(values, dtype=np.float64) for values in own.values()], axis=2)
    specs = tuple(FeatureSpec(name, 0, (), "indicator") for name in own)
    features = replace(
        history.features,
        specs=history.features.specs + specs,
        values=np.concatenate([history.features.values, block], axis=2),
    )
    return replace(history, features=features)
