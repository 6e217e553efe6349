"""The days of the simulated world and the sessions of each calendar on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import exchange_calendars as xc
import numpy as np
import pandas as pd

from data.errors import BadConfig
from data.market import CALENDARS, BoolArray, FloatArray, IntArray, TimeArray

HOUR = np.timedelta64(3_600_000_000_000, "ns")
DAY = 24 * HOUR
MIN_DAYS = 60


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions of one calendar: rows into the days, opening and closing times, each (N,)."""

    day: IntArray
    open: TimeArray
    close: TimeArray


@dataclass(frozen=True, slots=True)
class Bars:
    """Bar times of one calendar, (N, K): K bars a session, `valid` where a bar exists."""

    sessions: Sessions
    start: TimeArray
    end: TimeArray
    valid: BoolArray

    @property
    def span(self) -> FloatArray:
        """Share of its session each bar covers (N, K): rows sum to 1, 0 where not valid."""
        length = (self.end - self.start).astype(np.int64).astype(np.float64) * self.valid
        return length / length.sum(axis=1, keepdims=True)


def days_between(start: str, end: str) -> TimeArray:
    """Midnights from start to end, both included, (D,). Raises BadConfig for what is no date or too short a span."""
    try:
        first, last = np.datetime64(start, "D"), np.datetime64(end, "D")
    except ValueError as error:
        raise BadConfig(f"not a date: {start!r} or {end!r}", "write YYYY-MM-DD") from error
    if not (last - first) >= np.timedelta64(MIN_DAYS, "D"):
        raise BadConfig(f"the simulated market needs {MIN_DAYS} days, not {start} to {end}", "choose a later end")
    return np.arange(first, last + np.timedelta64(1, "D")).astype("datetime64[ns]")


def weekdays(days: TimeArray) -> BoolArray:
    """True on Monday to Friday, (D,)."""
    return np.is_busday(days.astype("datetime64[D]"))


@lru_cache(maxsize=32)
def _sessions(calendar: str, first: str, last: str) -> Sessions:
    try:
        table = xc.get_calendar(calendar, start=first, end=last)
    except ValueError as error:
        raise BadConfig(f"no {calendar} calendar for {first} to {last}", "choose dates since 1990") from error
    label = table.opens.index.to_numpy().astype("datetime64[D]")
    return Sessions(
        (label - np.datetime64(first, "D")).astype(np.int64), _ns(table.opens), _ns(table.closes)
    )  # fmt: skip


def sessions(calendar: str, days: TimeArray) -> Sessions:
    """The sessions of an exchange-calendars calendar within the days."""
    return _sessions(calendar, str(days[0].astype("datetime64[D]")), str(days[-1].astype("datetime64[D]")))


def daily(found: Sessions) -> Bars:
    """One bar a session."""
    return Bars(found, found.open[:, None], found.close[:, None], np.ones((len(found.day), 1), dtype=np.bool_))


def hourly(found: Sessions, first_day: int) -> Bars:
    """Hourly bars from the opening on, of sessions at or after row `first_day`; the last one ends with the session."""
    keep = found.day >= first_day
    kept = Sessions(found.day[keep], found.open[keep], found.close[keep])
    hours = -(-(kept.close - kept.open).astype(np.int64) // HOUR.astype(np.int64))
    step = np.arange(int(hours.max()))
    start = kept.open[:, None] + step * HOUR
    return Bars(kept, start, np.minimum(start + HOUR, kept.close[:, None]), step < hours[:, None])


def new_york_hours(days: TimeArray) -> tuple[TimeArray, TimeArray]:
    """When each day's busy hours begin and end (D,), UTC: 09:30 to 16:00 in New York, shut earlier on short days."""
    begin, end = (_in_new_york(days, minutes) for minutes in (9 * 60 + 30, 16 * 60))
    for calendar in sorted({CALENDARS[c] for c in CALENDARS}):
        found = sessions(calendar, days)
        end[found.day] = np.minimum(end[found.day], found.close)
    return begin, end


def _in_new_york(days: TimeArray, minutes: int) -> TimeArray:
    local = pd.DatetimeIndex(days + np.timedelta64(minutes, "m")).tz_localize("America/New_York")
    return local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[ns]")


def _ns(times: pd.Series) -> TimeArray:
    return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
