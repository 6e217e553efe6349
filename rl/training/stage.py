"""One stretch of training that may be killed and gone on with: its checkpoints on disk, whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from data.errors import CorruptFile, StorageFailed
from data.market import Float32Array

Tensors = dict[str, Float32Array]
_TRAIL, _FIGURES, _ALGORITHM = "trail.safetensors", "trail.json", "algorithm"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The mean of the weights over one stretch of training, and its figure on the judging dates."""

    tensors: Tensors
    figure: float
    samples: int


@dataclass(frozen=True, slots=True)
class Trail:
    """The checkpoints of one training run, in order, and how many bars judged them."""

    checkpoints: tuple[Checkpoint, ...]
    judged_bars: float


class Resumable(Protocol):
    """An algorithm that can put its whole state into a folder and take it from there."""

    def checkpoint(self, folder: Path) -> None:
        """Write everything that decides how training goes on."""
        ...

    def resume(self, folder: Path) -> None:
        """Take it back; what follows is the same, bit for bit."""
        ...


class StageFolder:
    """`<path>/<n>/` holds the first n checkpoints and the algorithm's state after them.

    A folder is written aside and renamed, and only then its predecessor removed: a kill at any time leaves one of them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def trail(self) -> tuple[Checkpoint, ...]:
        """The checkpoints that are kept; none where the stage has not begun. CorruptFile where they cannot be read."""
        newest = self._newest()
        return _read(newest) if newest else ()

    def resume(self, algorithm: Resumable) -> None:
        """Put an algorithm where the newest checkpoint left it; nothing where there is none."""
        newest = self._newest()
        if newest:
            algorithm.resume(newest / _ALGORITHM)

    def keep(self, trail: tuple[Checkpoint, ...], algorithm: Resumable) -> None:
        """Keep the trail so far with the algorithm's state (StorageFailed where the disk does not take it)."""
        whole, partial = self.path / str(len(trail)), self.path / f"{len(trail)}.partial"
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _write(partial, trail)
            algorithm.checkpoint(partial / _ALGORITHM)
            partial.rename(whole)
            for older in self._complete()[:-1]:
                shutil.rmtree(older, ignore_errors=True)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise StorageFailed(
                f"a checkpoint of {self.path.name} could not be written: {error.strerror}", "free some disk space"
            ) from error

    def _newest(self) -> Path | None:
        complete = self._complete()
        return complete[-1] if complete else None

    def _complete(self) -> list[Path]:
        found = [p for p in self.path.iterdir() if p.name.isdigit()] if self.path.is_dir() else []
        return sorted(found, key=lambda p: int(p.name))


def _write(folder: Path, trail: tuple[Checkpoint, ...]) -> None:
    from safetensors.numpy import save_file

    save_file({f"{n}/{name}": x for n, c in enumerate(trail) for name, x in c.tensors.items()}, folder / _TRAIL)
    told = [{"figure": c.figure, "samples": c.samples} for c in trail]
    (folder / _FIGURES).write_text(json.dumps(told), encoding="utf-8")


def _read(folder: Path) -> tuple[Checkpoint, ...]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        told: list[dict[str, Any]] = json.loads((folder / _FIGURES).read_text(encoding="utf-8"))
        tensors: list[Tensors] = [{} for _ in told]
        for key, value in load_file(folder / _TRAIL).items():
            number, _, name = key.partition("/")
            tensors[int(number)][name] = value
        return tuple(Checkpoint(t, float(x["figure"]), int(x["samples"])) for t, x in zip(tensors, told, strict=True))
    except (OSError, ValueError, KeyError, IndexError, TypeError, SafetensorError) as error:
        raise CorruptFile(
            f"the checkpoint {folder.name} of {folder.parent.name} cannot be read", "train without --resume"
        ) from error
