"""What a search found: every trial with its settings and figure, and how many were compared to choose the best."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import StorageFailed

TABLE = "search.json"


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial. `figure` is the best held-out figure it reached, None where it reached none."""

    number: int
    params: dict[str, Any]
    figure: float | None
    fraction: float
    """How far it was trained, in [0, 1]; below 1 it was stopped, or it failed."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """All trials, best first; those without a figure last."""

    method: str
    seed: int
    trials: tuple[TrialRow, ...]

    @property
    def best(self) -> TrialRow:
        """The trial with the best held-out figure."""
        return self.trials[0]

    @property
    def compared(self) -> int:
        """Trials the best was chosen from, stopped ones included: N of the deflated Sharpe ratio."""
        return sum(trial.figure is not None for trial in self.trials)

    @property
    def figure_sd(self) -> float:
        """Standard deviation of the trials' figures, which the deflated Sharpe ratio needs beside their number (Bailey
        and López de Prado, "The deflated Sharpe ratio", Journal of Portfolio Management 40 (2014) 94-107); 0 for one.
        """
        figures = [trial.figure for trial in self.trials if trial.figure is not None]
        return float(np.std(figures, ddof=1)) if len(figures) > 1 else 0.0

    def as_json(self) -> dict[str, Any]:
        """A table of plain values."""
        return {
            "method": self.method, "seed": self.seed, "compared": self.compared, "figure_sd": self.figure_sd,
            "trials": [asdict(trial) for trial in self.trials],
        }  # fmt: skip


def ranked(trials: Sequence[TrialRow]) -> tuple[TrialRow, ...]:
    """Best first; equals by number; those without a figure last."""
    return tuple(sorted(trials, key=lambda t: (t.figure is None, -(t.figure or 0.0), t.number)))


def write_result(folder: Path, result: SearchResult) -> None:
    """The table as `search.json`, whole or not at all (StorageFailed)."""
    partial = folder / f"{TABLE}.partial"
    try:
        partial.write_text(json.dumps(result.as_json(), indent=1, allow_nan=False), "utf-8")
        os.replace(partial, folder / TABLE)
    except OSError as error:
        raise StorageFailed(f"the table of trials could not be written: {error.strerror}", "free some space") from error
