"""What a search is asked for, and what it calls to train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from data.errors import BadConfig
from rl.config_file import nearest
from rl.tuning.space import Params, SearchSpace

Method = Literal["random", "grid", "optuna"]
METHODS: Final[dict[str, Method]] = {"random": "random", "grid": "grid", "optuna": "optuna"}
Tell = Callable[[float, float], None]
"""Told the fraction trained, in (0, 1], and the newest held-out figure, after each checkpoint."""
TrainFunction = Callable[[Params, Tell], None]
"""Trains with those field values. It runs in a process of its own; what it raises ends its trial alone."""


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """How a search runs; everything it keeps is under `folder`."""

    folder: Path
    trials: int
    method: Method = "random"
    seed: int = 0
    checkpoints: int = 10
    """How often a trial tells its figure when it is trained to its end."""
    grace: int = 2
    reduction: int = 3
    grid_points: int = 3
    workers: int = 1
    """Trials side by side. With one the same seed gives the same trials; with more, ASHA's stops depend on who is
    first, and Optuna's draws on what it has heard by then."""
    resume: bool = False

    def begun(self, space: SearchSpace) -> dict[str, Any]:
        """What a search must have in common with the one it goes on with."""
        kept = asdict(replace(self, folder=Path(), resume=False, workers=1))
        kept["folder"] = ""
        return kept | {
            "preset": space.preset.model_dump(mode="json"),
            "space": {name: d.model_dump(mode="json") for name, d in space.distributions.items()},
        }


def read_method(name: str) -> Method:
    """The method of a name; BadConfig with the nearest where there is none."""
    if name not in METHODS:
        raise BadConfig(f"there is no search {name!r}", nearest(name, METHODS))
    return METHODS[name]
