"""What a person is shown of schedules: a line each, who runs them, and what would be run next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A schedule in the list: `next_due` is "" where it is disabled; `last` is its latest slot that is not skipped."""

    name: str
    book: str
    calendar: str
    frequency: str
    offset_s: int
    grace_s: int
    misfire: str
    enabled: bool
    why: str
    failures: int
    max_failures: int
    next_slot: str
    next_due: str
    last: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """The line as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Watch:
    """Who runs the schedules and what is wrong, for monitoring; `age_s` is how old the youngest sign of life is."""

    schedulers: tuple[dict[str, Any], ...]
    age_s: float | None
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The watch as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a scheduler would do now with one schedule, and the slots after: (slot, due) in UTC."""

    name: str
    passed: tuple[dict[str, str], ...]
    run: str
    then: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The preview as plain JSON."""
        return asdict(self)
