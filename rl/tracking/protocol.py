"""What follows a training run, and what is raised where it cannot."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from data.errors import BadConfig, StorageFailed


class Tracker(Protocol):
    """Follows one run at a time. It never decides anything of the training; a write that fails is StorageFailed.

    Making one checks that its library is there (BadConfig, naming the extra), before any training time is spent.
    """

    def start(self, run: str, config: Mapping[str, Any]) -> None:
        """Begin the run of that name, or go on with it where it was begun before; `config` is plain JSON."""
        ...

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Figures at a step (a count of samples or updates, never a time)."""
        ...

    def artifact(self, path: Path) -> None:
        """Keep a copy of a file with the run; StorageFailed where there is no such file."""
        ...

    def close(self) -> None:
        """End the run and write what is left; nothing where none was begun."""
        ...


def required(module: str, tracker: str, extra: str = "tracking") -> ModuleType:
    """The module of a tracker's library; BadConfig with the extra to install where it is absent."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise BadConfig(
            f"tracker {tracker} needs {module.partition('.')[0]}, which is not installed",
            f"pip install 'bullpen[{extra}]', or choose another tracker",
        ) from error


def existing(path: Path) -> Path:
    """The path of a file that is there; else StorageFailed."""
    if not path.is_file():
        raise StorageFailed(f"there is no file {path.name} to keep with the run", "write it before it is kept")
    return path


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
