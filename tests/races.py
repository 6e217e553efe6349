"""A race: two scheduler processes run all slots of eight months, are killed and restarted, and what came of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from app.scheduling.store import ScheduleStore
from data.clock import Slots, slot_text, to_datetime
from tests.schedulers import LightCycles, Race, at, overlaps, runs_of, schedule, start, warm
from tools.execution.ledger import Ledger

SINCE, UNTIL = at("2024-03-01"), at("2024-11-12T06:00")
"""Over both changes of the clock in the United States."""
BOOKS = (
    ("nyse", "XNYS", "catch_up"),
    ("fx", "FX", "catch_up"),
    ("crypto", "24/7", "catch_up"),
    ("latest", "24/7", "run_once"),
)
DAILY = ("crypto",)
"""Books that keep to days in every race."""
OFFSET = timedelta(minutes=15)
OVER = {"done", "failed", "missed", "skipped"}


@dataclass(frozen=True)
class Outcome:
    """`triggers` is how often a slot was put before a scheduler: each slot before two, and again after a fault."""

    slots: int
    triggers: int
    kills: int
    done: int
    skipped: int
    failed: int
    missed: int
    without_outcome: int
    cycles_without_slot: int
    slots_without_cycle: int
    overlaps: int
    most_runs_of_a_slot: int


def race(where: Path | str, home: Path, frequency: str, seconds: float, kills: int) -> Outcome:
    """Let two schedulers run all slots from SINCE to UNTIL within about `seconds`, killing one now and then."""
    store = ScheduleStore(where)
    for name, calendar, misfire in BOOKS:
        made = schedule(
            name, calendar=calendar, frequency=_pace(name, frequency), misfire=misfire, max_failures=1000,
            offset_s=int(OFFSET.total_seconds()), grace_s=6 * 3600,
        )  # fmt: skip
        store.add(made, "test", SINCE)
    warm()
    speed = (UNTIL - SINCE).total_seconds() / seconds
    killed = _run(where, store, frequency, Race(SINCE, UNTIL, time.monotonic(), speed, 3 * 3600.0), home, kills)
    return _outcome(store, home, frequency, killed)


def _run(
    where: Path | str, store: ScheduleStore, frequency: str, clock: Race, home: Path, kills: int
) -> dict[int, int]:
    """Who was killed, and when it was seen alive last; the two that are left end in good order."""
    cycles, rng, killed = LightCycles(home, faults=True), random.Random(7), dict[int, int]()
    seconds = (clock.end - clock.start).total_seconds() / clock.speed
    alive = [start(where, clock, cycles, seed) for seed in range(2)]
    ends = time.monotonic() + 60 + 20 * seconds
    try:
        while any(_unfinished(store, name, calendar, _pace(name, frequency)) for name, calendar, _ in BOOKS):
            assert time.monotonic() < ends, "the schedulers do not come to an end"
            time.sleep(rng.uniform(0.0, 2.0 * seconds / max(kills, 5)))
            if len(killed) < kills:
                victim = alive.pop(rng.randrange(2))
                killed[victim.pid] = time.monotonic_ns()
                victim.kill()
                alive.append(start(where, clock, cycles, 2 + len(killed)))
    finally:
        for process in alive:
            process.terminate()
        for process in alive:
            process.join(20)
    assert [process.exitcode for process in alive] == [0, 0]
    return killed


def _unfinished(store: ScheduleStore, name: str, calendar: str, frequency: str) -> bool:
    last, under_way = store.stands(name, UNTIL)
    return under_way is not None or last != slot_text(_due(calendar, frequency)[-1])


def _pace(name: str, frequency: str) -> str:
    return "1d" if name in DAILY else frequency


@cache
def _due(calendar: str, frequency: str) -> tuple[datetime, ...]:
    return tuple(to_datetime(s) for s in Slots(calendar, frequency).between(SINCE - OFFSET, UNTIL - OFFSET))


def _outcome(store: ScheduleStore, home: Path, frequency: str, killed: dict[int, int]) -> Outcome:
    """From the store, the ledger and what the cycles wrote down themselves."""
    ledger, runs = Ledger(home / "desk.sqlite"), runs_of(home, killed)
    statuses, slots, attempts = Counter[str](), 0, 0
    none = extra = missing = 0
    for name, calendar, _ in BOOKS:
        rows = store.triggers(name, 100_000)
        due = {slot_text(s) for s in _due(calendar, _pace(name, frequency))}
        slots += len(due)
        attempts += sum(max(row.attempt - 1, 0) for row in rows)
        statuses.update(row.status for row in rows)
        done = {row.slot for row in rows if row.status == "done"}
        ran = {c.slot for c in ledger.cycles(name) if c.status == "done"}
        none += len(due ^ {row.slot for row in rows if row.status in OVER})
        extra += len(ran - done)
        missing += len(done - ran)
    most = max(Counter(run.name for run in runs).values())
    return Outcome(
        slots, 2 * slots + attempts, len(killed), statuses["done"], statuses["skipped"], statuses["failed"],
        statuses["missed"], none, extra, missing, len(overlaps(runs)), most,
    )  # fmt: skip
