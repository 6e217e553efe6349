"""Which slots are run, passed over or waited for, at any instant and under each misfire policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scheduling.plan import Plan, Rule, Taken, plan, upcoming
from app.scheduling.schedule import Misfire, seconds_of, span_text
from data.clock import Slots, to_datetime
from data.errors import BadConfig

NYSE, WEEK, CRYPTO = Slots("XNYS"), Slots("FX"), Slots("24/7")
HOURS = Slots("24/7", "1h")
MISFIRES: tuple[Misfire, ...] = ("skip", "run_once", "catch_up")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule(misfire: Misfire, since: str = "2024-03-01", offset_m: int = 15, grace_m: int = 60) -> Rule:
    return Rule(timedelta(minutes=offset_m), timedelta(minutes=grace_m), misfire, at(since))


LAST = at("2024-03-05T21:00")
"""A Tuesday's close."""


# --- one slot ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("misfire", MISFIRES)
def test_a_slot_is_run_from_its_offset_on_and_not_a_moment_before(misfire: Misfire) -> None:
    due = at("2024-03-06T21:15")
    early = plan(rule(misfire), NYSE, LAST, None, due - timedelta(microseconds=1))
    assert (early.run, early.passed, early.wake) == (None, (), due)
    assert plan(rule(misfire), NYSE, LAST, None, due).run == at("2024-03-06T21:00")


def test_slots_due_before_the_schedule_was_made_are_none_of_its_business() -> None:
    now = at("2024-03-06T22:00")
    assert plan(rule("catch_up", since="2024-03-06T21:15"), NYSE, None, None, now).run == at("2024-03-06T21:00")
    later = plan(rule("catch_up", since="2024-03-06T21:16"), NYSE, None, None, now)
    assert (later.run, later.wake) == (None, at("2024-03-07T21:15"))


def test_a_clock_that_went_back_finds_nothing_to_run() -> None:
    for misfire in MISFIRES:
        found = plan(rule(misfire), NYSE, at("2024-03-08T21:00"), None, at("2024-03-06T21:30"))
        assert not found.acts


# --- misfires -----------------------------------------------------------------------------------------------------


def ran(misfire: Misfire, now: str, grace_m: int = 60) -> tuple[list[str], list[str]]:
    """The slots run and passed over until nothing is left to do at `now`, in order, as "day hour"."""
    runs, passed, last = list[datetime](), list[datetime](), LAST
    while (found := plan(rule(misfire, grace_m=grace_m), NYSE, last, None, at(now))).acts:
        passed += [p.slot for p in found.passed]
        runs += [found.run] if found.run else []
        last = max(runs + passed)
    return [f"{r:%d}" for r in runs], [f"{p:%d}" for p in passed]


def test_skip_runs_nothing_that_is_later_than_its_grace() -> None:
    assert ran("skip", "2024-03-08T23:00") == ([], ["06", "07", "08"])
    assert ran("skip", "2024-03-08T22:00") == (["08"], ["06", "07"])


def test_run_once_runs_only_the_latest_that_is_due() -> None:
    assert ran("run_once", "2024-03-08T23:00") == (["08"], ["06", "07"])
    assert ran("run_once", "2024-03-08T22:00") == (["08"], ["06", "07"])


def test_run_once_runs_in_order_what_is_still_within_its_grace() -> None:
    assert ran("run_once", "2024-03-08T21:20", grace_m=3 * 24 * 60) == (["06", "07", "08"], [])


def test_catch_up_runs_every_slot_in_its_order() -> None:
    assert ran("catch_up", "2024-03-08T23:00") == (["06", "07", "08"], [])


@settings(max_examples=150, deadline=None)
@given(
    misfire=st.sampled_from(MISFIRES),
    calendar=st.sampled_from([HOURS, NYSE, WEEK, CRYPTO]),
    steps=st.lists(st.integers(-30 * 60, 60 * 60), min_size=1, max_size=25),
    offset_m=st.integers(0, 300),
    grace_m=st.integers(0, 600),
)
def test_over_any_walk_of_the_clock_each_slot_is_settled_once_in_order_and_never_early(
    misfire: Misfire, calendar: Slots, steps: list[int], offset_m: int, grace_m: int
) -> None:
    """Minutes forwards and backwards; at each stop everything the plan asks for is done."""
    the_rule = rule(misfire, "2024-03-08", offset_m, grace_m)
    now, last = at("2024-03-08"), None
    settled: dict[datetime, str] = {}
    furthest = now
    for minutes in (0, *steps):
        now += timedelta(minutes=minutes)
        furthest = max(furthest, now)
        while (found := plan(the_rule, calendar, last, None, now)).acts:
            for slot in (*(p.slot for p in found.passed), *([found.run] if found.run else [])):
                assert slot not in settled
                assert last is None or slot > last
                assert slot + the_rule.offset <= now
                settled[slot] = "run" if slot == found.run else "passed"
                last = slot
            if found.run and misfire == "skip":
                assert now <= found.run + the_rule.offset + the_rule.grace
    due = calendar.between(the_rule.since - the_rule.offset, furthest - the_rule.offset)
    assert sorted(settled) == [to_datetime(slot) for slot in due]
    if misfire == "catch_up":
        assert set(settled.values()) <= {"run"}


# --- under way ------------------------------------------------------------------------------------------------------

SLOT = at("2024-03-06T21:00")
FIRST = at("2024-03-06T21:15")


def under_way(now: str, misfire: Misfire = "run_once", **taken: object) -> Plan:
    return plan(rule(misfire), NYSE, SLOT, Taken(SLOT, FIRST, **taken), at(now))  # type: ignore[arg-type]


def test_nothing_is_run_beside_a_slot_that_is_held() -> None:
    assert not under_way("2024-03-07T21:30").acts


def test_a_slot_whose_holder_is_silent_is_taken_over_however_late_it_is() -> None:
    assert under_way("2024-03-09T12:00", "skip", lapsed=True).run == SLOT


def test_a_late_source_is_asked_again_within_the_grace() -> None:
    retry = at("2024-03-06T21:17")
    assert under_way("2024-03-06T21:16", retry_at=retry) == Plan((), None, retry)
    assert under_way("2024-03-06T21:17", retry_at=retry).run == SLOT
    after = under_way("2024-03-06T22:16", retry_at=retry)
    assert [(p.slot, p.status) for p in after.passed] == [(SLOT, "missed")]
    assert after.run is None


def test_a_late_source_has_the_whole_grace_from_when_it_was_first_asked() -> None:
    first = at("2024-03-08T10:00")
    taken = Taken(SLOT, first, retry_at=first + timedelta(minutes=2))
    assert plan(rule("catch_up"), NYSE, SLOT, taken, first + timedelta(minutes=60)).run == SLOT


@pytest.mark.parametrize(("misfire", "runs"), [("skip", "07"), ("run_once", "07"), ("catch_up", "06")])
def test_the_next_slot_takes_the_place_of_one_that_is_late_unless_each_is_to_be_run(
    misfire: Misfire, runs: str
) -> None:
    long = Rule(timedelta(minutes=15), timedelta(days=3), misfire, at("2024-03-01"))
    found = plan(long, NYSE, SLOT, Taken(SLOT, FIRST, retry_at=FIRST), at("2024-03-07T21:20"))
    assert f"{found.run:%d}" == runs


# --- daylight saving --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "since", "local", "expected"),
    [
        (NYSE, "2024-03-07T23:00", "America/New_York", ["08 16:15", "11 16:15", "12 16:15"]),
        (NYSE, "2024-10-31T23:00", "America/New_York", ["01 16:15", "04 16:15", "05 16:15"]),
        (WEEK, "2024-03-07T23:00", "America/New_York", ["08 17:15", "11 17:15", "12 17:15"]),
        (WEEK, "2024-10-31T23:00", "America/New_York", ["01 17:15", "04 17:15", "05 17:15"]),
        (CRYPTO, "2024-03-09T12:00", "UTC", ["10 00:15", "11 00:15", "12 00:15"]),
        (CRYPTO, "2024-11-02T12:00", "UTC", ["03 00:15", "04 00:15", "05 00:15"]),
        (NYSE, "2024-11-27T23:00", "America/New_York", ["29 13:15", "02 16:15", "03 16:15"]),
    ],
    ids=["nyse-spring", "nyse-autumn", "fx-spring", "fx-autumn", "crypto-spring", "crypto-autumn", "early-close"],
)
def test_what_is_due_keeps_to_the_market_over_changes_of_the_clock(
    calendar: Slots, since: str, local: str, expected: list[str]
) -> None:
    the_rule = rule("run_once", since)
    due = [s + the_rule.offset for s in upcoming(the_rule, calendar, None, at(since), 3)]
    assert [f"{d.astimezone(ZoneInfo(local)):%d %H:%M}" for d in due] == expected


def test_hours_of_crypto_neither_repeat_nor_drop_out_in_the_nights_of_the_change() -> None:
    for night in ("2024-03-10", "2024-11-03"):
        found = upcoming(rule("catch_up", night), HOURS, None, at(night), 24)
        assert [b - a for a, b in pairwise(found)] == [timedelta(hours=1)] * 23


# --- lengths of time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172800)])
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(span_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "15", "-5m", "5 minutes", "m5", "1.5h"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(BadConfig):
        seconds_of(text)
