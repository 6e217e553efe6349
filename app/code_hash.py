"""The hash of the code that decides: a record says which code made it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

DECIDING = ("data", "tools", "rl", "agents", "graph")
"""The packages a decision depends on; the app and the panel only start it and show it."""


@cache
def code_hash() -> str:
    """sha256 over the names and bytes of every Python file of the deciding packages."""
    root = Path(__file__).parent.parent
    seen = hashlib.sha256()
    for package in DECIDING:
        for path in sorted((root / package).rglob("*.py")):
            seen.update(path.relative_to(root).as_posix().encode() + b"\0")
            seen.update(hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()
