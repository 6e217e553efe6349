"""Breakers: losses that lock a book, or a symbol of it. Locks live in the book, so a restart does not lift them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from data.clock import parse_slot, slot_text
from tools.execution.book import Book, Lock
from tools.risk.limits import RiskLimits
from tools.risk.stops import SLACK, best_marks, triggered

DRAWDOWN = "max_drawdown"
DAILY_LOSS = "max_daily_loss"
WEEKLY_LOSS = "max_weekly_loss"


def drawdown(book: Book) -> float:
    """Fall from the peak, a fraction in [0, 1] (above 1 where the value is negative)."""
    return max(0.0, 1.0 - book.net_asset_value / book.peak_value)


def day_return(book: Book) -> float:
    """Return since the previous slot."""
    return book.net_asset_value / book.day_start_value - 1.0


def periods(at: datetime) -> tuple[str, str]:
    """The names of the day and of the ISO week (UTC) of an instant: "2020-03-16", "2020-W12"."""
    moment = at.astimezone(UTC)
    year, week, _ = moment.isocalendar()
    return f"{moment:%Y-%m-%d}", f"{year}-W{week:02d}"


def tripped(book: Book, limits: RiskLimits, at: datetime) -> dict[str, str]:
    """The breakers that the value at `at` (UTC) trips, by rule, with the figures in words."""
    value = book.net_asset_value
    fall, slot = 1.0 - value / book.peak_value, 1.0 - value / book.day_start_value
    day, week = (1.0 - value / book.period_values.get(period, value) for period in periods(at))
    rules: dict[str, str] = {}
    if fall >= limits.max_drawdown - SLACK:
        rules[DRAWDOWN] = f"drawdown {fall:.2%}, limit {limits.max_drawdown:.2%}"
    if slot >= limits.max_daily_loss - SLACK:
        rules[DAILY_LOSS] = f"loss since the last slot {slot:.2%}, limit {limits.max_daily_loss:.2%}"
    elif day >= limits.max_daily_loss - SLACK:
        rules[DAILY_LOSS] = f"loss of the day {day:.2%}, limit {limits.max_daily_loss:.2%}"
    if week >= limits.max_weekly_loss - SLACK:
        rules[WEEKLY_LOSS] = f"loss of the week {week:.2%}, limit {limits.max_weekly_loss:.2%}"
    return rules


def in_force(book: Book, at: datetime) -> tuple[Lock, ...]:
    """The locks that hold at `at` (UTC), of the book or of a symbol: not run out yet, or a person's to lift."""
    return tuple(lock for lock in book.locks if not lock.until or at < parse_slot(lock.until))


def update_locks(book: Book, limits: RiskLimits, at: datetime, after: Callable[[datetime], datetime]) -> Book:
    """The book marked at slot `at`, with locks that ran out dropped and those that its value trips added.

    `after` gives the slot that follows one (data.clock.Slots.after). A drawdown locks until a person lifts it; a daily
    loss for `limits.lock_bars` slots and a stop its symbol for `limits.stop_lock_bars`, counted anew from the latest; a
    weekly loss for `limits.weekly_lock_bars`, counted once. What later slots compare with is noted: the values at which
    the day and the week began, and the best price of each position. The same slot again changes nothing.
    """
    book = book.model_copy(update={"period_values": _period_values(book, at), "best_marks": best_marks(book)})
    locks = {(lock.rule, lock.symbol): lock for lock in in_force(book, at)}
    bars = {DAILY_LOSS: limits.lock_bars, WEEKLY_LOSS: limits.weekly_lock_bars}
    found = [(rule, "", detail) for rule, detail in tripped(book, limits, at).items()]
    for rule, symbol, detail in (*found, *triggered(book, limits)):
        known = locks.get((rule, symbol))
        if known is None or (known.until and rule != WEEKLY_LOSS):
            slots = bars.get(rule, limits.stop_lock_bars)
            until = "" if rule == DRAWDOWN else slot_text(_later(at, after, slots))
            lock = Lock(rule=rule, since=slot_text(at), until=until, detail=detail, symbol=symbol)
            locks[(rule, symbol)] = lock
    return book.model_copy(update={"locks": tuple(locks[key] for key in sorted(locks))})


def lift_locks(book: Book) -> Book:
    """The book as a person lets it go on: no locks, and losses counted from the present value.

    A position that stands at its stop is closed all the same: its loss is its own.
    """
    value = book.net_asset_value
    periods_now = dict.fromkeys(book.period_values, value)
    return book.model_copy(
        update={"locks": (), "peak_value": value, "day_start_value": value, "period_values": periods_now}
    )


def _period_values(book: Book, at: datetime) -> dict[str, float]:
    """Those of the present day and week; one that has just begun starts from the previous slot's value."""
    return {period: book.period_values.get(period, book.day_start_value) for period in periods(at)}


def _later(at: datetime, after: Callable[[datetime], datetime], slots: int) -> datetime:
    for _ in range(slots):
        at = after(at)
    return at
