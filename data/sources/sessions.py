"""When a daily bar opened and closed: the sessions of a trading calendar, early closes included."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

import numpy as np

from data.errors import BadConfig
from data.market import BoolArray, TimeArray

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Dates outside are errors of format, not days on which something was traded."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions of a calendar between two dates: `days` (N,) datetime64[D]; `opens` and `closes` (N,) UTC."""

    days: TimeArray
    opens: TimeArray
    closes: TimeArray


@dataclass(frozen=True, slots=True)
class BarTimes:
    """Open and close of daily bars, (N,) UTC; `known` is False for days that are no session of the calendar.

    A day without a session is taken as 00:00 to 24:00 UTC: late enough for any market to have closed.
    """

    start: TimeArray
    end: TimeArray
    known: BoolArray


@lru_cache(maxsize=32)
def sessions(calendar: str, first_year: int, last_year: int) -> Sessions:
    """The sessions from January of `first_year` to December of `last_year`; BadConfig for an unknown calendar."""
    import exchange_calendars as xcals
    from exchange_calendars.errors import InvalidCalendarName

    from data.sources.fx_week import NAME, FxWeek

    xcals.register_calendar_type(NAME, FxWeek, force=True)
    try:
        found = xcals.get_calendar(calendar, start=f"{first_year}-01-01", end=f"{last_year}-12-31")
    except InvalidCalendarName as error:
        near = get_close_matches(calendar.upper(), xcals.get_calendar_names(), 1)
        hint = f"did you mean {near[0]}?" if near else "XNYS, CMES, FX, 24/5 and 24/7 are the usual ones"
        raise BadConfig(f"no calendar is named {calendar!r}", hint) from error
    except ValueError as error:
        raise BadConfig(f"calendar {calendar} does not reach from {first_year} to {last_year}", str(error)) from error
    schedule = found.schedule
    return Sessions(
        schedule.index.to_numpy().astype("datetime64[D]"),
        schedule["open"].dt.tz_convert(None).to_numpy().astype("datetime64[ns]"),
        schedule["close"].dt.tz_convert(None).to_numpy().astype("datetime64[ns]"),
    )


def bar_times(calendar: str, days: TimeArray) -> BarTimes:
    """Open and close of the daily bars dated `days` (N,), in any datetime64 unit."""
    day = days.astype("datetime64[D]")
    start = day.astype("datetime64[ns]")
    end = later(day, np.timedelta64(1, "D")).astype("datetime64[ns]")
    known = np.zeros(len(day), np.bool_)
    if not len(day):
        return BarTimes(start, end, known)
    held = sessions(calendar, _year(day.min()), _year(day.max()))
    at = np.minimum(np.searchsorted(held.days, day), len(held.days) - 1)
    known = held.days[at] == day
    return BarTimes(np.where(known, held.opens[at], start), np.where(known, held.closes[at], end), known)


def hour_ends(calendar: str, starts: TimeArray) -> TimeArray:
    """Close of the hourly bars that open at `starts` (N,) UTC: an hour later, or the session's close inside it."""
    begin = starts.astype("datetime64[ns]")
    end = later(begin, np.timedelta64(3600, "s"))
    if not len(begin):
        return end
    # A session may close in the first hours of the year after the one its bars are dated in.
    held = sessions(calendar, _year(begin.min()) - 1, _year(begin.max()) + 1)
    at = np.minimum(np.searchsorted(held.closes, begin, side="right"), len(held.closes) - 1)
    close = held.closes[at]
    return np.where((close > begin) & (close < end), close, end)


def later(times: TimeArray, by: np.timedelta64) -> TimeArray:
    """`times` (N,) moved by a time span (numpy's own types lose sight of what a date plus a span is)."""
    return np.asarray(times + by, dtype=np.datetime64)


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(np.int64)) + 1970
