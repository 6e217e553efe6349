"""The clock of a book: which instants are slots, and which slot a date means.

A slot is an instant at which the desk may decide: the close of each session (1d) or of each hour inside a session (1h).
Every instant here is a tz-aware UTC datetime; naive ones are refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np

from data.errors import BadConfig, InputError, OutOfRange
from data.market import IntArray, TimeArray
from data.sources.sessions import sessions

FIRST_YEAR, LAST_YEAR = 1960, 2040
"""Slots are known between these years: fixed, so that no slot depends on today's date."""

FREQUENCIES = ("1d", "1h")
MAX_AGE = {"1d": 3, "1h": 3}
"""Frequency -> slots after which a price is stale (a long weekend of another calendar is not)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = np.timedelta64(3_600_000_000_000, "ns")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def to_utc(moment: datetime) -> datetime:
    """The instant in UTC; InputError where it carries no time zone."""
    if moment.tzinfo is None:
        raise InputError(f"the time {moment.isoformat()} has no time zone", 'write it like "2020-03-16T20:00:00Z"')
    return moment.astimezone(UTC)


def to_datetime64(moment: datetime) -> np.datetime64:
    """The instant as datetime64[ns] (UTC)."""
    return np.datetime64(to_utc(moment).replace(tzinfo=None), "ns")


def to_datetime(moment: np.datetime64) -> datetime:
    """A datetime64 (UTC) as a tz-aware datetime, to the microsecond."""
    return _EPOCH + timedelta(microseconds=int(moment.astype("datetime64[us]").astype(np.int64)))


def slot_text(slot: datetime) -> str:
    """The one written form of a slot: "2020-03-16T20:00:00Z"."""
    return to_utc(slot).isoformat().replace("+00:00", "Z")


def parse_slot(text: str) -> datetime:
    """The inverse of `slot_text`; any ISO 8601 instant with a time zone is read."""
    try:
        return to_utc(datetime.fromisoformat(text.strip()))
    except ValueError as error:
        raise InputError(f"{text!r} is not a date", 'write "2020-03-16" or "2020-03-16T20:00:00Z"') from error


class Slots:
    """The slots of a calendar (exchange-calendars name) at a frequency, from FIRST_YEAR to LAST_YEAR."""

    def __init__(self, calendar: str, frequency: str = "1d") -> None:
        if frequency not in FREQUENCIES:
            raise BadConfig(f"no clock ticks at {frequency!r}", f"use one of {', '.join(FREQUENCIES)}")
        held = sessions(calendar, FIRST_YEAR, LAST_YEAR)
        self.calendar = calendar
        self.frequency = frequency
        self.max_age = MAX_AGE[frequency]
        self._days = held.days
        self._closes = held.closes
        self._times = held.closes if frequency == "1d" else _hourly(held.opens, held.closes)

    def at_or_before(self, moment: datetime) -> datetime:
        """The last slot not later than `moment`."""
        return self._slot(int(np.searchsorted(self._times, to_datetime64(moment), side="right")) - 1, moment)

    def after(self, slot: datetime) -> datetime:
        """The first slot later than `slot`."""
        return self._slot(int(np.searchsorted(self._times, to_datetime64(slot), side="right")), slot)

    def back(self, slot: datetime, count: int) -> datetime:
        """The slot `count` slots before the one at or before `slot`."""
        return self._slot(int(np.searchsorted(self._times, to_datetime64(slot), side="right")) - 1 - count, slot)

    def between(self, start: datetime, end: datetime) -> TimeArray:
        """All slots with start <= slot <= end, (T,) datetime64[ns] UTC."""
        first = np.searchsorted(self._times, to_datetime64(start), side="left")
        last = np.searchsorted(self._times, to_datetime64(end), side="right")
        return self._times[first:last]

    def session_close(self, day: date) -> tuple[datetime, bool]:
        """The close of the session of a date, or of the last one before it; True where the date had none."""
        at = int(np.searchsorted(self._days, np.datetime64(day, "D"), side="right")) - 1
        if not 0 <= at < len(self._days) - 1:
            raise _outside(day.isoformat())
        return to_datetime(self._closes[at]), bool(self._days[at] != np.datetime64(day, "D"))

    def _slot(self, at: int, asked: datetime) -> datetime:
        if not 0 <= at < len(self._times):
            raise _outside(asked.isoformat())
        return to_datetime(self._times[at])


def parse_as_of(text: str, slots: Slots) -> tuple[datetime, bool]:
    """The slot that a text means, and whether it had to be moved back to be one.

    A date means the close of that day's session; a date without a session means the slot before it.
    """
    if not _DATE.fullmatch(text.strip()):
        moment = parse_slot(text)
        slot = slots.at_or_before(moment)
        return slot, slot != moment
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"{text!r} is not a date", "check the month and the day") from error
    return slots.session_close(day)


def _hourly(opens: TimeArray, closes: TimeArray) -> TimeArray:
    """Each hour counted from the open, and the close itself where the last hour is cut short."""
    counts: IntArray = -((opens - closes) // _HOUR)
    session = np.repeat(np.arange(len(opens)), counts)
    hour = np.arange(len(session)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return np.minimum(opens[session] + hour * _HOUR, closes[session])


def _outside(asked: str) -> OutOfRange:
    return OutOfRange(f"{asked} lies outside the calendar", f"choose a date from {FIRST_YEAR + 1} to {LAST_YEAR - 1}")
