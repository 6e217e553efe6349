"""The scheduler's tables: schedules, one row a slot taken up or passed over, who is alive, what was changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Column, Integer, MetaData, PrimaryKeyConstraint, Table

from app.scheduling.schedule import Schedule
from tools.execution.database import WORDS

Status = Literal["running", "late", "waiting", "done", "halted", "failed", "skipped", "missed", "abandoned"]
"""running: taken up under a lease. late: the source was not ready, and is asked again. waiting: for a person. done,
halted (by the switch or a breaker), failed: how the cycle ended. skipped: passed over by the misfire policy. missed:
the source was never ready. abandoned: nobody answered before the next slot."""

NAME, VERSION = "schedules", 1
METADATA = MetaData()

schedules = Table(
    "schedules",
    METADATA,
    Column("name", WORDS, primary_key=True),
    Column("book", WORDS, nullable=False, unique=True),
    Column("fixed", WORDS, nullable=False),
    Column("enabled", Integer, nullable=False),
    Column("since", WORDS, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("why", WORDS, nullable=False),
    Column("changed_by", WORDS, nullable=False),
    Column("changed_at", WORDS, nullable=False),
)

triggers = Table(
    "triggers",
    METADATA,
    Column("book", WORDS, nullable=False),
    Column("slot", WORDS, nullable=False),
    Column("schedule", WORDS, nullable=False),
    Column("status", WORDS, nullable=False),
    Column("cycle_slot", WORDS, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("claimed_by", WORDS, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("first_at", WORDS, nullable=False),
    Column("retry_at", WORDS, nullable=False),
    Column("ended_at", WORDS, nullable=False),
    Column("said", WORDS, nullable=False),
    PrimaryKeyConstraint("book", "slot"),
)

schedulers = Table(
    "schedulers",
    METADATA,
    Column("id", WORDS, primary_key=True),
    Column("code", WORDS, nullable=False),
    Column("started_at", WORDS, nullable=False),
    Column("beat_at", WORDS, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
)

schedule_changes = Table(
    "schedule_changes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", WORDS, nullable=False),
    Column("schedule", WORDS, nullable=False),
    Column("what", WORDS, nullable=False),
    Column("by", WORDS, nullable=False),
    Column("why", WORDS, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A schedule and how it stands; `why` says why it is disabled, `failures` counts those since the last success."""

    schedule: Schedule
    enabled: bool
    since: datetime
    failures: int
    why: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Trigger:
    """A slot of a book's calendar; `cycle_slot` is the book's, or "" while it is not chosen yet.

    `attempt` counts claims and `beat` signs of life of the claimant; `retry_at` and `ended_at` are "" where there is
    none.
    """

    book: str
    slot: str
    schedule: str
    status: Status
    cycle_slot: str
    attempt: int
    claimed_by: str
    beat: int
    first_at: str
    retry_at: str
    ended_at: str
    said: str

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Alive:
    """A scheduler process: when it last gave a sign of life, and whether it said goodbye."""

    id: str
    code: str
    started_at: datetime
    beat_at: datetime
    stopped: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the audit: who enabled, disabled, added or removed a schedule, and why."""

    at: str
    schedule: str
    what: str
    by: str
    why: str

    def as_json(self) -> dict[str, str]:
        """The line as plain JSON."""
        return asdict(self)


def text_of(moment: datetime) -> str:
    """An instant as stored: UTC, whole microseconds always written, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """The inverse of `text_of`."""
    return datetime.fromisoformat(text)
