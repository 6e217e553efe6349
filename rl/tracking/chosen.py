"""Trackers by name, several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import BadConfig, BullpenError
from rl.config_file import nearest
from rl.tracking.json_lines import JsonLines
from rl.tracking.mlflow_store import MLflow
from rl.tracking.protocol import Tracker
from rl.tracking.tensor_board import TensorBoard
from rl.tracking.weights_and_biases import WeightsAndBiases

TRACKERS: Mapping[str, Callable[[Path], Tracker]] = {
    "jsonl": JsonLines,
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WeightsAndBiases,
}
"""Name -> the tracker that keeps everything under a folder."""


class Trackers:
    """Several trackers as one, told in order; closing tries all of them, and then says what went wrong first."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = tuple(trackers)

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin or go on in each."""
        for tracker in self._trackers:
            tracker.start(run, config)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Tell each."""
        for tracker in self._trackers:
            tracker.log(step, metrics)

    def artifact(self, path: Path) -> None:
        """Keep with each."""
        for tracker in self._trackers:
            tracker.artifact(path)

    def close(self) -> None:
        """Close all, even where one fails."""
        faults: list[BullpenError] = []
        for tracker in self._trackers:
            try:
                tracker.close()
            except BullpenError as error:
                faults.append(error)
        if faults:
            raise faults[0]


def open_trackers(names: str | Sequence[str], folder: Path) -> Tracker:
    """The trackers named ("tensorboard,mlflow", or a list), each under `<folder>/<name>`; none named, none told.

    BadConfig, with the nearest name or the extra to install, before anything is written.
    """
    listed = names.split(",") if isinstance(names, str) else names
    wanted = list(dict.fromkeys(name.strip() for name in listed if name.strip()))
    for name in wanted:
        if name not in TRACKERS:
            raise BadConfig(f"there is no tracker {name!r}", nearest(name, TRACKERS))
    return Trackers([TRACKERS[name](folder / name) for name in wanted])
