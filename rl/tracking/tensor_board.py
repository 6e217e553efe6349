"""A run as TensorBoard event files, written by tensorboardX, which Ray brings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.errors import StorageFailed
from rl.tracking.protocol import existing, required, sha256


class TensorBoard:
    """`tensorboard --logdir <folder>` shows the runs. Settings and artifacts' names stand under "text"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library: Any = required("tensorboardX", "tensorboard")
        self._writer: Any = None

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin, or add another event file to the run's folder."""
        self.close()
        try:
            self._writer = self._library.SummaryWriter(str(self._folder / run), write_to_disk=True)
        except OSError as error:
            raise StorageFailed(f"TensorBoard's files could not be written: {error.strerror}") from error
        self._writer.add_text("settings", f"```\n{json.dumps(config, indent=1, sort_keys=True)}\n```")

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """One scalar for each figure."""
        for name, value in metrics.items() if self._writer else ():
            self._writer.add_scalar(name, float(value), step)

    def artifact(self, path: Path) -> None:
        """A copy beside the event files, and its sha256 as a text."""
        if self._writer is None:
            return
        folder = Path(self._writer.logdir) / "artifacts"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(existing(path), folder / path.name)
        except OSError as error:
            raise StorageFailed(f"{path.name} could not be kept: {error.strerror}", "free some disk space") from error
        self._writer.add_text(f"artifacts/{path.name}", sha256(path))

    def close(self) -> None:
        """Flush and close the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
