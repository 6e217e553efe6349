"""Reward components of a user's own, named by import path and tried before anything is trained."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadConfig
from data.market import FloatArray
from rl.config_file import nearest
from rl.facts import StepFacts

Facts = Mapping[str, FloatArray]
"""The fields of rl.facts.StepFacts, each (N,)."""
Component = Callable[[Facts], FloatArray]
TRIAL = StepFacts(
    net=0.004, gross=0.005, cost=0.001, move=0.01, hedge=0.001, reference_move=0.008, position=0.25, target=0.5,
    traded=0.25, drawdown_before=0.02, drawdown_after=0.016, bars=3.0, unit=100.0,
)  # fmt: skip
"""An ordinary day (volatility 1 %, a quarter bought for 10 bps) that every component must be able to judge."""
FAULTS = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)
"""What a function that does not fit raises."""


class CustomPart(BaseModel):
    """One component: `function` is "package.module:function" and gets the facts; its (N,) values are weighted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    function: str
    weight: Annotated[float, Field(ge=-10.0, le=10.0, allow_inf_nan=False)] = 1.0

    @property
    def name(self) -> str:
        """The name of its column: that of the function."""
        return self.function.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """A component that was found and tried."""

    config: CustomPart
    function: Component

    def values(self, facts: Facts, count: int) -> FloatArray:
        """Its unweighted values (N,), float64; BadConfig, naming the function, for anything else."""
        try:
            found = np.asarray(self.function(facts), dtype=np.float64)
        except FAULTS as error:
            raise BadConfig(
                f"reward component {self.config.function} fails: {type(error).__name__}: {error}",
                f"it gets a mapping of {', '.join(StepFacts._fields)}, each an array of {count} numbers",
            ) from error
        if found.shape != (count,):
            raise BadConfig(
                f"reward component {self.config.function} returns shape {found.shape} for {count} rows",
                "return one number a row",
            )
        if not np.isfinite(found).all():
            raise BadConfig(
                f"reward component {self.config.function} returns {found[~np.isfinite(found)][0]}",
                "return finite numbers",
            )
        return found


def load_part(config: CustomPart) -> LoadedPart:
    """Import a component and try it on two ordinary rows; BadConfig, naming it, where it is absent or does not fit."""
    module_name, colon, name = config.function.partition(":")
    if not (module_name and colon and name):
        raise BadConfig(f"reward component {config.function!r} is no import path", "write package.module:function")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise BadConfig(
            f"reward component {config.function}: no module {module_name} ({error})", "is it on the Python path?"
        ) from error
    if not hasattr(module, name):
        public = [n for n in vars(module) if not n.startswith("_") and callable(getattr(module, n))]
        remedy = nearest(name, public) if public else "the module has no functions"
        raise BadConfig(f"reward component {config.function}: {module_name} has no {name}", remedy)
    function = getattr(module, name)
    if not callable(function):
        raise BadConfig(f"reward component {config.function} is a {type(function).__name__}", "name a function")
    loaded = LoadedPart(config, cast(Component, function))
    loaded.values({field: np.full(2, value) for field, value in TRIAL._asdict().items()}, 2)
    return loaded
