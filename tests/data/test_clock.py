from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import exchange_calendars as xcals
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clock import Slots, parse_as_of, parse_slot, slot_text, to_datetime, to_datetime64
from data.errors import BadConfig, InputError, OutOfRange

XNYS = Slots("XNYS")
moments = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize("calendar", ["XNYS", "CMES", "24/5", "24/7"])
def test_hourly_slots_are_those_of_the_trading_index(calendar: str):
    theirs = xcals.get_calendar(calendar, start="2020-01-01", end="2020-12-31")
    index = theirs.trading_index("2020-11-02", "2020-12-24", "1h", intervals=True, force_close=True).right
    ours = Slots(calendar, "1h").between(index[0].to_pydatetime(), index[-1].to_pydatetime())
    np.testing.assert_array_equal(ours, index.tz_convert(None).to_numpy())


@pytest.mark.parametrize("calendar", ["XNYS", "CMES", "24/7"])
def test_daily_slots_are_session_closes(calendar: str):
    closes = xcals.get_calendar(calendar, start="2019-01-01", end="2021-12-31").closes
    ours = Slots(calendar).between(closes.iloc[0].to_pydatetime(), closes.iloc[-1].to_pydatetime())
    np.testing.assert_array_equal(ours, closes.dt.tz_convert(None).to_numpy())


def test_a_date_means_the_close_of_its_session():
    assert parse_as_of("2020-03-16", XNYS) == (at(2020, 3, 16, 20), False)
    assert parse_as_of("2020-11-27", XNYS) == (at(2020, 11, 27, 18), False), "a half day"
    assert parse_as_of("2020-03-16", Slots("XNYS", "1h")) == (at(2020, 3, 16, 20), False)
    assert parse_as_of("2020-03-16", Slots("24/7")) == (at(2020, 3, 17), False)


def test_a_date_without_a_session_snaps_back_and_says_so():
    assert parse_as_of("2020-03-15", XNYS) == (at(2020, 3, 13, 20), True)
    assert parse_as_of("2020-07-03", XNYS) == (at(2020, 7, 2, 20), True)


def test_an_instant_snaps_to_the_slot_before_it():
    assert parse_as_of("2020-03-16T20:00:00Z", XNYS) == (at(2020, 3, 16, 20), False)
    assert parse_as_of("2020-03-16T19:59:59Z", XNYS) == (at(2020, 3, 13, 20), True)
    assert parse_as_of("2020-03-16T16:00:00-04:00", XNYS) == (at(2020, 3, 16, 20), False)


@pytest.mark.parametrize("text", ["yesterday", "2020-02-30", "2020-13-01", "2020-03-16T20:00:00", "", "16.3.2020"])
def test_what_is_no_instant_is_refused_with_a_remedy(text: str):
    with pytest.raises(InputError) as caught:
        parse_as_of(text, XNYS)
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["1950-01-03", "2050-01-03", "1950-01-03T00:00:00Z"])
def test_dates_outside_the_calendar_are_out_of_range(text: str):
    with pytest.raises(OutOfRange):
        parse_as_of(text, XNYS)


def test_naive_times_and_unknown_clocks_are_refused():
    for call in (XNYS.at_or_before, XNYS.after, slot_text, to_datetime64):
        with pytest.raises(InputError):
            call(datetime(2020, 3, 16))
    with pytest.raises(BadConfig):
        Slots("XNYS", "1m")
    with pytest.raises(BadConfig):
        Slots("XNYSE")


@settings(max_examples=200)
@given(moments)
def test_a_moment_lies_between_its_slots(moment: datetime):
    before, after = XNYS.at_or_before(moment), XNYS.after(moment)
    assert before <= moment < after
    assert XNYS.after(before) == after
    assert XNYS.back(moment, 0) == before
    assert XNYS.back(after, 1) == before


@given(moments, st.integers(-12, 12))
def test_text_and_slot_are_inverse_in_any_zone(moment: datetime, hours: int):
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert parse_slot(slot_text(there)) == moment
    assert slot_text(there) == slot_text(moment)
    assert to_datetime(to_datetime64(there)) == moment


def test_slot_text_is_iso_utc():
    assert slot_text(at(2020, 3, 16, 20)) == "2020-03-16T20:00:00Z"


def test_session_close_accepts_dates():
    assert XNYS.session_close(date(2021, 1, 1)) == (at(2020, 12, 31, 21), True)
