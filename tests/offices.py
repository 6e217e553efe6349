"""A desk with a schedule for tests: its clock moves only when the test moves it, in this process or in another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from app.desk import Desk
from app.scheduling.dispatcher import Told
from app.scheduling.facade import Schedules, Terms
from app.scheduling.lease import Pace
from tests.desks import desk as open_desk
from tests.schedulers import SPAWN, at

TWO = "NOVALIN,ORBTEK"
PACE = Pace(beat_s=0.1, lease_s=1.0, poll_s=0.1, retry_s=1.0)
ADDED, MONDAY, TUESDAY = at("2026-11-20T22:00"), at("2026-11-23T22:00"), at("2026-11-24T22:00")


class Office:
    """A desk in a home, its schedule "night", and a clock that only the test moves."""

    def __init__(self, home: Path, terms: Terms | None = None, **settings: Any) -> None:
        self.home, self.now, self.told = home, ADDED, list[Told]()
        self.settings = {"symbols": TWO, **settings}
        self.schedules().add("night", terms or Terms("15m"), "test")

    def desk(self) -> Desk:
        return open_desk(self.home, **self.settings)

    def schedules(self) -> Schedules:
        return Schedules(self.desk(), lambda: self.now)

    def at(self, now: datetime) -> list[str]:
        """Run what is due at an instant; the statuses of all slots, oldest first."""
        self.now = now
        self.schedules().run(self.told.append, once=True, pace=PACE)
        return [row.status for row in reversed(self.schedules().history("night", 10))]

    def ledger(self) -> list[str]:
        """The statuses of the book's cycles."""
        return [cycle.status for cycle in self.desk().stores.ledger.cycles()]


def serve(office: Office) -> None:
    """Be the scheduler, at the office's present time."""
    office.schedules().run(lambda _told: None, pace=PACE)


@contextmanager
def schedulers(office: Office, count: int) -> Iterator[list[Any]]:
    """Processes that are the scheduler, not started yet; none outlives the block."""
    found = [SPAWN.Process(target=serve, args=(office,), daemon=True) for _ in range(count)]
    try:
        yield found
    finally:
        for process in found:
            if process.pid is not None:
                process.kill()
                process.join()
