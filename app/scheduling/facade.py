"""The schedules of a desk: added, listed, switched, looked ahead of and run, for command line and panel alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.scheduling.desk_cycles import DeskCycles
from app.scheduling.dispatcher import Clocks, Dispatcher, Told, rule_of, slots_of
from app.scheduling.lease import Pace
from app.scheduling.plan import due_slots, upcoming
from app.scheduling.schedule import Misfire, make_schedule, seconds_of
from app.scheduling.store import ScheduleStore
from app.scheduling.tables import Alive, Change, Entry, Trigger, text_of
from app.scheduling.views import Line, Preview, Watch
from data.clock import parse_slot, slot_text, to_datetime
from data.errors import BadConfig

if TYPE_CHECKING:
    from app.desk import Desk

FILE = "scheduling/schedules.sqlite"
"""In a folder of its own, with the locks of the books beside it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a schedule is to run, as a person writes it: lengths of time such as "15m"."""

    offset: str = "0"
    grace: str = "1h"
    misfire: Misfire = "run_once"
    max_failures: int = 3


class Schedules:
    """`wall` is the clock everything here reads."""

    def __init__(self, desk: Desk, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._desk, self._clocks = desk, Clocks(wall, time.monotonic)

    @cached_property
    def store(self) -> ScheduleStore:
        """Where schedules are kept."""
        return ScheduleStore(self._desk.stores.database_at(FILE))

    @cached_property
    def _cycles(self) -> DeskCycles:
        return DeskCycles(self._desk.settings)

    # --- what a person changes ----------------------------------------------------------------------------------

    def add(self, name: str, terms: Terms, by: str) -> Line:
        """Schedule the cycles of this desk's book under its present settings; InputError, BadConfig where refused."""
        market, settings = self._desk.market, _anywhere(self._desk)
        if terms.misfire == "catch_up" and market.config.venue != "paper":
            remedy = "use run_once or skip"
            raise BadConfig(f"catch_up would decide on old prices and trade at {market.config.venue}", remedy)
        schedule = make_schedule(
            name=name,
            book=self._desk.settings.book_name(),
            settings=settings,
            calendar=market.config.calendar,
            frequency=market.config.frequency,
            static=market.source.static,
            offset_s=seconds_of(terms.offset),
            grace_s=seconds_of(terms.grace),
            misfire=terms.misfire,
            max_failures=terms.max_failures,
        )
        self.store.add(schedule, by, self._clocks.wall())
        return self.line(name)

    def remove(self, name: str, by: str) -> None:
        """Forget a schedule; what became of its slots stays. NotFound."""
        self.store.remove(name, by, self._clocks.wall())

    def enable(self, name: str, by: str) -> Line:
        """Run it again from now on; slots that came due meanwhile are not made up for. NotFound."""
        self.store.enable(name, True, by, "", self._clocks.wall())
        return self.line(name)

    def disable(self, name: str, by: str, why: str) -> Line:
        """Begin no cycle of it until somebody enables it; one that is running is finished. NotFound."""
        self.store.enable(name, False, by, why, self._clocks.wall())
        return self.line(name)

    # --- what is known ------------------------------------------------------------------------------------------

    def lines(self) -> tuple[Line, ...]:
        """All schedules, by name."""
        return tuple(self._line(entry) for entry in self.store.entries())

    def line(self, name: str) -> Line:
        """One schedule; NotFound."""
        return self._line(self.store.entry(name))

    def history(self, name: str, count: int) -> tuple[Trigger, ...]:
        """The latest slots of a schedule's book, the newest first."""
        return self.store.triggers(self.store.entry(name).schedule.book, count)

    def changes(self, count: int) -> tuple[Change, ...]:
        """Who changed which schedule, the newest first."""
        return self.store.changes(count)

    def watch(self, pace: Pace | None = None) -> Watch:
        """Whether somebody runs the schedules, and which of them need a person."""
        now, lease_s = self._clocks.wall(), (pace or Pace()).lease_s
        running = [alive for alive in self.store.alive() if not alive.stopped]
        ages = [(now - alive.beat_at).total_seconds() for alive in running]
        problems: list[str] = []
        entries = self.store.entries()
        if any(entry.enabled for entry in entries) and not any(age <= lease_s for age in ages):
            problems.append("no scheduler is running" if not ages else "the scheduler gives no sign of life")
        if len({alive.code for alive, age in zip(running, ages, strict=True) if age <= lease_s}) > 1:
            problems.append("schedulers of different code are running; stop the old ones")
        for entry in entries:
            problems += self._problems(entry)
        told = tuple(_alive(alive, age, age > lease_s) for alive, age in zip(running, ages, strict=True))
        return Watch(told, min(ages, default=None), tuple(problems))

    def preview(self, count: int = 5) -> tuple[Preview, ...]:
        """What would be done now, and the next `count` slots of each enabled schedule; nothing is run or written."""
        looking = self._dispatcher(lambda _told: None, Pace())
        return tuple(self._preview(looking, e, count) for e in self.store.entries() if e.enabled)

    # --- running ------------------------------------------------------------------------------------------------

    def run(self, tell: Callable[[Told], None], once: bool = False, pace: Pace | None = None) -> None:
        """Be the scheduler until a signal, or for what is due now; a second process beside it does no harm."""
        from app.code_hash import code_hash
        from app.scheduling.service import Service

        service = Service(self.store, self._cycles, self._clocks, code_hash(), tell, pace)
        service.run_once() if once else service.run()

    # --- helpers ------------------------------------------------------------------------------------------------

    def _dispatcher(self, tell: Callable[[Told], None], pace: Pace) -> Dispatcher:
        return Dispatcher(self.store, self._cycles, "", self._clocks, pace, tell)

    def _line(self, entry: Entry) -> Line:
        s, (last, _) = entry.schedule, self.store.stands(entry.schedule.book, self._clocks.wall())
        coming = self._upcoming(entry, last, 1) if entry.enabled else ()
        latest = next((t for t in self.store.triggers(s.book, 50) if t.status != "skipped"), None)
        return Line(
            s.name, s.book, s.calendar, s.frequency, s.offset_s, s.grace_s, s.misfire, entry.enabled, entry.why,
            entry.failures, s.max_failures, *(coming[0] if coming else ("", "")),
            None if latest is None else latest.as_json(),
        )  # fmt: skip

    def _upcoming(self, entry: Entry, last: str, count: int) -> tuple[tuple[str, str], ...]:
        seen = parse_slot(last) if last else None
        found = upcoming(rule_of(entry), slots_of(entry.schedule), seen, self._clocks.wall(), count)
        return tuple((slot_text(slot), slot_text(slot + entry.schedule.offset)) for slot in found)

    def _problems(self, entry: Entry) -> list[str]:
        """What a person should look at: why it is off, what failed last, what should have begun by now."""
        name, now = entry.schedule.name, self._clocks.wall()
        if not entry.enabled:
            return [f"{name} was disabled by the scheduler: {entry.why}"] if entry.changed_by == "scheduler" else []
        last, _ = self.store.stands(entry.schedule.book, self._clocks.wall())
        found: list[str] = []
        latest = next((t for t in self.store.triggers(entry.schedule.book, 50) if t.status != "skipped"), None)
        if latest is not None and latest.status in ("failed", "missed", "abandoned"):
            found.append(f"{name}: {latest.slot} {latest.status}: {latest.said}")
        coming = self._overdue(entry, last, now)
        return found + ([f"{name}: {coming} was due and has not begun"] if coming else [])

    def _overdue(self, entry: Entry, last: str, now: datetime) -> str:
        """The first slot whose grace has ended without anything recorded of it, or ""."""
        seen = parse_slot(last) if last else None
        due = due_slots(rule_of(entry), slots_of(entry.schedule), seen, now - entry.schedule.grace)
        return slot_text(to_datetime(due[0])) if len(due) else ""

    def _preview(self, looking: Dispatcher, entry: Entry, count: int) -> Preview:
        found = looking.look(entry)
        passed = tuple({"slot": slot_text(p.slot), "status": p.status, "why": p.why} for p in found.passed)
        last, _ = self.store.stands(entry.schedule.book, self._clocks.wall())
        run = "" if found.run is None else slot_text(found.run)
        return Preview(entry.schedule.name, passed, run, self._upcoming(entry, last, count))


def _alive(alive: Alive, age_s: float, stale: bool) -> dict[str, Any]:
    seen = {"id": alive.id, "code": alive.code, "age_s": round(age_s, 1), "stale": stale}
    return seen | {"started_at": text_of(alive.started_at)}


def _anywhere(desk: Desk) -> dict[str, Any]:
    """What starts the same desk from any folder: paths are written whole."""
    given = desk.settings.restart()
    whole = {key: str(Path(given[key]).expanduser().resolve()) for key in ("path", "config") if given[key]}
    return given | whole
