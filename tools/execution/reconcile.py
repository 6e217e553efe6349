"""Reconciliation: the venue is the truth, and a book that differs from it is told so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tools.execution.book import Book

TOLERANCE = 1e-6
"""Units within which two quantities are the same."""


class Difference(NamedTuple):
    """Units of a symbol by the book's count and by the broker's."""

    symbol: str
    book: float
    broker: float


def differences(book: Book, positions: Mapping[str, float]) -> tuple[Difference, ...]:
    """Symbols whose quantities differ, sorted; empty means that book and broker agree."""
    found: list[Difference] = []
    for symbol in sorted({*book.positions, *positions}):
        ours = book.positions[symbol].quantity if symbol in book.positions else 0.0
        theirs = positions.get(symbol, 0.0)
        if not abs(ours - theirs) <= TOLERANCE:
            found.append(Difference(symbol, ours, theirs))
    return tuple(found)
