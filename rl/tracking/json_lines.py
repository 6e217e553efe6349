"""A run as plain files: its settings, one line of JSON for each step, copies of its artifacts. Needs no library."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import StorageFailed
from rl.tracking.protocol import existing

SETTINGS, STEPS = "settings.json", "steps.jsonl"


class JsonLines:
    """`<folder>/<run>/settings.json`, `steps.jsonl`, `artifacts/`. Figures that are no finite number are null."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run: Path | None = None

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin, or go on after the last whole line: a kill may have left half of one."""
        self._run = self._folder / run
        try:
            self._run.mkdir(parents=True, exist_ok=True)
            (self._run / SETTINGS).write_text(json.dumps(config, indent=1, sort_keys=True), "utf-8")
            steps = self._run / STEPS
            if steps.exists():
                whole, newline, _ = steps.read_bytes().rpartition(b"\n")
                steps.write_bytes(whole + newline)
        except OSError as error:
            raise _failed(error) from error

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line, on the disk when this returns."""
        if self._run is None:
            return
        told = {name: float(x) if math.isfinite(x) else None for name, x in metrics.items()}
        try:
            with (self._run / STEPS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step} | told, allow_nan=False) + "\n")
        except OSError as error:
            raise _failed(error) from error

    def artifact(self, path: Path) -> None:
        """A copy under `artifacts/`."""
        if self._run is None:
            return
        try:
            (self._run / "artifacts").mkdir(exist_ok=True)
            shutil.copyfile(existing(path), self._run / "artifacts" / path.name)
        except OSError as error:
            raise _failed(error) from error

    def close(self) -> None:
        """Nothing is open between two lines."""
        self._run = None


def read_steps(folder: Path, run: str) -> list[dict[str, Any]]:
    """The lines of a run, in order."""
    text = (folder / run / STEPS).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _failed(error: OSError) -> StorageFailed:
    return StorageFailed(f"the run's figures could not be written: {error.strerror}", "free some disk space")
