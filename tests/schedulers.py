"""Scheduler processes for tests: the real store, service and ledger, a light cycle, a clock that races and jumps."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.scheduling.dispatcher import Clocks, Told
from app.scheduling.lease import Pace
from app.scheduling.schedule import Schedule, make_schedule
from app.scheduling.service import Service
from app.scheduling.store import Ended, ScheduleStore
from data.errors import InputError, SourceUnavailable
from tools.execution.ledger import Ledger
from tools.execution.settlement import new_book

SPAWN = multiprocessing.get_context("forkserver")
SPAWN.set_forkserver_preload(["tests.schedulers", "app.scheduling.facade", "app.runtime", "app.drive"])
PACE = Pace(beat_s=0.05, lease_s=0.4, poll_s=0.01, retry_s=0.01)


def schedule(name: str, **fields: Any) -> Schedule:
    """A schedule of a book of the same name, on crypto days where nothing else is said."""
    given = {"calendar": "24/7", "frequency": "1d", "settings": {}, "static": False, "book": name}
    return make_schedule(name=name, **(given | fields))


@dataclass(frozen=True)
class Race:
    """A clock that races from `start` at monotonic `t0` to `end`, and jumps by up to `jumps` seconds to and fro."""

    start: datetime
    end: datetime
    t0: float
    speed: float
    jumps: float

    def wall(self, seed: int) -> datetime:
        """What a process with this seed takes for the time: it believes another error every tenth of a second."""
        run = time.monotonic() - self.t0
        error = random.Random(f"{seed} {int(run * 10)}").uniform(-self.jumps, self.jumps)
        return min(self.start + timedelta(seconds=run * self.speed + error), self.end) + timedelta(seconds=run)


@dataclass(frozen=True)
class LightCycles:
    """A cycle that is only its ledger: opened and closed with its book; each run is noted as it begins and ends."""

    home: Path
    faults: bool = False
    takes_s: float = 0.0

    def choose(self, schedule: Schedule, waiting: str) -> str:
        """Asked only of a finished history."""
        raise AssertionError(f"{schedule.name} is no history")

    def run(self, schedule: Schedule, cycle_slot: str) -> Ended:
        """One slot in fifty finds its source late, one in fifty fails."""
        name = f"{schedule.book} {cycle_slot}"
        self._note("begin", name)
        try:
            return self._run(name, schedule.book, cycle_slot)
        finally:
            self._note("end", name)

    def _run(self, name: str, book: str, cycle_slot: str) -> Ended:
        lot = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 50 if self.faults else -1
        marker = self.home / f"late {name}"
        if lot == 0 and not marker.exists():
            marker.touch()
            raise SourceUnavailable("not yet")
        if lot == 1:
            raise InputError("this slot always fails")
        return Ended("done", self._book(book, cycle_slot))

    def status(self, schedule: Schedule, cycle_slot: str) -> Any:
        """As the ledger has it."""
        ledger = self._ledger()
        return next((c.status for c in ledger.cycles(schedule.book) if c.slot == cycle_slot), None)

    def expire(self, schedule: Schedule, now: datetime) -> None:
        """Nothing ever waits."""

    def _book(self, book: str, slot: str) -> str:
        ledger = self._ledger()
        cycle_id = f"{book} {slot}"
        if ledger.book(book) is None:
            ledger.create_book(new_book(book, 1e6, short=False))
        if ledger.open_cycle(book, slot, cycle_id) == "done":
            return "already done"
        time.sleep(self.takes_s)
        held = ledger.book(book)
        assert held is not None
        ledger.close_cycle(cycle_id, held, (), cycle_id.encode())
        return "done here"

    def _ledger(self) -> Ledger:
        if "ledger" not in _opened:
            _opened["ledger"] = Ledger(self.home / "desk.sqlite")
        return _opened["ledger"]

    def _note(self, what: str, name: str) -> None:
        """One write of one line, in the order of the machine's clock."""
        with open(self.home / "runs.txt", "ab", buffering=0) as runs:
            runs.write(f"{time.monotonic_ns()} {os.getpid()} {what} {name}\n".encode())


_opened: dict[str, Ledger] = {}


def serve(where: Path | str, race: Race, cycles: LightCycles, seed: int, pace: Pace = PACE) -> None:
    """Be a scheduler process."""

    def tell(told: Told) -> None:
        with open(cycles.home / "told.txt", "a") as log:
            log.write(f"{os.getpid()} {told}\n")

    clocks = Clocks(lambda: race.wall(seed), time.monotonic)
    Service(ScheduleStore(where), cycles, clocks, "code", tell, pace).run()


def warm() -> None:
    """Have the processes that come be forks of one that has loaded everything."""
    process = SPAWN.Process(target=os.getpid)
    process.start()
    process.join()


def start(where: Path | str, race: Race, cycles: LightCycles, seed: int, pace: Pace = PACE) -> Any:
    """A scheduler process, running."""
    process = SPAWN.Process(target=serve, args=(where, race, cycles, seed, pace), daemon=True)
    process.start()
    return process


@dataclass(frozen=True)
class Ran:
    """A run of a cycle on one process: from `begin` to `end` (monotonic ns), or until the process was killed."""

    pid: int
    name: str
    begin: int
    end: int


def runs_of(home: Path, killed: dict[int, int]) -> list[Ran]:
    """All runs that were written down, by their beginning. `killed` says when a process was last seen alive."""
    begun: dict[tuple[int, str], int] = {}
    found: list[Ran] = []
    for line in (home / "runs.txt").read_text().splitlines():
        at, pid, what, name = line.split(" ", 3)
        if what == "begin":
            begun[int(pid), name] = int(at)
        else:
            found.append(Ran(int(pid), name, begun.pop((int(pid), name)), int(at)))
    found += [Ran(pid, name, at, max(at, killed.get(pid, at))) for (pid, name), at in begun.items()]
    return sorted(found, key=lambda run: run.begin)


def overlaps(runs: list[Ran]) -> list[tuple[Ran, Ran]]:
    """Pairs of runs of one book that were under way at the same time."""
    found: list[tuple[Ran, Ran]] = []
    last: dict[str, Ran] = {}
    for run in runs:
        book = run.name.split(" ")[0]
        before = last.get(book)
        if before is not None and run.begin < before.end:
            found.append((before, run))
        last[book] = run if before is None or run.end > before.end else before
    return found


def at(text: str) -> datetime:
    """A UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
