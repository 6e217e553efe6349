from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.alignment import build_panel, fresh, refused_cells
from data.clock import to_datetime
from data.market import AssetClass, Instrument
from data.outcomes import fill_prices, next_bar
from data.quality import check_bars
from data.sources.protocol import COLUMNS, Kind
from tests.data.toy_market import ordered, toy_bars, utc

NAMES = tuple(Instrument(name, AssetClass.STOCK) for name in ("A", "B", "C"))
SLOTS = np.datetime64("2020-01-01T20:00", "ns") + np.arange(10) * np.timedelta64(1, "D")
PRICES = ("open", "high", "low", "close", "volume")


@st.composite
def bars(draw: st.DrawFn) -> pd.DataFrame:
    """Bars of A, B and of a symbol that is not asked for, late, revised and doubly known, in any order of knowledge."""
    count = draw(st.integers(1, 20))
    event = np.array(draw(st.lists(st.integers(0, 10 * 4), min_size=count, max_size=count)))
    delay = np.array(draw(st.lists(st.integers(0, 12), min_size=count, max_size=count)))
    frame = pd.DataFrame({"symbol": draw(st.lists(st.sampled_from("ABZ"), min_size=count, max_size=count))})
    frame["event_time"] = utc(SLOTS[0] + event * np.timedelta64(6, "h"))
    frame["known_at"] = frame["event_time"] + pd.to_timedelta(delay * 6, unit="h")
    frame["start"] = frame["event_time"] - pd.Timedelta(hours=5)
    for i, name in enumerate(PRICES):
        frame[name] = np.arange(count) + 10.0 * (i + 1)
    frame.loc[np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))), ["open", "high", "low"]] = np.nan
    return ordered(Kind.BARS, frame.drop_duplicates(["symbol", "event_time", "known_at"]))


@settings(max_examples=30, deadline=None)
@given(bars())
def test_a_cell_is_the_last_bar_known_at_its_slot(frame: pd.DataFrame):
    panel = build_panel(frame, NAMES, SLOTS)
    for t, slot in enumerate(utc(SLOTS)):
        for s, name in enumerate(NAMES):
            known = frame[(frame["symbol"] == name.symbol) & (frame["known_at"] <= slot)]
            last = known.sort_values(["event_time", "known_at"], kind="stable").tail(1)
            for field in PRICES:
                expected = last[field].iloc[0] if len(last) else np.nan
                np.testing.assert_equal(getattr(panel, field)[t, s], expected)
            if last.empty:
                assert panel.age[t, s] == -1
            else:
                debut = known.loc[known["event_time"] == last["event_time"].iloc[0], "known_at"].min()
                assert panel.age[t, s] == t - int((utc(SLOTS) < debut).sum())


@settings(max_examples=25, deadline=None)
@given(bars(), st.integers(1, len(SLOTS)))
def test_a_panel_of_fewer_slots_is_the_beginning_of_the_longer_one(frame: pd.DataFrame, rows: int):
    short, long = build_panel(frame, NAMES, SLOTS[:rows]), build_panel(frame, NAMES, SLOTS).until(rows)
    known = frame[frame["known_at"] <= utc(SLOTS)[rows - 1]]
    from_past = build_panel(known, NAMES, SLOTS[:rows])
    for field in (*PRICES, "age"):
        np.testing.assert_array_equal(getattr(short, field), getattr(long, field))
        np.testing.assert_array_equal(getattr(short, field), getattr(from_past, field))
    np.testing.assert_array_equal(short.closes_only, from_past.closes_only)


@settings(max_examples=25, deadline=None)
@given(bars())
def test_a_fill_is_the_first_open_from_the_slot_on_or_a_later_close(frame: pd.DataFrame):
    panel = build_panel(frame, NAMES, SLOTS)
    fills = fill_prices(frame, panel)
    first = frame.sort_values(["event_time", "known_at"], kind="stable").drop_duplicates(["symbol", "event_time"])
    for t, slot in enumerate(utc(SLOTS)):
        for s, name in enumerate(NAMES):
            mine = first[first["symbol"] == name.symbol]
            opened = mine[mine["open"].notna() & (mine["start"] >= slot)]
            opened = opened.assign(price=opened["open"], when=opened["start"])
            closed = mine[mine["open"].isna() & (mine["event_time"] > slot)]
            closed = closed.assign(price=closed["close"], when=closed["event_time"])
            both = pd.concat([opened, closed]).sort_values("when", kind="stable")
            found = next_bar(frame, name.symbol, slot.to_pydatetime())
            if both.empty:
                assert np.isnan(fills[t, s])
                assert found is None
                continue
            tied = both[both["when"] == both["when"].iloc[0]]
            assert fills[t, s] in tied["price"].to_list()
            assert found is not None
            assert found.price == fills[t, s]
            assert found.time == tied["when"].iloc[0].to_pydatetime()


def test_conventions_are_named():
    frame = toy_bars(SLOTS, 1)
    after = to_datetime(SLOTS[3])
    opened, closed = next_bar(frame, "ALFA", after), next_bar(frame, "CLOSES", after)
    assert opened is not None
    assert closed is not None
    assert (opened.convention, closed.convention) == ("next_open", "next_close")
    assert closed.time == to_datetime(SLOTS[4])


def test_weekend_bars_of_another_calendar_arrive_with_the_next_slot():
    days = pd.date_range("2020-01-01", periods=12, tz="UTC")
    frame = pd.DataFrame({"symbol": "A", "start": days - pd.Timedelta(days=1), "event_time": days, "known_at": days})
    for name in PRICES:
        frame[name] = np.arange(12.0) + 1.0
    weekdays = SLOTS[np.is_busday(SLOTS.astype("datetime64[D]"))][:8]
    panel = build_panel(ordered(Kind.BARS, frame), NAMES, weekdays)
    assert (panel.age[:, 0] == 0).all()
    assert panel.close[:, 0].tolist() == [1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    assert fresh(panel, 3)[:, 0].all()
    assert not fresh(panel, 3)[:, 1].any()


def one_bar(**changed: object) -> pd.DataFrame:
    time = pd.Timestamp("2020-01-05T20:00", tz="UTC")
    row = {"symbol": "A", "start": time - pd.Timedelta(hours=6), "event_time": time, "known_at": time}
    row |= {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0} | changed
    return pd.DataFrame([row])[list(COLUMNS[Kind.BARS])]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"close": np.nan}, "missing"),
        ({"close": -36.98}, "not positive"),
        ({"open": 0.0}, "not positive"),
        ({"high": np.inf}, "not finite"),
        ({"high": 8.0, "low": 9.0}, "high is below low"),
        ({"volume": -1.0}, "volume"),
        ({"known_at": pd.Timestamp("2020-01-04", tz="UTC")}, "known before"),
        ({"start": pd.Timestamp("2020-01-06", tz="UTC")}, "closes before"),
    ],
)
def test_a_bad_bar_is_refused_with_its_reason(changed: dict[str, object], reason: str):
    checked = check_bars(one_bar(**changed))
    assert checked.clean.empty
    assert reason in checked.refused["reason"].iloc[0]


def test_a_bar_said_twice_counts_once_and_a_contradiction_not_at_all():
    assert len(check_bars(pd.concat([one_bar(), one_bar()])).clean) == 1
    checked = check_bars(pd.concat([one_bar(), one_bar(close=11.5)]))
    assert checked.clean.empty
    assert len(checked.refused) == 2


def test_missing_opens_and_volumes_are_no_fault():
    assert len(check_bars(one_bar(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)).clean) == 1


def test_a_refused_bar_blocks_its_symbol_until_a_good_one_comes():
    frame = toy_bars(SLOTS, 2)
    bad = (frame["symbol"] == "ALFA") & frame["event_time"].isin(utc(SLOTS[7:9]))
    frame.loc[bad, "close"] = np.nan
    checked = check_bars(frame)
    names = tuple(Instrument(name, AssetClass.STOCK) for name in ("ALFA", "BETA"))
    blocked = refused_cells(checked, names, SLOTS)
    assert np.flatnonzero(blocked[:, 0]).tolist() == [7, 8]
    assert not blocked[:, 1].any()
    panel = build_panel(checked.clean, names, SLOTS)
    assert panel.age[6:10, 0].tolist() == [0, 1, 2, 0]
    assert panel.close[8, 0] == panel.close[6, 0]
