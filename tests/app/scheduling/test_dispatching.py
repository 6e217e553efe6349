"""What becomes of a slot: run once, asked again, taken over, waiting, disabled; on a file and on Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.scheduling.dispatcher import Clocks, Dispatcher, Told
from app.scheduling.lease import Pace
from app.scheduling.schedule import Schedule
from app.scheduling.store import Ended, ScheduleStore
from data.clock import slot_text
from data.errors import BullpenError, Halted, InputError, NotFound, SourceUnavailable
from tests.schedulers import at, schedule

PACE = Pace(beat_s=1.0, lease_s=30.0, poll_s=1.0, retry_s=120.0)
FIRST, SECOND, THIRD = "2024-03-02T00:00:00Z", "2024-03-03T00:00:00Z", "2024-03-04T00:00:00Z"


@dataclass
class Scripted:
    """Cycles that end as they are told, and remember which were run."""

    ends: list[Ended | Exception] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    statuses: dict[str, Any] = field(default_factory=dict)
    next_slots: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def choose(self, schedule: Schedule, waiting: str) -> str:
        self.left.append(waiting)
        return self.next_slots.pop(0)

    def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
        self.ran.append(cycle_slot)
        end = self.ends.pop(0) if self.ends else Ended("done", "fine")
        if isinstance(end, Exception):
            raise end
        return end

    def status(self, schedule: Schedule, cycle_slot: str) -> Any:
        return self.statuses.get(cycle_slot)

    def expire(self, schedule: Schedule, now: datetime) -> None:
        if now >= at("2024-03-02T12:00"):
            self.statuses[FIRST] = "done"


class Desk:
    """A store with one schedule, and schedulers on it that share a clock which only the test moves."""

    def __init__(self, where: Path | str, **fields: Any) -> None:
        self.where, self.now, self.seconds = where, at("2024-03-01T12:00"), 0.0
        self.cycles, self.told = Scripted(), list[Told]()
        self.store = ScheduleStore(where)
        self.opened = [self.store]
        self.store.add(schedule("crypto", **fields), "me", self.now)

    def scheduler(self, me: str = "a", cycles: Scripted | None = None) -> Dispatcher:
        """A scheduler with a connection of its own."""
        store = ScheduleStore(self.where)
        self.opened.append(store)
        clocks = Clocks(lambda: self.now, lambda: self.seconds)
        return Dispatcher(store, cycles or self.cycles, me, clocks, PACE, self.told.append)

    def go(self, text: str) -> None:
        """Set the clock."""
        self.now = at(text)

    def rows(self) -> list[tuple[str, str]]:
        """(slot, status) of what is recorded, oldest first."""
        return [(t.slot, t.status) for t in reversed(self.store.triggers("crypto", 100))]


@pytest.fixture
def desk(where: Path | str) -> Iterator[Desk]:
    made = Desk(where)
    yield made
    for store in made.opened:
        store.close()


def test_a_slot_is_run_by_who_comes_first_and_never_again(desk: Desk) -> None:
    one, other = desk.scheduler("a"), desk.scheduler("b")
    one.dispatch("crypto")
    assert desk.cycles.ran == []
    desk.go("2024-03-02T00:00")
    for each in (one, other, one):
        each.dispatch("crypto")
    assert (desk.cycles.ran, desk.rows()) == ([FIRST], [(FIRST, "done")])
    assert (desk.store.triggers("crypto", 1)[0].claimed_by, desk.store.entry("crypto").failures) == ("a", 0)


def test_a_clock_that_goes_back_runs_nothing_twice(desk: Desk) -> None:
    scheduler = desk.scheduler()
    for moment in ("2024-03-02T00:10", "2024-03-01T20:00", "2024-03-02T00:00", "2024-03-03T00:00"):
        desk.go(moment)
        scheduler.dispatch("crypto")
    assert desk.cycles.ran == [FIRST, SECOND]


def test_a_clock_that_leapt_ahead_and_was_set_right_silences_nothing(desk: Desk) -> None:
    scheduler = desk.scheduler()
    desk.go("2024-03-02T00:01")
    scheduler.dispatch("crypto")
    desk.cycles.ends = [Ended("late", "no bars yet")]
    desk.go("2024-09-01T00:01")
    scheduler.dispatch("crypto")
    assert len(desk.rows()) == 100, "as many as are looked at"
    desk.go("2024-03-02T00:02")
    scheduler.dispatch("crypto")
    desk.go("2024-03-03T00:01")
    scheduler.dispatch("crypto")
    desk.go("2024-03-04T00:01")
    scheduler.dispatch("crypto")
    assert desk.rows() == [(FIRST, "done"), (SECOND, "done"), (THIRD, "done")]


def test_a_clock_that_is_behind_erases_nothing_that_was_passed_over(desk: Desk) -> None:
    scheduler = desk.scheduler()
    desk.go("2024-03-04T09:00")
    scheduler.dispatch("crypto")
    desk.go("2024-03-01T20:00")
    scheduler.dispatch("crypto")
    desk.go("2024-03-05T00:01")
    scheduler.dispatch("crypto")
    assert desk.rows() == [
        (FIRST, "skipped"), (SECOND, "skipped"), (THIRD, "done"), ("2024-03-05T00:00:00Z", "done"),
    ]  # fmt: skip


def test_after_a_long_sleep_the_policy_decides_and_what_is_passed_over_is_recorded(desk: Desk) -> None:
    desk.go("2024-03-04T09:00")
    desk.scheduler().dispatch("crypto")
    assert desk.cycles.ran == [THIRD]
    assert desk.rows() == [(FIRST, "skipped"), (SECOND, "skipped"), (THIRD, "done")]


def test_catch_up_runs_every_slot_in_order(where: Path | str) -> None:
    desk = Desk(where, misfire="catch_up")
    desk.go("2024-03-04T09:00")
    desk.scheduler().dispatch("crypto")
    assert desk.cycles.ran == [FIRST, SECOND, THIRD]


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_late_source_is_asked_again_and_then_recorded_as_missed(desk: Desk) -> None:
    desk.cycles.ends = [
        Ended("late", "bars until yesterday"),
        SourceUnavailable("HTTP 503"),
        *[Ended("late", "x")] * 50,
    ]
    scheduler = desk.scheduler()
    desk.go("2024-03-02T00:00")
    for _ in range(100):
        scheduler.dispatch("crypto")
        desk.now += timedelta(minutes=1)
    assert 20 < len(desk.cycles.ran) < 40
    assert desk.rows() == [(FIRST, "missed")]
    assert "x" in desk.store.triggers("crypto", 1)[0].said
    assert desk.store.entry("crypto").failures == 0


def test_a_source_that_comes_late_is_run(desk: Desk) -> None:
    desk.cycles.ends = [Ended("late", "not yet")]
    scheduler = desk.scheduler()
    for moment in ("2024-03-02T00:00", "2024-03-02T00:01", "2024-03-02T00:02"):
        desk.go(moment)
        scheduler.dispatch("crypto")
    assert (desk.cycles.ran, desk.rows()) == ([FIRST, FIRST], [(FIRST, "done")])


def test_failures_in_a_row_disable_until_a_person_enables(where: Path | str) -> None:
    desk = Desk(where, max_failures=2, misfire="catch_up")
    desk.cycles.ends = [InputError("one"), Ended("done", ""), InputError("two"), ValueError("three")]
    scheduler = desk.scheduler()
    desk.go("2024-03-09T09:00")
    scheduler.dispatch("crypto")
    assert [status for _, status in desk.rows()] == ["failed", "done", "failed", "failed"]
    entry = desk.store.entry("crypto")
    assert (entry.enabled, entry.failures, entry.changed_by) == (False, 2, "scheduler")
    assert "ValueError: three" in entry.why
    scheduler.dispatch("crypto")
    assert len(desk.cycles.ran) == 4
    desk.store.enable("crypto", True, "ann", "", desk.now)
    scheduler.dispatch("crypto")
    assert len(desk.cycles.ran) == 4  # what came due while it was disabled is not made up for
    desk.go("2024-03-10T00:00")
    scheduler.dispatch("crypto")
    assert desk.cycles.ran[4:] == ["2024-03-10T00:00:00Z"]
    assert [(c.what, c.by) for c in reversed(desk.store.changes(9))] == [
        ("added", "me"), ("disabled", "scheduler"), ("enabled", "ann"),
    ]  # fmt: skip


@pytest.mark.parametrize("end", [Halted("the switch is on"), Ended("halted", "verdict")], ids=["raised", "recorded"])
def test_a_halted_desk_is_no_failure(where: Path | str, end: Any) -> None:
    desk = Desk(where, max_failures=1)
    desk.cycles.ends = [end]
    desk.go("2024-03-02T00:00")
    desk.scheduler().dispatch("crypto")
    assert desk.rows() == [(FIRST, "halted")]
    assert desk.store.entry("crypto").enabled


# --- two schedulers --------------------------------------------------------------------------------------------------


class Dies(BaseException):
    """Nothing is stored after it, as after SIGKILL."""


class Fatal(Scripted):
    def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
        super().run(schedule, cycle_slot)
        raise Dies


def test_the_slot_of_a_dead_scheduler_is_taken_over_once_it_was_silent_for_a_lease(desk: Desk) -> None:
    desk.go("2024-03-02T00:00")
    with pytest.raises(Dies):
        desk.scheduler("dead", Fatal()).dispatch("crypto")
    heir = desk.scheduler("heir")
    for seconds, ran in ((0.0, []), (29.9, []), (30.0, [FIRST])):
        desk.seconds = seconds
        heir.dispatch("crypto")
        assert desk.cycles.ran == ran
    trigger = desk.store.triggers("crypto", 1)[0]
    assert (trigger.status, trigger.claimed_by, trigger.attempt) == ("done", "heir", 2)


def test_signs_of_life_keep_a_slot_and_a_jump_of_the_wall_clock_does_not_end_a_lease(desk: Desk) -> None:
    desk.go("2024-03-02T00:00")
    with pytest.raises(Dies):
        desk.scheduler("slow", Fatal()).dispatch("crypto")
    heir = desk.scheduler("heir")
    for seconds in range(0, 300, 20):
        desk.seconds = float(seconds)
        desk.now += timedelta(hours=1)
        desk.store.beat("slow", "code", [("crypto", FIRST)], desk.now)
        heir.dispatch("crypto")
    assert desk.cycles.ran == []


def test_who_was_taken_over_cannot_store_how_its_cycle_ended(desk: Desk) -> None:
    desk.go("2024-03-02T00:00")
    taken = list[Any]()

    class Suspended(Scripted):
        def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
            taken.extend(desk.store.triggers("crypto", 1))
            raise Dies

    with pytest.raises(Dies):
        desk.scheduler("suspended", Suspended()).dispatch("crypto")
    heir = desk.scheduler("heir")
    for desk.seconds in (0.0, 60.0):
        heir.dispatch("crypto")
    assert not desk.store.end(taken[0], Ended("failed", "too late"), desk.now, desk.now)
    assert desk.rows() == [(FIRST, "done")]


def test_a_book_that_another_process_is_running_is_left_alone(desk: Desk) -> None:
    desk.go("2024-03-02T00:00")
    scheduler = desk.scheduler()
    with desk.store.alone("crypto"), pytest.raises(SourceUnavailable):
        scheduler.dispatch("crypto")
    assert (desk.cycles.ran, desk.rows()) == ([], [])
    scheduler.dispatch("crypto")
    assert desk.cycles.ran == [FIRST]


def test_a_stop_lets_the_running_cycle_end_and_begins_no_other(where: Path | str) -> None:
    desk = Desk(where, misfire="catch_up")
    desk.go("2024-03-04T09:00")
    scheduler = desk.scheduler()
    run = desk.cycles.run
    desk.cycles.run = lambda *given: (scheduler.stopping.set(), run(*given))[1]  # type: ignore[method-assign]
    scheduler.dispatch("crypto")
    assert desk.rows() == [(FIRST, "done")]


# --- people -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_closed_when_its_time_is_over_before_the_next_slot(desk: Desk) -> None:
    desk.cycles.ends = [Ended("waiting", "approve me")]
    scheduler = desk.scheduler()
    for moment, status in (("02T00:00", "waiting"), ("02T11:59", "waiting"), ("02T12:00", "done")):
        desk.go(f"2024-03-{moment}")
        scheduler.dispatch("crypto")
        assert desk.rows() == [(FIRST, status)]


@pytest.mark.parametrize("became", ["done", "abandoned", "started"])
def test_a_cycle_that_waits_is_recorded_by_what_the_ledger_made_of_it(desk: Desk, became: str) -> None:
    desk.cycles.expire = lambda *_: None  # type: ignore[method-assign]
    desk.cycles.ends = [Ended("waiting", "approve me")]
    scheduler = desk.scheduler()
    desk.go("2024-03-02T00:00")
    scheduler.dispatch("crypto")
    assert desk.rows() == [(FIRST, "waiting")]
    desk.cycles.statuses[FIRST] = became
    desk.go("2024-03-03T00:00")
    scheduler.dispatch("crypto")
    assert desk.rows() == [(FIRST, "waiting" if became == "started" else became), (SECOND, "done")]


def test_a_finished_history_is_run_slot_by_slot_and_who_takes_over_runs_the_same(where: Path | str) -> None:
    desk = Desk(where, static=True)
    desk.cycles.next_slots = ["2019-01-03T21:00:00Z"]
    dying = Fatal(next_slots=["2019-01-02T21:00:00Z"])
    desk.go("2024-03-02T00:00")
    with pytest.raises(Dies):
        desk.scheduler("dead", dying).dispatch("crypto")
    heir = desk.scheduler("heir")
    for desk.seconds in (0.0, 60.0):
        heir.dispatch("crypto")
    desk.go("2024-03-03T00:00")
    heir.dispatch("crypto")
    assert desk.cycles.ran == ["2019-01-02T21:00:00Z", "2019-01-03T21:00:00Z"]


def test_a_schedule_made_anew_never_runs_a_slot_of_the_old_one(desk: Desk) -> None:
    desk.go("2024-03-02T00:00")
    desk.scheduler().dispatch("crypto")
    desk.store.remove("crypto", "ann", desk.now)
    desk.store.add(schedule("again", book="crypto"), "ann", at("2024-03-01T12:00"))
    desk.scheduler().dispatch("again")
    assert desk.cycles.ran == [FIRST]


def test_a_name_and_a_book_have_one_schedule(desk: Desk) -> None:
    for name, book in (("crypto", "other"), ("other", "crypto")):
        with pytest.raises(InputError):
            desk.store.add(schedule(name, book=book), "me", desk.now)
    for change in (lambda: desk.store.remove("none", "me", desk.now), lambda: desk.store.entry("none")):
        with pytest.raises(NotFound):
            change()


def test_a_slot_that_ended_can_never_be_taken_up_again(desk: Desk) -> None:
    """Whatever a plan says: the row is unique."""
    from app.scheduling.plan import Plan

    desk.go("2024-03-02T00:00")
    desk.scheduler().dispatch("crypto")
    with pytest.raises(BullpenError):
        desk.store.claim("crypto", lambda *_: Plan(run=at("2024-03-02")), "thief", desk.now)
    assert desk.rows() == [(FIRST, "done")]


def test_every_instant_is_stored_in_one_form() -> None:
    from app.scheduling.tables import moment_of, text_of

    moment: datetime = at("2024-03-02T00:00")
    assert text_of(moment) == "2024-03-02T00:00:00.000000Z"
    assert moment_of(text_of(moment)) == moment
    assert slot_text(moment) == FIRST
