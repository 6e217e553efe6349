"""A run for Weights & Biases, offline: `wandb sync` sends it where someone wants it sent; this never does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import StorageFailed
from rl.tracking.protocol import existing, required

PROJECT = "bullpen"


class WeightsAndBiases:
    """Files under `<folder>/wandb/offline-run-*`; caches stay in the folder too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
            os.environ.setdefault(name, str(self._folder / "caches"))  # wandb takes a folder `.wandb` for its own
        self._library: Any = required("wandb", "wandb")
        self._run: Any = None

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin; a run that goes on has the same id, so that a later sync puts its parts together."""
        self.close()
        quiet = self._library.Settings(silent=True, console="off", x_disable_stats=True, x_disable_meta=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run = self._library.init(
                project=PROJECT, name=run, id=run, resume="allow", mode="offline", dir=str(self._folder),
                config=dict(config), settings=quiet, reinit="create_new",
            )  # fmt: skip
        except (self._library.Error, OSError) as error:
            raise StorageFailed(f"wandb could not begin: {error}", "free some disk space, or choose jsonl") from error

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """All figures of a step."""
        if self._run is not None:
            self._run.log({name: float(value) for name, value in metrics.items()}, step=step)

    def artifact(self, path: Path) -> None:
        """A copy among the run's files."""
        if self._run is None:
            return
        folder = Path(self._run.dir)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(existing(path), folder / path.name)
        except OSError as error:
            raise StorageFailed(f"{path.name} could not be kept: {error.strerror}", "free some disk space") from error

    def close(self) -> None:
        """Write what is left."""
        if self._run is not None:
            self._run.finish()
            self._run = None
