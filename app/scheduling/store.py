"""What is kept of schedules: each method is one transaction, and a slot of a book is one row, whoever takes it up.

A claim is planned inside the transaction that stores it, so that two schedulers never see the same slot free. How a
claim ended is stored only for who still holds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, not_, select, update

from app.scheduling.plan import Passed, Plan
from app.scheduling.schedule import Schedule
from app.scheduling.tables import (
    METADATA,
    NAME,
    VERSION,
    Alive,
    Change,
    Entry,
    Status,
    Trigger,
    moment_of,
    schedule_changes,
    schedulers,
    schedules,
    text_of,
    triggers,
)
from data.clock import slot_text
from data.errors import InputError, NotFound
from tools.execution.database import Database

OPEN: tuple[Status, ...] = ("running", "late")
"""A slot with one of these is under way: no other of its book is taken up."""

FORGOTTEN = timedelta(days=7)
"""How long a process that died is still listed."""

Planner = Callable[[Entry, str, Trigger | None], Plan]
"""Given a schedule, the latest recorded slot of its book ("" for none) and the one under way: what to do."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a claim ended, and what there is to say of it."""

    status: Status
    said: str


class ScheduleStore:
    """Safe for several processes, and for the threads of one."""

    def __init__(self, where: Path | str) -> None:
        """A SQLite file or a Postgres URL; StorageFailed, CorruptFile as `Database`."""
        self._database = Database(where, METADATA, name=NAME, version=VERSION)

    def close(self) -> None:
        """Let go of the file or the server."""
        self._database.close()

    # --- what a person changes ----------------------------------------------------------------------------------

    def add(self, schedule: Schedule, by: str, now: datetime) -> None:
        """Store a schedule, enabled; InputError where its name or its book has one."""
        with self._database.transaction() as db:
            for row in db.execute(select(schedules.c.name, schedules.c.book)):
                if schedule.name == row[0]:
                    raise InputError(f"there is a schedule {schedule.name!r}", "choose another name, or remove it")
                if schedule.book == row[1]:
                    remedy = "a book has one schedule; remove that one, or name another --book"
                    raise InputError(f"book {schedule.book!r} is run by schedule {row[0]!r}", remedy)
            at = text_of(now)
            fixed = schedule.model_dump_json()
            values = (schedule.name, schedule.book, fixed, 1, at, 0, "", by, at)
            db.execute(insert(schedules).values(values))
            _note(db, at, schedule.name, "added", by, "")

    def remove(self, name: str, by: str, now: datetime) -> None:
        """Forget a schedule; what became of its slots stays, so that none runs again. NotFound."""
        with self._database.transaction() as db:
            _entry(db, name)
            db.execute(delete(schedules).where(schedules.c.name == name))
            _note(db, text_of(now), name, "removed", by, "")

    def enable(self, name: str, enabled: bool, by: str, why: str, now: datetime) -> None:
        """Enable or disable. Slots that came due while it was disabled are not made up for. NotFound."""
        with self._database.transaction() as db:
            entry = _entry(db, name)
            if enabled and entry.enabled:
                return
            _set_enabled(db, name, enabled, by, why, now)

    # --- what is known ------------------------------------------------------------------------------------------

    def entries(self) -> tuple[Entry, ...]:
        """All schedules, by name."""
        return tuple(_entry_of(row) for row in self._database.rows(select(schedules).order_by(schedules.c.name)))

    def entry(self, name: str) -> Entry:
        """One schedule; NotFound."""
        found = self._database.rows(select(schedules).where(schedules.c.name == name))
        if not found:
            raise _unknown(name)
        return _entry_of(found[0])

    def triggers(self, book: str, count: int) -> tuple[Trigger, ...]:
        """The latest `count` slots of a book that were taken up or passed over, the newest first."""
        latest = select(triggers).where(triggers.c.book == book).order_by(triggers.c.slot.desc()).limit(count)
        return tuple(Trigger(*row) for row in self._database.rows(latest))

    def stands(self, book: str, now: datetime) -> tuple[str, Trigger | None]:
        """The latest slot of a book that is recorded and no longer to come ("" for none), and the one under way."""
        found = [Trigger(*row) for row in self._database.rows(_under_way(book, now))]
        last = self._database.rows(_last(book, now))
        return (str(last[0][0]) if last else ""), (found[0] if found else None)

    def waiting(self, book: str) -> tuple[Trigger, ...]:
        """Slots of a book whose cycle waits for a person, oldest first."""
        found = select(triggers).where(triggers.c.book == book, triggers.c.status == "waiting")
        return tuple(Trigger(*row) for row in self._database.rows(found.order_by(triggers.c.slot)))

    def alive(self) -> tuple[Alive, ...]:
        """Every scheduler process that ever gave a sign of life, the latest first."""
        found = self._database.rows(select(schedulers).order_by(schedulers.c.beat_at.desc(), schedulers.c.id))
        return tuple(Alive(r[0], r[1], moment_of(r[2]), moment_of(r[3]), bool(r[5])) for r in found)

    def changes(self, count: int) -> tuple[Change, ...]:
        """The latest `count` lines of the audit, the newest first."""
        found = select(schedule_changes).order_by(schedule_changes.c.number.desc()).limit(count)
        return tuple(Change(*row[1:]) for row in self._database.rows(found))

    # --- slots --------------------------------------------------------------------------------------------------

    def alone(self, book: str) -> Any:
        """Context: nobody else runs slots of the book, in any process; SourceUnavailable where somebody does."""
        return self._database.alone(f"schedule-{book}")

    def set_right(self, book: str, now: datetime) -> None:
        """Drop what a clock that ran ahead has said of slots that are still to come."""
        wrong = _told_by_a_wrong_clock(book, now)
        if self._database.rows(select(triggers.c.slot).where(*wrong).limit(1)):
            with self._database.transaction() as db:
                db.execute(delete(triggers).where(*wrong))

    def claim(self, name: str, planner: Planner, by: str, now: datetime) -> Trigger | None:
        """Carry out a plan: what is passed over is recorded and the slot to run belongs to `by`; None for none."""
        with self._database.transaction() as db:
            entry = _entry(db, name)
            if not entry.enabled:
                return None
            book = entry.schedule.book
            last = db.execute(_last(book, now)).scalar()
            row = db.execute(_under_way(book, now)).first()
            under_way = None if row is None else Trigger(*row)
            planned = planner(entry, last or "", under_way)
            for each in planned.passed:
                _pass_over(db, entry.schedule, each, under_way, now)
            if planned.run is None:
                return None
            return _take(db, entry.schedule, slot_text(planned.run), by, now)

    def choose(self, claim: Trigger, cycle_slot: str) -> bool:
        """Fix which slot of a finished history a claim runs, before it runs; False where the claim is lost."""
        return self._change(claim, {"cycle_slot": cycle_slot})

    def end(self, claim: Trigger, ended: Ended, now: datetime, retry_at: datetime) -> bool:
        """Store how a claim ended, and disable its schedule after too many failures; False where the claim is lost.

        A late source is asked again at `retry_at`.
        """
        over = ended.status != "late"
        values = {
            "status": ended.status,
            "said": ended.said,
            "ended_at": text_of(now) if over else "",
            "retry_at": "" if over else text_of(retry_at),
        }
        with self._database.transaction() as db:
            if not _change(db, claim, values):
                return False
            _count(db, claim.schedule, ended, now)
            return True

    def settle(self, waiting: Trigger, status: Status, said: str, now: datetime) -> None:
        """What became of a cycle that waited for a person."""
        with self._database.transaction() as db:
            values = {"status": status, "said": said, "ended_at": text_of(now)}
            db.execute(update(triggers).where(*_is(waiting), triggers.c.status == "waiting").values(values))

    def beat(self, scheduler: str, code: str, held: Collection[tuple[str, str]], now: datetime) -> None:
        """A sign of life of a process and of the slots (book, slot) it is running."""
        at = text_of(now)
        with self._database.transaction() as db:
            mine = schedulers.c.id == scheduler
            alive = update(schedulers).where(mine).values(beat=schedulers.c.beat + 1, beat_at=at, stopped=0)
            if not db.execute(alive).rowcount:
                db.execute(delete(schedulers).where(schedulers.c.beat_at < text_of(now - FORGOTTEN)))
                db.execute(insert(schedulers).values((scheduler, code, at, at, 1, 0)))
            for book, slot in held:
                held_by_me = (triggers.c.book == book, triggers.c.slot == slot, triggers.c.claimed_by == scheduler)
                db.execute(update(triggers).where(*held_by_me).values(beat=triggers.c.beat + 1))

    def goodbye(self, scheduler: str, now: datetime) -> None:
        """A process ends in good order."""
        with self._database.transaction() as db:
            values = {"stopped": 1, "beat_at": text_of(now)}
            db.execute(update(schedulers).where(schedulers.c.id == scheduler).values(values))

    def _change(self, claim: Trigger, values: dict[str, Any]) -> bool:
        with self._database.transaction() as db:
            return _change(db, claim, values)


def _is(trigger: Trigger) -> tuple[Any, Any]:
    return triggers.c.book == trigger.book, triggers.c.slot == trigger.slot


def _change(db: Connection, claim: Trigger, values: dict[str, Any]) -> bool:
    """Only while it is still the same claim: another scheduler may have taken the slot over."""
    held = (triggers.c.status == "running", triggers.c.attempt == claim.attempt)
    mine = triggers.c.claimed_by == claim.claimed_by
    return bool(db.execute(update(triggers).where(*_is(claim), *held, mine).values(values)).rowcount)


def _last(book: str, now: datetime) -> Any:
    past = select(triggers.c.slot).where(triggers.c.book == book, triggers.c.slot <= _second(now))
    return past.order_by(triggers.c.slot.desc()).limit(1)


def _under_way(book: str, now: datetime) -> Any:
    found = select(triggers).where(triggers.c.book == book, triggers.c.status.in_(OPEN))
    return found.where(not_(and_(*_told_by_a_wrong_clock(book, now))))


_UNRUN = ("skipped", "missed", "late")


def _told_by_a_wrong_clock(book: str, now: datetime) -> tuple[Any, ...]:
    """Slots to come that were passed over, or asked for, by a clock that ran ahead: nothing has run of them, nor of any
    slot after them. Where something has, it is this clock that is behind."""
    ran = triggers.alias()
    last = select(func.coalesce(func.max(ran.c.slot), "")).where(ran.c.book == book, ran.c.status.not_in(_UNRUN))
    unrun = triggers.c.status.in_(_UNRUN)
    return (triggers.c.book == book, unrun, triggers.c.slot > _second(now), triggers.c.slot > last.scalar_subquery())


def _second(now: datetime) -> str:
    """An instant in the form of a slot, to the second."""
    return slot_text(now.replace(microsecond=0))


def _entry(db: Connection, name: str) -> Entry:
    row = db.execute(select(schedules).where(schedules.c.name == name)).first()
    if row is None:
        raise _unknown(name)
    return _entry_of(tuple(row))


def _entry_of(row: tuple[Any, ...]) -> Entry:
    fixed = Schedule.model_validate(json.loads(row[2]))
    return Entry(fixed, bool(row[3]), moment_of(row[4]), int(row[5]), row[6], row[7], moment_of(row[8]))


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no schedule {name!r}", "list them with `bullpen schedule list`")


def _take(db: Connection, schedule: Schedule, slot: str, by: str, now: datetime) -> Trigger:
    """The row of a slot, new or taken up again, as running and held by `by`."""
    at, this = text_of(now), (triggers.c.book == schedule.book, triggers.c.slot == slot)
    again = {"status": "running", "claimed_by": by, "attempt": triggers.c.attempt + 1, "beat": 0, "retry_at": ""}
    if not db.execute(update(triggers).where(*this, triggers.c.status.in_(OPEN)).values(again)).rowcount:
        cycle_slot = "" if schedule.static else slot
        fresh = Trigger(schedule.book, slot, schedule.name, "running", cycle_slot, 1, by, 0, at, "", "", "")
        db.execute(insert(triggers).values(astuple(fresh)))
    return Trigger(*db.execute(select(triggers).where(*this)).one())


def _pass_over(db: Connection, schedule: Schedule, passed: Passed, under_way: Trigger | None, now: datetime) -> None:
    """Record that a slot will not be run; where it was tried, why it was not is kept beside the reason."""
    at, slot = text_of(now), slot_text(passed.slot)
    if under_way is not None and under_way.slot == slot:
        said = f"{passed.why}: {under_way.said}"
        values = {"status": passed.status, "said": said, "ended_at": at, "retry_at": ""}
        db.execute(update(triggers).where(*_is(under_way)).values(values))
        return
    row = Trigger(schedule.book, slot, schedule.name, passed.status, "", 0, "", 0, at, "", at, passed.why)
    db.execute(insert(triggers).values(astuple(row)))


def _count(db: Connection, name: str, ended: Ended, now: datetime) -> None:
    """A success forgets earlier failures; the last of too many disables. What is neither changes nothing."""
    if ended.status == "done":
        db.execute(update(schedules).where(schedules.c.name == name).values(failures=0))
    if ended.status != "failed":
        return
    db.execute(update(schedules).where(schedules.c.name == name).values(failures=schedules.c.failures + 1))
    row = db.execute(select(schedules).where(schedules.c.name == name)).first()
    if row is None:
        return  # removed while its last cycle ran
    entry = _entry_of(tuple(row))
    if entry.enabled and entry.failures >= entry.schedule.max_failures:
        why = f"{entry.failures} failures one after another; the last: {ended.said}"
        _set_enabled(db, name, False, "scheduler", why, now)


def _set_enabled(db: Connection, name: str, enabled: bool, by: str, why: str, now: datetime) -> None:
    at = text_of(now)
    values: dict[str, Any] = {"enabled": int(enabled), "why": why, "changed_by": by, "changed_at": at}
    if enabled:
        values |= {"since": at, "failures": 0}
    db.execute(update(schedules).where(schedules.c.name == name).values(values))
    _note(db, at, name, "enabled" if enabled else "disabled", by, why)


def _note(db: Connection, at: str, name: str, what: str, by: str, why: str) -> None:
    db.execute(insert(schedule_changes).values({"at": at, "schedule": name, "what": what, "by": by, "why": why}))
