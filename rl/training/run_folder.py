"""Where a training run keeps what it needs to be gone on with, under a name that says what it was begun with."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from data.errors import InputError, StorageFailed
from rl.training.stage import StageFolder


class RunFolder:
    """`<root>/<run_id>/`: a folder a stage. The id is a function of data, preset, seed and code.

    Going on with other data, another preset or other code is another run, so that a policy's manifest never says what
    was true of only half of its training. One process at a time; a second one gets InputError.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self.path = root / run_id
        self._lock = FileLock(root / f".{run_id}.lock", timeout=0)

    def open(self, resume: bool) -> None:
        """Take the folder for this process; without `resume` what an earlier run left is removed first."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            if not resume:
                shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(exist_ok=True)
        except Timeout as error:
            raise InputError(f"the training run {self.path.name} is under way", "wait for it, or stop it") from error
        except OSError as error:
            raise StorageFailed(f"no folder for the training run: {error.strerror}", "check --home") from error

    def stage(self, name: str) -> StageFolder:
        """The folder of one stage."""
        return StageFolder(self.path / name.replace(",", "").replace(" ", "-"))

    def finish(self) -> None:
        """The run is over: drop what only served to go on."""
        shutil.rmtree(self.path, ignore_errors=True)

    def close(self) -> None:
        """Let other processes have it."""
        self._lock.release()


def run_identity(parts: Mapping[str, Any]) -> str:
    """Eight hex digits of what the run was begun with."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def write_json(path: Path, content: Any) -> None:
    """Write a small JSON file whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
    partial.replace(path)
