"""The foreign-exchange week ends each day at 17:00 in New York, whatever the season."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from data.clock import Slots, to_datetime
from data.sources.sessions import sessions

NEW_YORK = ZoneInfo("America/New_York")


def test_every_day_ends_at_five_in_new_york_and_none_on_a_weekend() -> None:
    found = [to_datetime(c).astimezone(NEW_YORK) for c in sessions("FX", 2020, 2025).closes]
    assert {(close.hour, close.minute) for close in found} == {(17, 0)}
    assert {close.weekday() for close in found} == {0, 1, 2, 3, 4}
    assert not {(close.month, close.day) for close in found} & {(12, 25), (1, 1)}


@pytest.mark.parametrize(
    ("day", "before", "after"), [("2024-03-08", 22, 21), ("2024-11-01", 21, 22)], ids=["spring", "autumn"]
)
def test_the_close_moves_by_an_hour_over_both_changes(day: str, before: int, after: int) -> None:
    friday = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    first, second = (to_datetime(s) for s in Slots("FX").between(friday, friday + timedelta(days=4)))
    assert (first.hour, second.hour) == (before, after)


def test_the_week_begins_on_sunday_evening() -> None:
    slots = Slots("FX", "1h").between(datetime(2024, 3, 8, 21, 30, tzinfo=UTC), datetime(2024, 3, 10, 23, tzinfo=UTC))
    assert [to_datetime(s).isoformat() for s in slots] == [
        "2024-03-08T22:00:00+00:00", "2024-03-10T22:00:00+00:00", "2024-03-10T23:00:00+00:00",
    ]  # fmt: skip
