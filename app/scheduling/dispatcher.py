"""One schedule's slots, taken up one after another: claim -> run its cycle -> store how it ended, until none is due.

While a slot runs, its book is held by a lock that the system releases with the process; the claim is a row of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from app.scheduling.lease import LeaseWatch, Pace
from app.scheduling.plan import Plan, Rule, Taken, plan
from app.scheduling.schedule import Schedule
from app.scheduling.store import Ended, ScheduleStore
from app.scheduling.tables import Entry, Status, Trigger, moment_of
from data.clock import Slots, parse_slot
from data.errors import BullpenError, Halted, SourceUnavailable, StorageFailed
from data.redaction import Redactor, told

if TYPE_CHECKING:
    from tools.execution.schema import CycleStatus

SETTLED: dict[str, tuple[Status, str]] = {
    "done": ("done", "answered, or rejected when its time was over"),
    "abandoned": ("abandoned", "nobody answered before the next slot's cycle began; nothing was decided"),
}
"""What became of a cycle that waited for a person, by what the ledger says of it."""


class Cycles(Protocol):
    """What a scheduler needs of a desk."""

    def choose(self, schedule: Schedule, waiting: str) -> str:
        """The next slot of a book on a finished history; `waiting` is one that was left to a person, or ""."""
        ...

    def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
        """Run or finish the cycle; run again, it has no second effect. Any error of ours is a failure but two: Halted,
        and SourceUnavailable, which is asked again within the grace."""
        ...

    def status(self, schedule: Schedule, cycle_slot: str) -> CycleStatus | None:
        """How far the book's ledger says that the cycle is."""
        ...

    def expire(self, schedule: Schedule, now: datetime) -> None:
        """Reject proposals of the book that have waited too long."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened, for whoever watches."""

    at: datetime
    schedule: str
    slot: str
    status: str
    said: str


@dataclass(frozen=True)
class Clocks:
    """The one seam of time: `wall` gives tz-aware instants, `monotonic` seconds that never go back."""

    wall: Callable[[], datetime]
    monotonic: Callable[[], float]


class Dispatcher:
    """Runs what is due for a scheduler process named `me`. Safe for threads; a schedule is for one thread at a time."""

    def __init__(
        self, store: ScheduleStore, cycles: Cycles, me: str, clocks: Clocks, pace: Pace, tell: Callable[[Told], None]
    ) -> None:
        self._store, self._cycles, self._me, self._clocks, self._tell = store, cycles, me, clocks, tell
        self._leases = LeaseWatch(me, pace.lease_s, clocks.monotonic)
        self._retry = timedelta(seconds=pace.retry_s)
        self._held: dict[str, Trigger] = {}
        self.stopping = threading.Event()
        """Set: a running cycle is finished, and no other begins."""

    def held(self) -> tuple[tuple[str, str], ...]:
        """(book, slot) of what is running in this process."""
        return tuple((claim.book, claim.slot) for claim in list(self._held.values()))

    def dispatch(self, name: str) -> None:
        """Run what is due of a schedule, slot after slot. SourceUnavailable where another process is at it."""
        schedule = self._store.entry(name).schedule
        self._store.set_right(schedule.book, self._clocks.wall())
        self._attend(schedule)
        while not self.stopping.is_set():
            entry = self._store.entry(name)
            if not entry.enabled or not self.look(entry).acts:
                return
            with self._store.alone(entry.schedule.book):
                claim = self._store.claim(name, self._plan, self._me, self._clocks.wall())
                if claim is not None:
                    self._held[claim.book] = claim
                    try:
                        self._carry_out(entry.schedule, claim)
                    finally:
                        del self._held[claim.book]

    def look(self, entry: Entry) -> Plan:
        """What would be done now, without doing it."""
        return self._plan(entry, *self._store.stands(entry.schedule.book, self._clocks.wall()))

    def _plan(self, entry: Entry, last: str, under_way: Trigger | None) -> Plan:
        taken = None
        if under_way is not None:
            retry_at = moment_of(under_way.retry_at) if under_way.status == "late" else None
            lapsed = under_way.status == "running" and self._leases.lapsed(under_way)
            taken = Taken(parse_slot(under_way.slot), moment_of(under_way.first_at), retry_at, lapsed)
        seen = parse_slot(last) if last else None
        return plan(rule_of(entry), slots_of(entry.schedule), seen, taken, self._clocks.wall())

    def _attend(self, schedule: Schedule) -> None:
        """What waits for a person ends when it is answered or its time is over, not only when the next slot is due."""
        if self._store.waiting(schedule.book):
            with self._store.alone(schedule.book):
                self._cycles.expire(schedule, self._clocks.wall())
                self._settle(schedule)

    def _carry_out(self, schedule: Schedule, claim: Trigger) -> None:
        self._say(claim, "running", f"attempt {claim.attempt}")
        ended = self._ended(schedule, claim)
        now = self._clocks.wall()
        if self._store.end(claim, ended, now, now + self._retry):
            self._say(claim, ended.status, ended.said)
        else:
            self._say(claim, "lost", "another scheduler has taken the slot over; what it stores counts")

    def _ended(self, schedule: Schedule, claim: Trigger) -> Ended:
        """Run the cycle of a claim; a fault is an outcome here, and never ends the scheduler."""
        try:
            cycle_slot = claim.cycle_slot or self._choose(schedule, claim)
            ended = self._cycles.run(schedule, cycle_slot)
            self._settle(schedule)
        except Halted as halted:
            return Ended("halted", str(halted))
        except SourceUnavailable as unavailable:
            return Ended("late", Redactor().text(str(unavailable)))
        except BullpenError as error:
            return Ended("failed", Redactor().text(str(error)))
        except Exception as error:  # noqa: BLE001 - the boundary of a cycle: its fault is counted, the next one runs
            return Ended("failed", told(error))
        return ended

    def _choose(self, schedule: Schedule, claim: Trigger) -> str:
        """Which slot of the book is run, stored before it runs: who takes over runs the same."""
        waiting = self._store.waiting(schedule.book)
        cycle_slot = self._cycles.choose(schedule, waiting[-1].cycle_slot if waiting else "")
        if not self._store.choose(claim, cycle_slot):
            raise StorageFailed("the claim was lost before its cycle began", "another scheduler has the slot")
        return cycle_slot

    def _settle(self, schedule: Schedule) -> None:
        """Record what became of cycles that waited for a person: answered since, or left behind by the next slot."""
        for waiting in self._store.waiting(schedule.book):
            settled = SETTLED.get(self._cycles.status(schedule, waiting.cycle_slot) or "")
            if settled is not None:
                self._store.settle(waiting, *settled, self._clocks.wall())
                self._say(waiting, *settled)

    def _say(self, claim: Trigger, status: str, said: str) -> None:
        self._tell(Told(self._clocks.wall(), claim.schedule, claim.slot, status, said))


def rule_of(entry: Entry) -> Rule:
    """How a schedule reads its calendar."""
    return Rule(entry.schedule.offset, entry.schedule.grace, entry.schedule.misfire, entry.since)


def slots_of(schedule: Schedule) -> Slots:
    """The slots of its calendar."""
    return _slots(schedule.calendar, schedule.frequency)


@lru_cache(maxsize=32)
def _slots(calendar: str, frequency: str) -> Slots:
    return Slots(calendar, frequency)
