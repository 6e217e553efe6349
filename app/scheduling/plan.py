"""What to do with a book's slots at an instant: which to pass over, which to run, and when to look again.

slots of the calendar + what was recorded of them + now  ->  Plan        (pure)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from app.scheduling.schedule import Misfire
from data.clock import Slots, to_datetime, to_datetime64
from data.errors import OutOfRange
from data.market import TimeArray

_TICK = timedelta(microseconds=1)
_NO_POLICY: dict[Misfire, str] = {
    "skip": "missed by more than its grace",
    "run_once": "missed; only the latest slot that is due is run",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """How a schedule reads its calendar; slots that were due before `since` are none of its business."""

    offset: timedelta
    grace: timedelta
    misfire: Misfire
    since: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A slot that was taken up and has not ended: held by somebody, or, with `retry_at`, waiting for a late source."""

    slot: datetime
    first_at: datetime
    """When it was taken up first."""
    retry_at: datetime | None = None
    lapsed: bool = False
    """Whoever held it gives no sign of life any more."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A slot that will not be run."""

    slot: datetime
    status: Literal["skipped", "missed"]
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`run` is the slot to run now (one that was taken up before comes again), `wake` when there may be more to do."""

    passed: tuple[Passed, ...] = ()
    run: datetime | None = None
    wake: datetime | None = None

    @property
    def acts(self) -> bool:
        """Whether anything is to be written or run."""
        return self.run is not None or bool(self.passed)


def plan(rule: Rule, slots: Slots, last: datetime | None, taken: Taken | None, now: datetime) -> Plan:
    """One slot a call, oldest first; a slot is never run before it is due, and never while another is under way.

    `last` is the latest slot with anything recorded of it: those up to it are over, but for `taken`.
    """
    due = due_slots(rule, slots, last, now)
    if taken is None:
        return _from_due(rule, slots, due, now, ())
    if taken.retry_at is None:  # an interrupted cycle is always finished: it may have decided
        return Plan((), taken.slot if taken.lapsed else None, None)
    if now > max(taken.slot + rule.offset, taken.first_at) + rule.grace:
        why = "the source was not ready within the grace"
    elif len(due) and rule.misfire != "catch_up":
        why = "the source was not ready before the next slot was due"
    elif now >= taken.retry_at:
        return Plan((), taken.slot, None)
    else:
        return Plan((), None, taken.retry_at)
    return _from_due(rule, slots, due, now, (Passed(taken.slot, "missed", why),))


def due_slots(rule: Rule, slots: Slots, last: datetime | None, now: datetime) -> TimeArray:
    """Slots later than `last` that came due from `rule.since` to `now`, oldest first, (N,) datetime64[ns] UTC."""
    first = rule.since - rule.offset
    if last is not None:
        first = max(first, last + _TICK)
    return slots.between(first, now - rule.offset)


def upcoming(rule: Rule, slots: Slots, last: datetime | None, now: datetime, count: int) -> list[datetime]:
    """The next `count` slots that are not due yet; fewer where the calendar ends."""
    before = max(now - rule.offset, rule.since - rule.offset - _TICK)
    before = before if last is None else max(before, last)
    found: list[datetime] = []
    while len(found) < count:
        try:
            before = slots.after(before)
        except OutOfRange:
            break
        found.append(before)
    return found


def _from_due(rule: Rule, slots: Slots, due: TimeArray, now: datetime, passed: tuple[Passed, ...]) -> Plan:
    late = int(np.searchsorted(due, to_datetime64(now - rule.offset - rule.grace), side="left"))
    if late and rule.misfire == "run_once":
        late = len(due) - 1
    if rule.misfire != "catch_up":
        passed += tuple(Passed(to_datetime(slot), "skipped", _NO_POLICY[rule.misfire]) for slot in due[:late])
        due = due[late:]
    if len(due):
        return Plan(passed, to_datetime(due[0]), None)
    coming = upcoming(rule, slots, None, now, 1)
    return Plan(passed, None, coming[0] + rule.offset if coming else None)
