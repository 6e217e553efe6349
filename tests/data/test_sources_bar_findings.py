import numpy as np
import pandas as pd

from data.sources.bar_findings import NAMED_BARS, drop_repeats, name_refused


def frame(*closes, symbol="A"):
    times = pd.date_range("2020-01-02T21:00Z", periods=len(closes), freq="D")
    return pd.DataFrame({
        "symbol": symbol, "event_time": times, "open": 10.0, "high": 11.0, "low": 9.0, "close": closes,
        "volume": np.nan,
    })  # fmt: skip


def test_a_refused_bar_is_named_with_its_time_its_close_and_why():
    refused = pd.concat([frame(2.0, symbol="B"), frame(-1.0, np.nan)]).assign(reason=["late", "low", "gone"])
    assert [(f.rule, f.symbol, f.detail) for f in name_refused(refused[::-1])] == [
        ("refused", "A", "bar of 2020-01-02T21:00Z with close -1: low"),
        ("refused", "A", "bar of 2020-01-03T21:00Z with close nan: gone"),
        ("refused", "B", "bar of 2020-01-02T21:00Z with close 2: late"),
    ]
    assert name_refused(refused.iloc[:0]) == ()


def test_many_refusals_are_counted_not_listed():
    findings = name_refused(frame(*[np.nan] * (NAMED_BARS + 7)).assign(reason="gone"))
    assert len(findings) == NAMED_BARS + 1
    assert findings[-1].detail == "and 7 more bars"


def test_repeats_are_dropped_and_contradictions_kept_for_the_caller():
    bars = pd.concat([frame(10.5, np.nan), frame(10.5, np.nan), frame(10.6, symbol="B"), frame(10.5, symbol="B")])
    once, findings = drop_repeats(bars.reset_index(drop=True))
    assert [(f.rule, f.symbol, f.detail) for f in findings] == [
        ("duplicate", "A", "2 bars given twice with the same values")
    ]
    assert list(once["symbol"]) == ["A", "A", "B", "B"]
