import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.sources.bar_checks import LARGEST_PRICE, NAMED_BARS, check_bars, conflicting, drop_repeats

GOOD = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 100.0}


def frame(*bars, symbol="A"):
    rows = [GOOD | bar for bar in bars]
    times = pd.date_range("2020-01-02T21:00Z", periods=len(rows), freq="D")
    return pd.DataFrame([{"symbol": symbol, "event_time": t} | row for t, row in zip(times, rows, strict=True)])


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        ({"close": np.nan}, "the close is missing"),
        ({"close": np.inf}, "the close is infinite"),
        ({"close": 0.0}, "the close is not positive"),
        ({"close": -36.98}, "the close is not positive"),
        ({"close": LARGEST_PRICE * 1.01}, "the close is above"),
        ({"open": np.nan}, "open, high or low is missing"),
        ({"low": 0.0}, "open, high or low is missing, infinite or not positive"),
        ({"high": np.inf}, "open, high or low is missing, infinite"),
        ({"high": LARGEST_PRICE * 2}, "open, high or low is above"),
        ({"high": 8.0}, "high is below low"),
        ({"close": 11.2}, r"the close is outside \[low, high\]"),
        ({"close": 8.9}, r"the close is outside \[low, high\]"),
        ({"open": 11.2}, r"the open is outside \[low, high\]"),
        ({"volume": -1.0}, "the volume is negative"),
        ({"volume": np.inf}, "the volume is negative or infinite"),
    ],
)
def test_each_fault_refuses_its_bar_and_no_other(bar, reason):
    clean, findings = check_bars(frame({}, bar, {}))
    assert len(clean) == 2
    assert len(findings) == 1
    assert (findings[0].rule, findings[0].symbol) == ("refused", "A")
    assert "2020-01-03" in findings[0].detail
    import re

    assert re.search(reason, findings[0].detail)


@pytest.mark.parametrize(
    "bar",
    [
        {},
        {"volume": np.nan},
        {"volume": 0.0},
        {"open": np.nan, "high": np.nan, "low": np.nan},
        {"close": 11.0 * (1 + 5e-5)},
        {"open": 9.0 * (1 - 5e-5)},
        {"close": 11.0},
    ],
)
def test_sound_bars_pass_untouched(bar):
    given_ = frame(bar)
    clean, findings = check_bars(given_)
    assert findings == ()
    pd.testing.assert_frame_equal(clean, given_)


prices = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.01, 100.0))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(prices, prices, prices, prices, prices), min_size=1, max_size=12))
def test_what_passes_is_sound_and_each_verdict_is_the_bars_own(rows):
    bars = frame(*(dict(zip(GOOD, row, strict=True)) for row in rows))
    clean, findings = check_bars(bars)
    assert (clean["close"] > 0).all()
    assert np.isfinite(clean["close"]).all()
    assert not (clean["high"] < clean["low"]).any()
    assert len(clean) + min(len(findings), NAMED_BARS) <= len(bars)
    alone = [len(check_bars(bars.iloc[[at]])[0]) == 1 for at in range(len(bars))]
    assert list(clean.index) == [at for at, passed in enumerate(alone) if passed]


def test_many_refusals_are_counted_not_listed():
    _, findings = check_bars(frame(*[{"close": np.nan}] * (NAMED_BARS + 7)))
    assert len(findings) == NAMED_BARS + 1
    assert findings[-1].detail == "and 7 more bars"


def test_repeats_are_dropped_and_contradictions_kept_for_the_caller():
    bars = pd.concat(
        [frame({}, {}), frame({}), frame({"close": 10.6}).assign(symbol="B"), frame({}).assign(symbol="B")]
    )
    once, findings = drop_repeats(bars.reset_index(drop=True))
    assert [(f.rule, f.symbol) for f in findings] == [("duplicate", "A")]
    assert len(once) == 4
    assert set(conflicting(once)["symbol"]) == {"B"}
