"""Breakers: losses that lock a book. Locks live in the book, so a restart does not lift them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from data.clock import parse_slot, slot_text
from tools.execution.book import Book, Lock
from tools.risk.limits import RiskLimits

DRAWDOWN = "max_drawdown"
DAILY_LOSS = "max_daily_loss"
SLACK = 1e-12
"""A loss of exactly the limit trips it, whatever its last bit."""


def drawdown(book: Book) -> float:
    """Fall from the peak, a fraction in [0, 1] (above 1 where the value is negative)."""
    return max(0.0, 1.0 - book.net_asset_value / book.peak_value)


def day_return(book: Book) -> float:
    """Return since the previous slot."""
    return book.net_asset_value / book.day_start_value - 1.0


def tripped(book: Book, limits: RiskLimits) -> dict[str, str]:
    """The breakers that the present value trips, by rule, with the figures in words."""
    rules: dict[str, str] = {}
    if drawdown(book) >= limits.max_drawdown - SLACK:
        rules[DRAWDOWN] = f"drawdown {drawdown(book):.2%}, limit {limits.max_drawdown:.2%}"
    if day_return(book) <= -limits.max_daily_loss + SLACK:
        rules[DAILY_LOSS] = f"loss since the last slot {-day_return(book):.2%}, limit {limits.max_daily_loss:.2%}"
    return rules


def in_force(book: Book, at: datetime) -> tuple[Lock, ...]:
    """The locks that hold the book at `at` (UTC): those a person must lift, and those not yet run out."""
    return tuple(lock for lock in book.locks if not lock.until or at < parse_slot(lock.until))


def update_locks(book: Book, limits: RiskLimits, at: datetime, after: Callable[[datetime], datetime]) -> Book:
    """The book marked at slot `at`, with locks that ran out dropped and those that its value trips added.

    `after` gives the slot that follows one (data.clock.Slots.after). A drawdown locks until a person lifts it; a daily
    loss for `limits.lock_bars` slots, counted anew from the latest such loss.
    """
    locks = {lock.rule: lock for lock in in_force(book, at)}
    for rule, detail in tripped(book, limits).items():
        if rule not in locks or locks[rule].until:
            until = "" if rule == DRAWDOWN else slot_text(_later(at, after, limits.lock_bars))
            locks[rule] = Lock(rule=rule, since=slot_text(at), until=until, detail=detail)
    return book.model_copy(update={"locks": tuple(locks[rule] for rule in sorted(locks))})


def lift_locks(book: Book) -> Book:
    """The book as a person lets it go on: no locks, and losses counted from the present value."""
    value = book.net_asset_value
    return book.model_copy(update={"locks": (), "peak_value": value, "day_start_value": value})


def _later(at: datetime, after: Callable[[datetime], datetime], slots: int) -> datetime:
    for _ in range(slots):
        at = after(at)
    return at
