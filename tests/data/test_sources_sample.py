import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from data.errors import BadConfig, SourceUnavailable
from data.sources.protocol import COLUMNS, MACRO_ROLES, Kind, Source
from data.sources.sample import SampleSource


@pytest.fixture(scope="module")
def source():
    return SampleSource()


def test_it_keeps_the_contract_of_a_source(source):
    assert isinstance(source, Source)
    assert (source.name, source.static, source.calendar, source.frequency) == ("sample", True, "XNYS", "1d")
    assert source.params() == {}
    symbols = [i.symbol for i in source.instruments()]
    assert symbols == sorted(symbols)
    assert len(symbols) == 25
    for kind in (Kind.BARS, Kind.MACRO):
        frame = source.fetch(kind, None, None)
        assert tuple(frame.columns) == COLUMNS[kind]
        assert frame["known_at"].is_monotonic_increasing
        assert frame["known_at"].dtype == "datetime64[ns, UTC]"
        assert (frame["known_at"] >= frame["event_time"]).all()


def test_prices_equal_those_that_skfolio_loads(source):
    from skfolio.datasets import load_factors_dataset, load_sp500_dataset

    bars = source.fetch(Kind.BARS, None, None)
    ours = bars.assign(day=bars["start"].dt.tz_convert("America/New_York").dt.tz_localize(None).dt.normalize())
    ours = ours.pivot(index="day", columns="symbol", values="close")
    for theirs in (load_sp500_dataset(), load_factors_dataset()):
        mine = ours[list(theirs.columns)].dropna()
        assert len(mine) == len(theirs)
        assert np.array_equal(mine.to_numpy(), theirs.to_numpy())


def test_closes_only_and_no_volume(source):
    bars = source.fetch(Kind.BARS, None, None)
    assert bars[["open", "high", "low", "volume"]].isna().all(axis=None)
    assert (bars["close"] > 0).all()


def test_a_half_day_closes_at_one_in_new_york(source):
    day = datetime(2020, 11, 27, tzinfo=UTC)
    bars = source.fetch(Kind.BARS, day, day + timedelta(days=1))
    assert set(bars["known_at"]) == {pd.Timestamp("2020-11-27T18:00Z")}
    assert len(bars) == 25


def test_the_window_is_open_on_the_left_and_closed_on_the_right(source):
    friday, monday = datetime(2020, 3, 13, 20, tzinfo=UTC), datetime(2020, 3, 16, 20, tzinfo=UTC)
    assert set(source.fetch(Kind.BARS, friday, monday)["known_at"]) == {pd.Timestamp(monday)}
    assert source.fetch(Kind.BARS, monday, friday).empty
    with pytest.raises(BadConfig, match="time zone"):
        source.fetch(Kind.BARS, datetime(2020, 3, 13), None)


def test_macro_is_released_when_it_really_was(source):
    macro = source.fetch(Kind.MACRO, None, None)
    assert set(macro["role"]) < set(MACRO_ROLES)
    lag = macro["known_at"] - macro["event_time"]
    by = lag.groupby(macro["series"])
    assert by.min()["WTI_SPOT"] == pd.Timedelta(days=9)
    assert by.min()["BAA_AAA"] >= pd.Timedelta(days=28 + 5)
    vix = macro.loc[macro["series"] == "VIX"].set_index("event_time")["known_at"]
    assert vix[pd.Timestamp("2018-07-03T00:00Z")] == pd.Timestamp("2018-07-03T17:15Z")


def test_the_stale_series_stay_stale(source):
    after = source.fetch(Kind.MACRO, datetime(2019, 2, 1, tzinfo=UTC), None)
    assert set(after["series"]) == {"SP500_INDEX"}


def test_what_the_packages_do_not_carry_is_unavailable_not_empty(source):
    for kind in (Kind.NEWS, Kind.POSTS, Kind.CHAINS):
        with pytest.raises(SourceUnavailable, match=f"the sample carries no {kind.value}"):
            source.fetch(kind, None, None)


def test_reading_it_imports_none_of_the_packages():
    import subprocess

    code = (
        "import sys; from data.sources.sample import SampleSource; from data.sources.protocol import Kind;"
        "s = SampleSource(); s.fetch(Kind.BARS, None, None); s.fetch(Kind.MACRO, None, None);"
        "print(s.fingerprint(), sorted({'skfolio', 'arch', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == [SampleSource().fingerprint(), "[]"]


def test_span_is_that_of_the_bars(source):
    first, last = source.span()
    assert (first, last) == (datetime(1990, 1, 2, 21, tzinfo=UTC), datetime(2022, 12, 28, 21, tzinfo=UTC))
