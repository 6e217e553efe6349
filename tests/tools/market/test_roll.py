"""The futures roll: which contract, one price, what it costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import BadBar
from tools.market.conventions import CONTRACTS, nearest_tick
from tools.market.roll import back_adjusted, front_by_expiry, front_by_volume, roll_charge, roll_cost
from tools.market.terms import fill_cost, proportional_terms

REAL = Path(__file__).parents[3].parent / "shared" / "market" / "futures" / "es_gc_contracts_minute.parquet"
TIMES = np.datetime64("2024-03-01T21:00", "ns") + np.arange(6) * np.timedelta64(1, "D")
FRONT = np.array([0, 0, 0, 1, 1, 2])
PRICES = np.array([
    [100.0, 110.0, np.nan],
    [101.0, 112.0, np.nan],
    [102.0, 114.24, 120.0],
    [np.nan, 115.0, 121.0],
    [np.nan, 116.0, 127.6],
    [np.nan, 117.0, 128.0],
])  # fmt: skip
NAMES = ("CLJ24", "CLK24", "CLM24")


def test_a_ratio_keeps_the_returns_of_the_contract_that_was_held():
    one = back_adjusted(PRICES, FRONT, TIMES, NAMES)
    held = [101 / 100, 102 / 101, 115 / 114.24, 116 / 115, 128 / 127.6]
    np.testing.assert_allclose(one[1:] / one[:-1], held, rtol=1e-14)
    assert one[-1] == 128.0


def test_a_difference_keeps_the_gains():
    one = back_adjusted(PRICES, FRONT, TIMES, NAMES, "difference")
    np.testing.assert_allclose(np.diff(one), [1.0, 1.0, 115 - 114.24, 1.0, 128 - 127.6], rtol=1e-12)


def test_a_later_roll_changes_levels_and_no_return():
    short = back_adjusted(PRICES[:5], FRONT[:5], TIMES[:5], NAMES)
    long = back_adjusted(PRICES, FRONT, TIMES, NAMES)[:5]
    np.testing.assert_allclose(long[1:] / long[:-1], short[1:] / short[:-1], rtol=1e-14)
    assert long[0] != short[0]


@pytest.mark.parametrize("bad", [np.nan, 0.0, -36.98, np.inf])
def test_a_roll_without_both_prices_is_refused_by_name(bad: float):
    prices = PRICES.copy()
    prices[2, 1] = bad
    with pytest.raises(BadBar, match="no price to roll at") as caught:
        back_adjusted(prices, FRONT, TIMES, NAMES)
    assert (caught.value.symbol, caught.value.bar) == ("CLK24", "2024-03-03T21:00:00Z")


def test_the_front_leaves_before_its_expiry():
    expiry = np.array(["2024-03-08T21:00", "2024-04-08T21:00"], dtype="datetime64[ns]")
    assert front_by_expiry(TIMES, expiry, 5).tolist() == [0, 0, 1, 1, 1, 1]
    late = expiry - np.timedelta64(60, "D")
    assert front_by_expiry(TIMES, late, 5).tolist() == [1] * 6


def test_volume_moves_the_front_a_day_later_and_never_back():
    volume = np.array([[9, 1, 0], [2, 8, 0], [9, 1, 0], [np.nan, 5, 6], [0, 9, 1], [0, 9, 1]], dtype=float)
    front = front_by_volume(volume)
    assert front.tolist() == [0, 0, 1, 1, 2, 2]
    volume[4:] = 1e9
    assert front_by_volume(volume)[:5].tolist() == [0, 0, 1, 1, 2]


def test_a_roll_is_two_fills():
    terms = proportional_terms(np.array([2.0]))
    cost = roll_cost(-50.0, 100.0, 101.0, 1.0, 1e6, 0.01, terms, 0)
    assert cost == fill_cost(50.0, 100.0, 1.0, 1e6, 0.01, terms, 0) + fill_cost(50.0, 101.0, 1.0, 1e6, 0.01, terms, 0)
    np.testing.assert_allclose(roll_charge(FRONT, 2.0), [0, 0, 0, 4e-4, 0, 4e-4], rtol=1e-14)


@pytest.mark.skipif(not REAL.exists(), reason="the real futures contracts are not here")
def test_real_contracts_roll_where_both_are_quoted_and_nowhere_else():
    """E-mini S&P 500 of December 2013 and March 2014, last prices of the days on file; December expires on the 20th."""
    names = ("ES_201312", "ES_201403")
    table = pd.read_parquet(REAL)
    table = table[table["ticker"].isin(names)]
    days = table.groupby([table["ts"].dt.floor("D"), "ticker"])["close"].last().unstack()
    times, prices = days.index.to_numpy("datetime64[ns]"), days[list(names)].to_numpy(np.float64)
    assert all(nearest_tick(price, CONTRACTS["ES"].tick) == price for price in prices[np.isfinite(prices)])
    expiry = np.array(["2013-12-20T14:30", "2014-03-21T13:30"], dtype="datetime64[ns]")
    front = front_by_expiry(times, expiry, days=19)
    roll = int(np.flatnonzero(np.diff(front))[0])
    assert str(times[roll])[:10] == "2013-11-18"
    one = back_adjusted(prices, front, times, names)
    assert one[roll] == pytest.approx(1782.0)
    assert one[roll] / one[0] == pytest.approx(1788.75 / 1676.5)
    with pytest.raises(BadBar, match="ES_201403 at 2013-12-03T00:00:00Z: no price to roll at"):
        back_adjusted(prices, front_by_expiry(times, expiry), times, names)
