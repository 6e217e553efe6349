"""A schedule: whose cycles run by themselves, how long after each slot, and what becomes of slots that were missed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import BadConfig

Misfire = Literal["skip", "run_once", "catch_up"]
"""What becomes of slots whose grace has ended: none is run, only the latest that is due, or each in its order."""

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d+)([smhd])")


class Schedule(BaseModel):
    """What a person decides once. Whether it is enabled, and what became of its slots, is kept beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=_NAME)
    book: str
    settings: dict[str, Any]
    """What the desk is started with (Settings.restart())."""
    calendar: str
    """exchange-calendars name of the sessions that set the pace."""
    frequency: str
    static: bool
    """The source is a finished history: each slot of the calendar runs the next slot of the book, whatever its date."""
    offset_s: int = Field(default=0, ge=0, le=7 * 86400)
    """Seconds from a slot to its cycle."""
    grace_s: int = Field(default=3600, ge=0, le=30 * 86400)
    """Seconds for which a slot that is due may still begin, and for which a late source is asked again."""
    misfire: Misfire = "run_once"
    max_failures: int = Field(default=3, ge=1, le=1000)
    """Failures one after another that disable the schedule, until a person enables it again."""

    @property
    def offset(self) -> timedelta:
        """From a slot to its cycle."""
        return timedelta(seconds=self.offset_s)

    @property
    def grace(self) -> timedelta:
        """How late a slot may begin."""
        return timedelta(seconds=self.grace_s)


def make_schedule(**fields: Any) -> Schedule:
    """A schedule; BadConfig in one line where a field is refused."""
    try:
        return Schedule(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadConfig(f"schedule {where}: {first['msg']}", "see docs/schedules.md") from error


def seconds_of(text: str) -> int:
    """Seconds in "90s", "15m", "6h", "2d" or a sum such as "1h30m"; "0" is none. BadConfig for anything else."""
    written = text.strip().lower()
    if written == "0":
        return 0
    parts = _PART.findall(written)
    if not parts or "".join(count + unit for count, unit in parts) != written:
        raise BadConfig(f"{text!r} is no length of time", 'write "90s", "15m", "6h", "2d" or "1h30m"')
    return sum(int(count) * _UNITS[unit] for count, unit in parts)


def span_text(seconds: float) -> str:
    """The inverse of `seconds_of`, "1h30m", "45s"."""
    left, said = int(seconds), list[str]()
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _UNITS[unit])
        if count:
            said.append(f"{count}{unit}")
    return "".join(said) or "0s"
