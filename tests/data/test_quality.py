from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.quality import CONTRADICTS, LARGEST_PRICE, check_bars
from data.sources.protocol import COLUMNS, Kind

GOOD = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 100.0}
CLOSES_ONLY = {"open": np.nan, "high": np.nan, "low": np.nan}
DAY = pd.Timedelta(days=1)


def frame(*bars: dict[str, object], symbol: str = "A") -> pd.DataFrame:
    """One bar a day, good but for what is said."""
    rows: list[dict[str, object]] = []
    for n, bar in enumerate(bars):
        end = pd.Timestamp("2020-01-02T21:00Z") + n * DAY
        times = {"start": end - pd.Timedelta(hours=6), "event_time": end, "known_at": end}
        rows.append({"symbol": symbol} | times | GOOD | bar)
    return pd.DataFrame(rows)[list(COLUMNS[Kind.BARS])]


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        ({"close": np.nan}, "the close is missing"),
        ({"close": np.nan} | CLOSES_ONLY, "the close is missing"),
        ({"close": np.inf}, "the close is infinite"),
        ({"close": -np.inf}, "the close is infinite"),
        ({"close": 0.0}, "the close is not positive"),
        ({"close": -36.98}, "the close is not positive"),
        ({"close": -36.98} | CLOSES_ONLY, "the close is not positive"),
        ({"close": LARGEST_PRICE * 1.01} | CLOSES_ONLY, "the close is above 1e+07"),
        ({"open": np.nan}, "open, high or low is missing, infinite or not positive"),
        ({"open": np.nan, "high": np.nan}, "open, high or low is missing, infinite or not positive"),
        ({"low": 0.0}, "open, high or low is missing, infinite or not positive"),
        ({"high": np.inf}, "open, high or low is missing, infinite or not positive"),
        ({"high": LARGEST_PRICE * 2}, "open, high or low is above 1e+07"),
        ({"high": 8.0}, "high is below low"),
        ({"close": 11.2}, "the close is outside [low, high]"),
        ({"close": 8.9}, "the close is outside [low, high]"),
        ({"open": 11.2}, "the open is outside [low, high]"),
        ({"open": 8.9}, "the open is outside [low, high]"),
        ({"volume": -1.0}, "the volume is negative or infinite"),
        ({"volume": np.inf}, "the volume is negative or infinite"),
        ({"volume": -1.0} | CLOSES_ONLY, "the volume is negative or infinite"),
        ({"known_at": pd.Timestamp("2020-01-03T20:59Z")}, "known before it happened"),
        ({"start": pd.Timestamp("2020-01-03T21:01Z")}, "closes before it opens"),
    ],
)
def test_each_fault_refuses_its_bar_and_no_other(bar: dict[str, object], reason: str):
    bars = frame({}, bar, {})
    checked = check_bars(bars)
    pd.testing.assert_frame_equal(checked.clean, bars.iloc[[0, 2]].reset_index(drop=True))
    pd.testing.assert_frame_equal(checked.refused, bars.iloc[[1]].reset_index(drop=True).assign(reason=reason))


@pytest.mark.parametrize(
    "bar",
    [
        {},
        {"volume": np.nan},
        {"volume": 0.0},
        CLOSES_ONLY,
        CLOSES_ONLY | {"volume": np.nan},
        {"close": 11.0 * (1 + 5e-5)},
        {"open": 9.0 * (1 - 5e-5)},
        {"close": 11.0},
        {"close": LARGEST_PRICE} | CLOSES_ONLY,
        {"known_at": pd.Timestamp("2020-03-01T00:00Z")},
    ],
)
def test_sound_bars_pass_untouched(bar: dict[str, object]):
    given_ = frame(bar)
    checked = check_bars(given_)
    pd.testing.assert_frame_equal(checked.clean, given_)
    assert checked.refused.empty
    assert [*checked.refused.columns] == [*given_.columns, "reason"]


prices = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.01, 100.0))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(prices, prices, prices, prices, prices), min_size=1, max_size=12))
def test_what_passes_is_sound_and_each_verdict_is_the_bars_own(rows: list[tuple[float, ...]]):
    bars = frame(*(dict(zip(GOOD, row, strict=True)) for row in rows))
    checked = check_bars(bars)
    assert (checked.clean["close"] > 0).all()
    assert np.isfinite(checked.clean["close"]).all()
    assert not (checked.clean["high"] < checked.clean["low"]).any()
    alone = [len(check_bars(bars.iloc[[at]]).clean) == 1 for at in range(len(bars))]
    assert list(checked.clean["known_at"]) == list(bars.loc[alone, "known_at"])
    assert len(checked.clean) + len(checked.refused) == len(bars)
    assert checked.refused["reason"].ne("").all()


def test_a_bar_said_twice_counts_once_and_a_contradiction_not_at_all():
    assert len(check_bars(pd.concat([frame({}), frame({})])).clean) == 1
    checked = check_bars(pd.concat([frame({}, {}), frame({"close": 10.6})], ignore_index=True))
    assert list(checked.clean["event_time"]) == [pd.Timestamp("2020-01-03T21:00Z")]
    assert list(checked.refused["reason"]) == [CONTRADICTS] * 2


def test_a_revision_and_another_symbols_bar_do_not_contradict():
    later = frame({"close": 10.6, "known_at": pd.Timestamp("2020-01-05T00:00Z")})
    assert check_bars(pd.concat([frame({}), later, frame({"close": 10.7}, symbol="B")])).refused.empty


def test_a_bar_that_cannot_be_contradicts_nothing():
    checked = check_bars(pd.concat([frame({}), frame({"close": np.nan})]))
    assert list(checked.clean["close"]) == [10.5]
    assert list(checked.refused["reason"]) == ["the close is missing"]
