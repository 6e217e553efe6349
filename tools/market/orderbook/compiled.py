"""How the functions of the book are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from data.compiled import njit

P = ParamSpec("P")
R = TypeVar("R")

OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
"""Without the runtime's reference counts, which are atomic and took three quarters of an event's time: five arrays in
and out of each of some ten small calls. A numba that no longer knows the option says so at import."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """`njit` for functions that make no arrays and keep none; the caller holds those it hands in."""
    return njit(**OPTIONS)(function)
