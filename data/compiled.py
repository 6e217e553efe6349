"""numba's njit, with a cache on disk that forgets everything when any compiled source changes.

numba notices a change in the file of a compiled function, not in the files of the functions that it calls: after an
edit of a cost the engines would go on with the old one. So the cache lies in a folder named after the content of all
compiled sources. Import `njit` from here, never from numba.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
import platformdirs
from numba import njit

__all__ = ["compiled", "inlined", "njit"]

P = ParamSpec("P")
R = TypeVar("R")
OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
"""Without the runtime's reference counts, which are atomic: a named tuple of arrays costs more to hand over than a
small function takes to run. A numba that no longer knows the option says so at import."""
ROOT = Path(__file__).parents[1]
LAYERS = ("data", "tools", "rl")
"""Where compiled functions are."""
MARKS = (b"njit", b"@compiled", b"@inlined", b"@intrinsic")
"""What a source with compiled functions says."""
KEPT = 3
"""Caches of earlier sources that stay on the disk."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """`njit` for functions that make no arrays and keep none; the caller holds those it hands in."""
    return njit(**OPTIONS)(function)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """`compiled` for a small part of a hot loop: always put in its caller's place, so that tuples of arrays which are
    handed to it are not copied."""
    return njit(forceinline=True, **OPTIONS)(function)


def digest(root: Path = ROOT) -> str:
    """Sixteen hexadecimal digits of every source that has a compiled function."""
    found = hashlib.sha256()
    for path in sorted(path for layer in LAYERS for path in (root / layer).rglob("*.py")):
        source = path.read_bytes()
        if any(mark in source for mark in MARKS):
            found.update(str(path.relative_to(root)).encode() + b"\0" + source)
    return found.hexdigest()[:16]


def open_cache(base: Path, name: str) -> Path:
    """The folder `name` under `base`, made the newest; the oldest beyond KEPT others are removed."""
    folder = base / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    others = sorted((p for p in base.iterdir() if p.is_dir() and _is_ours(p.name) and p != folder), key=_age)
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _is_ours(name: str) -> bool:
    return len(name) == 16 and all(letter in "0123456789abcdef" for letter in name)


def _age(folder: Path) -> float:
    return folder.stat().st_mtime


def _point_numba_to_its_cache() -> None:
    """Where the folder cannot be made, numba is left to find a place of its own beside the sources."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(given) if given else platformdirs.user_cache_path("bullpen") / "compiled"
    try:
        numba.config.CACHE_DIR = str(open_cache(base, digest()))  # type: ignore[attr-defined]
    except OSError:
        return


_point_numba_to_its_cache()
