"""The cycles of a scheduler are a desk's: opened anew for each slot, so that it uses what is in force by then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from app.desk import CycleOutcome, Desk
from app.scheduling.schedule import Schedule
from app.scheduling.store import Ended
from app.settings import Settings
from data.clock import parse_slot, slot_text
from tools.execution.schema import CycleStatus

if TYPE_CHECKING:
    from app.runtime import Market

ENOUGH = 0.5
"""Share of the symbols that trade at all which must have a bar of the slot; below it the source is late."""


class DeskCycles:
    """Keeps `app.scheduling.dispatcher.Cycles`. `settings` say where the desk's home and database are."""

    def __init__(self, settings: Settings) -> None:
        self._where = settings

    def desk(self, schedule: Schedule) -> Desk:
        """The desk as the schedule was added with, in this home."""
        where = {"home": self._where.home, "database": self._where.database}
        return Desk(Settings.model_validate({**schedule.settings, **where}))

    def choose(self, schedule: Schedule, waiting: str) -> str:
        """The book's next slot, past one that was left to a person."""
        market = self.desk(schedule).market
        chosen = market.slot(schedule.book, None)
        return slot_text(market.slots.after(parse_slot(chosen))) if chosen == waiting else chosen

    def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
        """Finish what an earlier slot has decided, then run or finish this one's cycle."""
        desk = self.desk(schedule)
        beyond = [
            c.slot for c in desk.stores.ledger.cycles(schedule.book) if c.status == "done" and c.slot > cycle_slot
        ]
        if beyond and self.status(schedule, cycle_slot) != "done":
            return Ended("skipped", f"the book stands at {beyond[-1]} already")
        finished = _finish_earlier(desk, schedule.book, cycle_slot)
        why = "" if schedule.static else _why_late(desk.market, cycle_slot)
        if why and self.status(schedule, cycle_slot) is None:
            return Ended("late", finished + why)
        ended = _ended(desk.cycle(cycle_slot))
        return Ended(ended.status, finished + ended.said)

    def status(self, schedule: Schedule, cycle_slot: str) -> CycleStatus | None:
        """How far the ledger says that the cycle is; None where it was never begun."""
        cycles = self.desk(schedule).stores.ledger.cycles(schedule.book)
        return next((cycle.status for cycle in cycles if cycle.slot == cycle_slot), None)

    def expire(self, schedule: Schedule, now: datetime) -> None:
        """Reject proposals of the book that have waited too long."""
        self.desk(schedule).approvals.close_expired(schedule.book, now)


def _finish_earlier(desk: Desk, book: str, cycle_slot: str) -> str:
    """A cycle that has decided is finished under the settings it began with; says which it was."""
    said = ""
    for cycle in desk.stores.ledger.cycles(book):
        if cycle.status == "decided" and cycle.slot != cycle_slot:
            desk.as_started(cycle.cycle_id).cycle(cycle.slot)
            said += f"finished {cycle.slot} first; "
    return said


def _why_late(market: Market, cycle_slot: str) -> str:
    """Why the source is not ready for a slot, or ""."""
    slot = parse_slot(cycle_slot)
    _, last = market.source.span()
    if last < slot:
        return f"{market.source.name} has bars until {slot_text(last)}"
    age = market.facts.take(slot).panel.age[-1]
    trading, fresh = (age >= 0) & (age <= market.slots.max_age), age == 0
    if np.sum(fresh) < ENOUGH * np.sum(trading):
        return f"{market.source.name} has a bar of the slot for {np.sum(fresh)} of {np.sum(trading)} symbols"
    return ""


def _ended(outcome: CycleOutcome) -> Ended:
    record = outcome.record
    if record is None:
        return Ended("waiting", f"cycle {outcome.cycle_id} waits for a person: `bullpen approve {outcome.cycle_id}`")
    status = "halted" if record.verdict.decision == "halted" else "done"
    traded = f"{len(record.orders)} orders, {len(record.fills)} fills"
    return Ended(status, f"cycle {outcome.cycle_id} {record.verdict.decision}, {traded}")
