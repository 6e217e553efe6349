"""Lots, ticks, contracts, short sales and settlement."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.market import AssetClass, Instrument
from tools.market.conventions import (
    CLASSES,
    CONTRACTS,
    convention_of,
    limit_tick,
    nearest_tick,
    settlement_days,
    short_sale_restricted,
    stock_tick,
)
from tools.market.terms import whole_lots


def test_every_class_has_a_convention():
    assert set(CLASSES) == set(AssetClass)


@pytest.mark.parametrize("symbol", ["ES", "ES=F", "ESZ24", "ESH5"])
def test_a_future_is_known_by_its_root(symbol: str):
    found = convention_of(Instrument(symbol, AssetClass.INDEX_FUTURE))
    assert (found.multiplier, found.tick, found.lot) == (50.0, 0.25, 50.0)


def test_what_is_no_contract_keeps_its_class():
    assert convention_of(Instrument("ES", AssetClass.STOCK)) is CLASSES[AssetClass.STOCK]
    assert convention_of(Instrument("GOLDEX", AssetClass.COMMODITY)) is CLASSES[AssetClass.COMMODITY]


def test_a_contract_is_a_lot_and_its_tick_is_worth_what_the_exchange_says():
    """CME: 12.50 USD for ES, 5.00 for NQ and RTY, 10.00 for CL, GC and NG, 25.00 for SI, 12.50 for HG."""
    worth = {root: CONTRACTS[root].tick * CONTRACTS[root].multiplier for root in CONTRACTS}
    expected = {
        "ES": 12.5,
        "NQ": 5.0,
        "RTY": 5.0,
        "YM": 5.0,
        "CL": 10.0,
        "GC": 10.0,
        "NG": 10.0,
        "SI": 25.0,
        "HG": 12.5,
    }
    assert {root: pytest.approx(worth[root]) for root in expected} == expected
    assert all(one.lot == one.multiplier for one in CONTRACTS.values())
    assert whole_lots(174.0, CONTRACTS["ES"].lot) == 150.0


@given(st.floats(0.01, 1e5), st.sampled_from([0.25, 0.01, 0.005, 0.0001, 1.0, 0.1]))
def test_a_limit_is_rounded_to_a_tick_that_is_no_worse(price: float, tick: float):
    bid, ask = limit_tick(price, tick, True), limit_tick(price, tick, False)
    assert bid <= price + tick * 1e-5
    assert ask >= price - tick * 1e-5
    assert abs(nearest_tick(price, tick) - price) <= tick * 0.50001
    for at in (bid, ask):
        assert abs(at / tick - round(at / tick)) < 1e-6
        assert limit_tick(at, tick, True) == pytest.approx(at, abs=tick * 1e-6)
        assert limit_tick(at, tick, False) == pytest.approx(at, abs=tick * 1e-6)


@pytest.mark.parametrize(
    ("price", "tick", "at"), [(10.005, 0.01, 10.01), (0.3, 0.1, 0.3), (7.13, 0.25, 7.25), (7.1, 0, 7.1)]
)
def test_the_nearest_tick_by_hand(price: float, tick: float, at: float):
    assert nearest_tick(price, tick) == pytest.approx(at, abs=1e-12)
    assert nearest_tick(-price, tick) == pytest.approx(-at, abs=1e-12)


def test_prices_that_mean_a_tick_stay_on_it():
    for price in (0.3, 1.1, 2.675, 19.99, 100.35):
        assert limit_tick(price, 0.005, True) == pytest.approx(price, abs=1e-12)
        assert limit_tick(price, 0.005, False) == pytest.approx(price, abs=1e-12)


def test_stocks_under_a_dollar_step_finer():
    assert stock_tick(1.0) == 0.01
    assert stock_tick(0.9999) == 0.0001


@pytest.mark.parametrize(
    ("day", "business_days"),
    [(date(2017, 9, 1), 3), (date(2017, 9, 5), 2), (date(2024, 5, 27), 2), (date(2024, 5, 28), 1)],
)
def test_stocks_settle_faster_with_the_years(day: date, business_days: int):
    assert settlement_days(Instrument("A", AssetClass.STOCK), day) == business_days
    assert settlement_days(Instrument("ES", AssetClass.INDEX_FUTURE), day) == 0
    assert settlement_days(Instrument("EURUSD", AssetClass.FOREX), day) == 2
    assert settlement_days(Instrument("USDCAD", AssetClass.FOREX), day) == 1
    assert settlement_days(Instrument("A", AssetClass.OPTION), day) == 1


def test_a_fall_of_a_tenth_restricts_short_sales_for_two_days():
    close = np.array([[100.0], [95.0], [94.0], [93.0], [92.0]])
    low = np.array([[99.0], [90.0], [93.0], [92.0], [np.nan]])
    assert short_sale_restricted(low, close)[:, 0].tolist() == [False, True, True, False, False]
