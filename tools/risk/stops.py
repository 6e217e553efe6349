"""Stops: a position that has lost too much is closed, and its symbol left alone for a while.

Losses are measured at the marks, from the average price (`max_position_loss`) and from the best price since the entry
(`max_trailing_loss`). What a stop closed is locked in the book, so a restart does not open it again.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import NamedTuple

from data.clock import parse_slot
from tools.execution.book import Book, Position
from tools.risk.limits import RiskLimits

POSITION_LOSS = "max_position_loss"
TRAILING_LOSS = "max_trailing_loss"
SLACK = 1e-12
"""A loss of exactly the limit is one, whatever its last bit."""


class Stop(NamedTuple):
    """A symbol that may not be held, by which rule, and the figures in words."""

    rule: str
    symbol: str
    detail: str


def best_marks(book: Book) -> dict[str, float]:
    """The book's best price of each position since it was entered, with the present marks; closed ones are left out."""
    found: dict[str, float] = {}
    for symbol, position in sorted(book.positions.items()):
        if position.quantity == 0.0:
            continue
        seen = (book.best_marks.get(symbol, position.average_price), position.average_price, book.marks[symbol])
        found[symbol] = max(seen) if position.quantity > 0.0 else min(seen)
    return found


def triggered(book: Book, limits: RiskLimits) -> tuple[Stop, ...]:
    """The stops that the present marks trip, by symbol; a position whose entry price is unknown trips its own."""
    found: list[Stop] = []
    best = best_marks(book) if limits.max_trailing_loss is not None else {}
    for symbol, position in sorted(book.positions.items()):
        for rule, limit, start in (
            (POSITION_LOSS, limits.max_position_loss, position.average_price),
            (TRAILING_LOSS, limits.max_trailing_loss, best.get(symbol, math.nan)),
        ):
            if limit is None or position.quantity == 0.0:
                continue
            lost = _lost(position, start, book.marks[symbol])
            if not lost < limit - SLACK:
                found.append(Stop(rule, symbol, f"{symbol} lost {lost:.2%}, limit {limit:.2%}"))
    return tuple(found)


def stops(book: Book, limits: RiskLimits, at: datetime) -> tuple[Stop, ...]:
    """What may not be held at `at` (UTC): tripped now, or locked since; one a symbol and rule, sorted."""
    locked = {
        (lock.rule, lock.symbol): Stop(lock.rule, lock.symbol, lock.detail)
        for lock in book.locks
        if lock.symbol and (not lock.until or at < parse_slot(lock.until))
    }
    now = {(stop.rule, stop.symbol): stop for stop in triggered(book, limits)}
    return tuple(stop for _, stop in sorted((locked | now).items()))


def _lost(position: Position, start: float, mark: float) -> float:
    """Fraction of `start` that a position lost by moving to `mark`; NaN where `start` is not a price."""
    if not (math.isfinite(start) and start > 0.0):
        return math.nan
    return 1.0 - mark / start if position.quantity > 0.0 else mark / start - 1.0
