"""The foreign-exchange week: from Sunday 17:00 to Friday 17:00 in New York, cut there at 17:00 into five days."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from exchange_calendars import ExchangeCalendar
from exchange_calendars.exchange_calendar import HolidayCalendar
from pandas.tseries.holiday import Holiday

NAME = "FX"
"""Beside "24/5", whose days end at midnight UTC, as the daily bars of most vendors do."""

_AT_FIVE = ((None, time(17)),)


class FxWeek(ExchangeCalendar):
    """No exchange keeps these hours; they are those at which banks roll positions over, summer time included."""

    @property
    def name(self) -> str:
        """By which exchange-calendars knows it."""
        return NAME

    @property
    def tz(self) -> ZoneInfo:
        """Its hours are New York's."""
        return ZoneInfo("America/New_York")

    @property
    def open_times(self) -> tuple[tuple[None, time], ...]:
        """Of the day before."""
        return _AT_FIVE

    @property
    def open_offset(self) -> int:
        """In days."""
        return -1

    @property
    def close_times(self) -> tuple[tuple[None, time], ...]:
        """Of the day itself."""
        return _AT_FIVE

    @property
    def regular_holidays(self) -> HolidayCalendar:
        """The two days on which nobody quotes."""
        return HolidayCalendar([Holiday("Christmas", month=12, day=25), Holiday("New Year", month=1, day=1)])
