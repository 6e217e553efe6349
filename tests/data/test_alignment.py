from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from data.alignment import build_panel, fresh, refused_cells
from data.clock import to_datetime
from data.market import AssetClass, Instrument
from data.outcomes import fill_prices, next_bar
from data.quality import check_bars
from data.sources.protocol import Kind
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


def test_of_two_bars_known_at_once_the_good_one_counts_and_a_later_bad_revision_blocks():
    frame = toy_bars(SLOTS, 2)
    twin = frame[(frame["symbol"] == "ALFA") & (frame["event_time"] == utc(SLOTS)[4])].assign(close=np.nan)
    revision = twin.assign(event_time=utc(SLOTS)[7], known_at=utc(SLOTS)[8], start=utc(SLOTS)[6])
    last = frame["event_time"] < utc(SLOTS)[8]
    checked = check_bars(ordered(Kind.BARS, pd.concat([frame[last], twin, revision])))
    assert len(checked.refused) == 2
    blocked = refused_cells(checked, (Instrument("ALFA", AssetClass.STOCK),), SLOTS)
    assert np.flatnonzero(blocked[:, 0]).tolist() == [8, 9]
