"""A tape shows what its bars show, at prices that were still to come, and nothing of it depends on later bars."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.alignment import build_panel
from data.errors import BadBar
from data.features.spec import Features
from data.history import History
from data.market import AssetClass, Instrument
from data.outcomes import fill_prices
from tests.tools.backtest.toy_histories import closes, history_of
from tools.backtest.actions import Delisting, Dividend, Split
from tools.backtest.conditions import Conditions
from tools.backtest.tape import Tape
from tools.backtest.taping import VOLATILITY_BARS, rolling_volatility, tape_from_history, tape_from_panel, tape_of

STOCK, COIN = Instrument("STK", AssetClass.STOCK), Instrument("COIN", AssetClass.CRYPTO, "24/7")
MARKET = Path(__file__).parents[3].parent / "shared" / "market"


def arrays(tape: Tape) -> dict[str, np.ndarray]:
    return {f.name: getattr(tape, f.name) for f in fields(tape) if f.name != "instruments"}


def day(at: int) -> date:
    """The day of slot `at` of a tape made by `tape_of`."""
    return date.fromordinal(date(2000, 1, 3).toordinal() + at)


def two_calendars() -> tuple[History, pd.DataFrame]:
    """Two weeks of a stock (sessions to 21:00 UTC) and a coin (midnight to midnight), on the stock's slots."""
    rows: list[dict[str, object]] = []
    for n, start in enumerate(pd.date_range("2024-03-01", "2024-03-14", tz="UTC")):
        price = 100.0 + n
        bar = {"open": price, "high": price + 0.9, "low": price - 0.1, "close": price + 0.5, "volume": 10.0 + n}
        end = start + pd.Timedelta(days=1)
        rows.append({"symbol": "COIN", "start": start, "event_time": end, "known_at": end} | bar)
        if start.dayofweek < 5:
            opened, closed = start + pd.Timedelta(hours=14.5), start + pd.Timedelta(hours=21)
            rows.append({"symbol": "STK", "start": opened, "event_time": closed, "known_at": closed} | bar)
    bars = pd.DataFrame(rows).sort_values("known_at", ignore_index=True)
    slots = np.unique(bars.loc[bars.symbol == "STK", "event_time"].to_numpy("datetime64[ns]"))
    bars = bars[bars.known_at.to_numpy("datetime64[ns]") <= slots[-1]].reset_index(drop=True)
    panel = build_panel(bars, (STOCK, COIN), slots)
    features = Features((), np.zeros((len(slots), 2, 0)), (), np.zeros((len(slots), 0)))
    fill = fill_prices(bars, panel)
    return History("toy", panel, features, fill, panel.age == 0, "toy", {}), bars


def test_a_tape_of_a_history_is_that_of_its_panel_where_calendars_agree():
    history = history_of(closes())
    one, other = arrays(tape_from_history(history)), arrays(tape_from_panel(history.panel))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_no_open_is_of_before_the_slot_that_decides():
    """A coin's bar known at a slot opened before the slot before it: that price is past, and the next one is taken."""
    history, bars = two_calendars()
    tape = tape_from_history(history)
    starts = dict(zip(bars.loc[bars.symbol == "COIN", "open"], bars.loc[bars.symbol == "COIN", "start"], strict=True))
    for t in range(1, len(tape.times)):
        if tape.fresh[t, 1]:
            opened = starts[tape.open[t, 1]].to_datetime64()
            assert opened >= tape.times[t - 1]
            assert opened < tape.times[t]
    own = tape_from_panel(history.panel).open[1:, 1]
    past = np.array([starts[price].to_datetime64() for price in own[1:]]) < tape.times[1:-1]
    assert past.sum() >= 5, "the bars' own opens would have been of before the decision"
    np.testing.assert_array_equal(tape.open[1:, 0], history.panel.open[1:, 0])


def test_a_decision_is_filled_where_the_history_says():
    history, _ = two_calendars()
    tape = tape_from_history(history)
    at, column = np.nonzero(tape.fresh[1:])
    np.testing.assert_array_equal(tape.open[at + 1, column], history.fill[at, column])


def test_arrays_are_plain_float64_rows():
    history, _ = two_calendars()
    for tape in (tape_from_history(history), tape_of(np.asfortranarray(closes()))):
        for name, array in arrays(tape).items():
            assert array.flags.c_contiguous, name
            if name not in ("times", "fresh", "delisted"):
                assert array.dtype == np.float64, name
                assert array.flags.writeable, name


def test_what_has_no_bar_shows_its_last_close_after_splits():
    close = np.array([[np.nan], [10.0], [99.0], [np.nan], [5.5], [6.0]])
    fresh = np.array([[False], [True], [False], [False], [True], [True]])
    tape = tape_of(close, close, fresh=fresh, conditions=Conditions(actions=(Split("S0", day(3), 2.0),)))
    np.testing.assert_array_equal(tape.close[:, 0], [np.nan, 10.0, 10.0, 5.0, 5.5, 6.0])
    np.testing.assert_array_equal(tape.open, tape.close)
    assert tape.split[:, 0].tolist() == [1.0, 1.0, 1.0, 2.0, 1.0, 1.0]


def test_closes_only_open_at_their_close():
    history = history_of(closes(30))
    nothing = np.full_like(history.panel.close, np.nan)
    panel = replace(history.panel, open=nothing, high=nothing, low=nothing)
    np.testing.assert_array_equal(tape_from_panel(panel).open, panel.close)


def test_volatility_is_pandas_rolling_std_and_waits_for_a_full_window():
    close = closes(80)
    volatility = tape_of(close).volatility
    expected = pd.DataFrame(close).pct_change().rolling(VOLATILITY_BARS).std().fillna(0.0).to_numpy()
    np.testing.assert_allclose(volatility, expected, rtol=1e-10)
    assert not volatility[:VOLATILITY_BARS].any()
    assert (volatility[VOLATILITY_BARS:] > 0.0).all()


def test_a_split_is_no_return():
    close = closes(60)
    split = np.ones_like(close)
    split[30, 1] = 4.0
    quoted = close / np.cumprod(split, axis=0)
    everywhere = np.ones(close.shape, np.bool_)
    np.testing.assert_allclose(
        rolling_volatility(quoted, split, everywhere),
        rolling_volatility(close, np.ones_like(close), everywhere),
        rtol=1e-9,
    )


@pytest.mark.parametrize("cut", [1, 22, 23, 60, 118])
def test_later_bars_change_nothing_at_an_earlier_slot(cut: int):
    """But for `delisted`, which is about the end."""
    close = closes()
    actions = (Split("S0", day(40), 2.0), Dividend("S1", day(50), 0.3))
    conditions = Conditions(actions=actions, interest_bps=300.0, borrow_bps=50.0)
    close[40:, 0] /= 2.0
    whole, short = tape_of(close, conditions=conditions), tape_of(close[:cut].copy(), conditions=conditions)
    for name, array in arrays(short).items():
        if name != "delisted":
            assert array.tobytes() == np.ascontiguousarray(getattr(whole, name)[:cut]).tobytes(), name


def test_actions_fall_on_the_slots_of_their_days():
    close = closes(40)
    close[10:, 0] *= 0.5
    close[35:, 2] = np.nan
    actions = (Dividend("S1", day(12), 0.25), Delisting("S2", day(36)), Split("S0", day(10), 2.0))
    tape = tape_of(close, conditions=Conditions(actions=actions))
    assert np.argwhere(tape.split != 1.0).tolist() == [[10, 0]]
    assert np.argwhere(tape.dividend != 0.0).tolist() == [[12, 1]]
    assert tape.delisted.tolist() == [-1, -1, 34]


def test_actions_outside_the_slots_change_nothing_in_them():
    close = closes(20)
    actions = (Split("S0", date(1999, 1, 4), 2.0), Dividend("S1", day(0), 9.0), Split("S0", day(25), 3.0))
    actions += (Delisting("S2", day(25)),)
    tape = tape_of(close, conditions=Conditions(actions=actions))
    assert (tape.split == 1.0).all()
    assert not tape.dividend.any()
    assert tape.delisted.tolist() == [-1, -1, -1]


def test_a_dividend_before_a_split_on_one_slot_is_paid_on_the_units_after_it():
    times = np.array(["2024-03-01T21:00", "2024-03-04T21:00", "2024-03-05T21:00"], dtype="datetime64[ns]")
    close = np.array([[20.0], [10.0], [10.1]])
    actions = (Split("S0", date(2024, 3, 3), 2.0), Dividend("S0", date(2024, 3, 2), 1.0))
    tape = tape_of(close, times=times, conditions=Conditions(actions=actions))
    assert tape.split[1, 0] == 2.0
    assert tape.dividend[1, 0] == 0.5


def test_a_slot_at_midnight_shows_the_day_before():
    times = np.array(["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"], dtype="datetime64[ns]")
    actions = (Dividend("S0", date(2024, 3, 2), 1.0),)
    tape = tape_of(np.full((4, 1), 50.0), times=times, conditions=Conditions(actions=actions))
    assert tape.dividend[:, 0].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_carry_is_spread_over_calendar_days():
    times = np.array(["2024-03-01T21:00", "2024-03-04T21:00", "2024-03-05T21:00"], dtype="datetime64[ns]")
    conditions = Conditions(
        interest_bps=np.array([360.0, 720.0, 0.0]), borrow_bps={"S1": 36.0}, funding_bps={"S0": -360.0},
        charges={"S1": np.array([0.0, 1e-4, 0.0])}, rolls={"S0": np.array([0.0, 0.0, 4e-4])},
    )  # fmt: skip
    tape = tape_of(np.full((3, 2), 50.0), times=times, conditions=conditions)
    np.testing.assert_allclose(tape.interest, [0.0, 3e-4, 2e-4], atol=1e-18)
    np.testing.assert_allclose(tape.borrow, [[0.0, 0.0], [0.0, 3e-5], [8e-4, 1e-5]], atol=1e-18)
    np.testing.assert_allclose(tape.funding, [[0.0, 0.0], [-3e-4, 1e-4], [-1e-4 + 4e-4, 0.0]], atol=1e-18)


def test_both_sides_pay_a_roll():
    """What a long and a short of one unit of value pay under the law: funding on the signed value, borrow on shorts."""
    paid = np.array([0.0, 0.0, 4e-4])
    tape = tape_of(np.full((3, 1), 50.0), conditions=Conditions(rolls={"S0": paid}))
    np.testing.assert_allclose(tape.funding[:, 0], paid)
    np.testing.assert_allclose(-tape.funding[:, 0] + tape.borrow[:, 0], paid)


def test_a_foreign_symbol_is_converted():
    instruments = (Instrument("SAP", AssetClass.STOCK, "XETR", currency="EUR"), STOCK)
    rate = np.linspace(1.0, 1.1, 20)
    tape = tape_of(closes(20)[:, :2], instruments=instruments, conditions=Conditions(fx={"EUR": rate}))
    np.testing.assert_array_equal(tape.fx, np.column_stack([rate, np.ones(20)]))


def test_a_bar_without_a_trade_waits_where_that_is_asked_for():
    volume = np.full((10, 1), 100.0)
    volume[4] = 0.0
    close = closes(10)[:, :1]
    tape = tape_of(close, volume=volume, conditions=Conditions(zero_volume="wait"))
    assert np.flatnonzero(~tape.fresh).tolist() == [4]
    assert tape.close[4, 0] == close[3, 0]
    assert np.isnan(tape.volume[4, 0])


def test_real_bars_make_a_tape_and_the_negative_oil_price_does_not():
    path = MARKET / "commodities" / "spot_prices_to_2022.parquet"
    if not path.exists():
        pytest.skip("the real commodity prices are not here")
    table = pd.read_parquet(path)
    oil = table[table.series == "WTI_USD_bbl"].sort_values("date")
    times, close = oil["date"].to_numpy("datetime64[ns]"), oil["close"].to_numpy(np.float64)[:, None]
    wti = (Instrument("WTI", AssetClass.COMMODITY, "CMES"),)
    before = times < np.datetime64("2020-04-20")
    assert tape_of(close[before], times=times[before], instruments=wti).fresh.all()
    with pytest.raises(BadBar, match="WTI at 2020-04-20T00:00:00Z: the close is not positive"):
        tape_of(close, times=times, instruments=wti)
    fresh = close > 0.0
    assert tape_of(close, times=times, instruments=wti, fresh=fresh).fresh.sum() == len(close) - 1
