"""The arguments of option formulas as equal columns, refused by name where they cannot be."""

from __future__ import annotations

import numpy as np

from data.errors import InputError
from data.market import BoolArray, FloatArray

Numbers = FloatArray | float
"""(N,) or one number for all rows."""
Calls = BoolArray | bool
"""(N,) True for calls, False for puts, or one for all rows."""

_PLAIN = ("C", "W")
"""Contiguous and writable, whatever was given: numba compiles each kernel once."""
BOUNDS: dict[str, tuple[float, float]] = {
    "spot": (1e-12, 1e15),
    "strike": (1e-12, 1e15),
    "years": (0.0, 100.0),
    "vol": (0.0, 100.0),
    "rate": (-3.0, 3.0),
    "carry": (-3.0, 3.0),
    "dividend": (-3.0, 3.0),
    "price": (0.0, 1e15),
}
"""Lowest and highest of each argument: prices in currency, years, and fractions per year. Inside, nothing overflows."""


def columns(**given: Numbers) -> tuple[FloatArray, ...]:
    """The arguments as contiguous (N,) float64 in their order; scalars are repeated.

    Raises InputError that names the argument, the row and the number where one is NaN or outside BOUNDS, or where the
    lengths differ.
    """
    found = unchecked(**given)
    for name, column in zip(given, found, strict=True):
        low, high = BOUNDS[name]
        bad = np.flatnonzero(~((column >= low) & (column <= high)))
        if bad.size:
            raise InputError(
                f"{name}[{bad[0]}] is {column[bad[0]]:g}: it has to be a number from {low:g} to {high:g}",
                "mend or leave out this row",
            )
    return found


def unchecked(**given: Numbers) -> tuple[FloatArray, ...]:
    """Like `columns`, with any number let through."""
    arrays = [np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in given.values()]
    lengths = {a.size for a in arrays} - {1}
    if any(a.ndim != 1 for a in arrays) or len(lengths) > 1:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(given, arrays, strict=True))
        raise InputError(f"The columns do not fit together: {shapes}", "give (N,) arrays of one N, or single numbers")
    rows = lengths.pop() if lengths else 1
    return tuple(np.full(rows, a[0]) if len(a) != rows else np.require(a, requirements=_PLAIN) for a in arrays)


def call_column(call: Calls, rows: int) -> BoolArray:
    """(rows,) True for calls; raises InputError where `call` is no truth value or has another length."""
    column = np.atleast_1d(np.asarray(call))
    if column.dtype != np.bool_ or column.ndim != 1 or len(column) not in (1, rows):
        raise InputError(
            f"call is {column.dtype} {column.shape}, not bool ({rows},)", "give True for a call, False for a put"
        )
    return np.full(rows, column[0]) if len(column) != rows else np.require(column, requirements=_PLAIN)
