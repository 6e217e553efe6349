"""What is searched: names of a preset's fields with the distributions their values come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadConfig
from rl.config_file import nearest, read_config
from rl.training.preset import Preset, load_preset

SECTIONS = ("ppo", "episodes", "reward", "benchmark")
"""Parts of a preset that symbol agents are made with."""
Params = dict[str, Any]
"""Dotted field name -> value."""


class Distribution(BaseModel):
    """One of: `uniform` or `log_uniform` between two numbers, `integer` between two (both included), `choice`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    uniform: tuple[float, float] | None = None
    log_uniform: tuple[float, float] | None = None
    integer: tuple[int, int] | None = None
    choice: tuple[Any, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> Distribution:
        given = [name for name in ("uniform", "log_uniform", "integer", "choice") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of uniform, log_uniform, integer, choice")
        low, high = (0, 1) if self.choice is not None else self.bounds()
        if low >= high or self.choice == ():
            raise ValueError("the first bound is not below the second" if self.choice is None else "nothing to choose")
        if self.log_uniform is not None and low <= 0:
            raise ValueError("a logarithm needs bounds above zero")
        return self

    def bounds(self) -> tuple[float, float]:
        """The two ends of a range (LookupError for a choice)."""
        found = self.uniform or self.log_uniform or self.integer
        if found is None:
            raise LookupError("a choice has no bounds")
        return found

    def extremes(self) -> tuple[Any, ...]:
        """The values that are tried against the bounds of a field before anything runs."""
        return self.choice if self.choice is not None else self.bounds()

    def grid(self, points: int) -> list[Any]:
        """What a grid tries: every choice, else `points` values from end to end, evenly on the distribution's scale."""
        if self.choice is not None:
            return list(range(len(self.choice)))
        low, high = self.bounds()
        if self.log_uniform is not None:
            return [float(x) for x in np.geomspace(low, high, points)]
        even = np.linspace(low, high, points)
        return sorted({round(float(x)) for x in even}) if self.integer else [float(x) for x in even]

    def decoded(self, value: Any) -> Any:
        """The value of a field from what Tune drew: choices are drawn by their number."""
        return self.choice[int(value)] if self.choice is not None else value


class SearchFile(BaseModel):
    """A search: `space` over the fields of `preset`, some of them `fixed`, and how trials are stopped early."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = "quick"
    space: dict[str, Distribution] = Field(min_length=1)
    fixed: dict[str, Any] = Field(default_factory=dict)
    grace: int = Field(default=2, ge=1, le=1000)
    """Checkpoints every trial may reach before it can be stopped."""
    reduction: int = Field(default=3, ge=2, le=100)
    """One of so many goes on at each rung (ASHA: Li et al., "A system for massively parallel hyperparameter tuning",
    MLSys 2020)."""
    grid_points: int = Field(default=3, ge=2, le=100)
    """Values of a range that a grid tries."""


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """A checked space: a preset, and the distribution of each field that is searched."""

    preset: Preset
    distributions: Mapping[str, Distribution]

    def decoded(self, drawn: Mapping[str, Any]) -> Params:
        """Field values from what Tune drew."""
        return {name: self.distributions[name].decoded(value) for name, value in sorted(drawn.items())}

    def preset_with(self, params: Mapping[str, Any]) -> Preset:
        """The preset with those fields; BadConfig where one is out of bounds or two do not fit."""
        return with_fields(self.preset, params)


def read_search(path: Path) -> tuple[SearchFile, SearchSpace]:
    """A search from YAML. BadConfig, with the nearest name, for a field or setting that is unknown or out of bounds."""
    found = read_config(SearchFile, path)
    for name in (*found.space, *found.fixed):
        _check_name(name, path.name)
    both = sorted(set(found.space) & set(found.fixed))
    if both:
        raise BadConfig(f"{path.name}: {both[0]} is searched and fixed", "remove one of the two")
    preset = with_fields(load_preset(found.preset), found.fixed)
    for name, distribution in found.space.items():
        for value in distribution.extremes():
            with_fields(preset, {name: value}, alone=True)
    return found, SearchSpace(preset, found.space)


def fields() -> list[str]:
    """All names that can be searched: "ppo.learning_rate", "episodes.noise" and so on."""
    found: list[str] = []
    for section in SECTIONS:
        kind = Preset.model_fields[section].annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [f"{section}.{field}" for field in kind.model_fields]
    return found


def with_fields(preset: Preset, params: Mapping[str, Any], alone: bool = False) -> Preset:
    """The preset with dotted fields replaced, validated. `alone`: fields that fit only together are left to a trial."""
    table = preset.model_dump()
    for name, value in params.items():
        section, field = name.split(".")
        table[section][field] = value
    try:
        return Preset.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        if alone and first["type"] == "value_error":
            return preset
        told = ", ".join(f"{name} = {value}" for name, value in params.items())
        raise BadConfig(f"{told}: {first['msg'].lower()}", "see rl.training.preset for the bounds") from error


def finite(figure: float) -> float:
    """A figure that can be ranked: what is no number is worse than every number."""
    return figure if math.isfinite(figure) else -1e9


def _check_name(name: str, file: str) -> None:
    known = fields()
    if name not in known:
        raise BadConfig(f"{file}: {name} is no field of a preset that can be searched", nearest(name, known))
