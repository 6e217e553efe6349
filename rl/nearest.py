"""The answer to a misspelt name: the known one it was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 12
"""Known names listed where none is near."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy: the known name nearest to `name`, whatever its case, or else the first known ones."""
    names = sorted(known)
    by_case = {n.casefold(): n for n in names}
    found = get_close_matches(name.casefold(), list(by_case), n=1)
    if found:
        return f"did you mean {by_case[found[0]]!r}?"
    return f"one of {', '.join(names[:_MOST])}" + (", ..." if len(names) > _MOST else "")
