"""Losses lock the book; restarts, time and people each lift only what is theirs to lift."""

from datetime import UTC, datetime, timedelta

import pytest

from tools.execution.book import Book
from tools.risk.breakers import day_return, drawdown, in_force, lift_locks, update_locks
from tools.risk.limits import RiskLimits

T0 = datetime(2020, 3, 16, 20, tzinfo=UTC)
LIMITS = RiskLimits(max_drawdown=0.2, max_daily_loss=0.05, max_weekly_loss=1.0, lock_bars=3)


def next_day(slot):
    return slot + timedelta(days=1)


def review(book, at):
    return update_locks(book, LIMITS, at, next_day)


def worth(value, peak=100.0, before=100.0, **changes):
    return Book(name="b", cash=value, peak_value=peak, day_start_value=before, **changes)


def reloaded(book):
    return Book.model_validate_json(book.model_dump_json())


def test_figures_by_hand():
    assert drawdown(worth(85.0)) == pytest.approx(0.15)
    assert drawdown(worth(105.0)) == 0.0
    assert day_return(worth(97.0)) == pytest.approx(-0.03)


def test_within_limits_nothing_locks():
    assert review(worth(96.0), T0).locks == ()


def test_a_daily_loss_locks_for_its_slots_and_survives_a_restart():
    book = reloaded(review(worth(95.0), T0))
    (lock,) = book.locks
    assert (lock.rule, lock.since, lock.until) == ("max_daily_loss", "2020-03-16T20:00:00Z", "2020-03-19T20:00:00Z")
    quiet = book.model_copy(update={"day_start_value": 95.0})
    held = [bool(in_force(quiet, T0 + timedelta(days=d))) for d in range(5)]
    assert held == [True, True, True, False, False]
    assert review(quiet, T0 + timedelta(days=2)).locks == (lock,)
    assert review(quiet, T0 + timedelta(days=3)).locks == ()


def test_another_loss_counts_the_slots_anew():
    book = review(worth(95.0), T0)
    again = book.model_copy(update={"cash": 89.0, "day_start_value": 95.0})
    (lock,) = review(again, T0 + timedelta(days=1)).locks
    assert lock.until == "2020-03-20T20:00:00Z"


def test_a_drawdown_locks_until_a_person_lifts_it():
    book = reloaded(review(worth(80.0, before=80.0), T0))
    assert [(lock.rule, lock.until) for lock in book.locks] == [("max_drawdown", "")]
    recovered = book.model_copy(update={"cash": 120.0})
    assert in_force(recovered, T0 + timedelta(days=9999))
    assert review(recovered, T0 + timedelta(days=9)).locks == book.locks
    lifted = lift_locks(book)
    assert lifted.locks == ()
    assert review(lifted, T0 + timedelta(days=1)).locks == ()
    assert lifted.net_asset_value == 80.0


def test_both_breakers_lock_side_by_side():
    assert [lock.rule for lock in review(worth(79.0), T0).locks] == ["max_daily_loss", "max_drawdown"]


def test_a_weekly_loss_is_counted_from_the_last_slot_of_the_week_before():
    limits = RiskLimits(max_daily_loss=1.0, max_drawdown=1.0, max_weekly_loss=0.1, weekly_lock_bars=4)
    book, values, locked = worth(100.0), (100.0, 95.0, 91.0, 89.0, 89.0, 93.0, 93.0, 84.0), []
    for n, value in enumerate(values):  # T0 is a Monday
        at = T0 + timedelta(days=n - 1)
        book = book.model_copy(update={"day_start_value": book.cash, "cash": value})
        book = update_locks(book, limits, at, next_day)
        locked.append([lock.until[8:10] for lock in in_force(book, at)])
    assert locked == [[], [], [], ["22"], ["22"], ["22"], ["22"], ["26"]]
    assert book.period_values == {"2020-03-22": 93.0, "2020-W12": 100.0}


def test_a_new_week_starts_from_where_the_last_one_ended():
    limits = RiskLimits(max_daily_loss=1.0, max_drawdown=1.0, max_weekly_loss=0.1)
    friday = update_locks(worth(92.0, before=93.0), limits, T0 - timedelta(days=3), next_day)
    assert friday.period_values == {"2020-03-13": 93.0, "2020-W11": 93.0}
    monday = friday.model_copy(update={"day_start_value": 92.0, "cash": 83.0})
    assert not update_locks(monday, limits, T0, next_day).locks
    lower = monday.model_copy(update={"cash": 82.8})
    (lock,) = update_locks(lower, limits, T0, next_day).locks
    assert (lock.rule, lock.detail) == ("max_weekly_loss", "loss of the week 10.00%, limit 10.00%")


def test_a_day_of_many_slots_adds_up():
    hour = timedelta(hours=1)
    book, open_at = worth(100.0), T0.replace(hour=14)
    for n, value in enumerate((98.0, 96.5, 95.1, 94.9)):
        book = book.model_copy(update={"day_start_value": book.cash, "cash": value})
        book = update_locks(book, LIMITS, open_at + n * hour, lambda slot: slot + hour)
        assert [lock.rule for lock in book.locks] == (["max_daily_loss"] if n == 3 else [])
    tomorrow = book.model_copy(update={"day_start_value": 94.9, "cash": 94.0})
    reviewed = update_locks(tomorrow, LIMITS, open_at + timedelta(days=1), lambda slot: slot + hour)
    assert not reviewed.locks
    assert reviewed.period_values == {"2020-03-17": 94.9, "2020-W12": 100.0}


def test_the_same_slot_again_changes_nothing():
    book = review(worth(79.0), T0)
    assert review(book, T0) == book
    assert reloaded(book) == book
