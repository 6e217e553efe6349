"""What a fill costs, what cash affords, what a bar fills: properties, sums by hand, and the row kernel's cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.market import AssetClass, Instrument
from tools.market.costs import CostModel, trade_cost
from tools.market.schedule import ClassLiquidity, LiquiditySchedule
from tools.market.terms import (
    CostTerms,
    affordable,
    fill_cost,
    free_terms,
    proportional_terms,
    split_fill,
    terms_of,
    whole_lots,
)

UNKNOWN = float("nan")
rates = st.floats(0.0, 500.0)
prices = st.floats(1e-4, 1e6)
sizes = st.floats(1e-6, 1e9)
volumes = st.one_of(st.just(UNKNOWN), st.just(0.0), st.floats(1.0, 1e12))
coefficients = st.floats(0.0, 10.0)
every_term = st.builds(
    lambda rate, vol, unit, least, root, kyle, lot, thin: CostTerms(
        *(np.array([value]) for value in (rate, vol, unit, least, root, kyle, math.inf, lot, thin))
    ),
    rates, coefficients, st.floats(0.0, 5.0), st.floats(0.0, 10.0), coefficients, coefficients,
    st.sampled_from([0.0, 0.5, 1.0, 100.0]), st.floats(0.0, 100.0),
)  # fmt: skip


def one(**terms: float) -> CostTerms:
    """Free terms of one symbol, but for what is said."""
    return free_terms(1)._replace(**{name: np.array([value]) for name, value in terms.items()})


@settings(max_examples=150, deadline=None)
@given(st.floats(-1e9, 1e9), prices, rates)
def test_proportional_terms_cost_what_the_row_kernel_pays_to_the_bit(units: float, price: float, rate: float):
    paid = fill_cost(units, price, 1.0, 1e6, 0.02, proportional_terms(np.array([rate])), 0)
    assert paid == trade_cost(units * price, rate)


@settings(max_examples=150, deadline=None)
@given(every_term, sizes, prices, volumes, st.floats(0.0, 0.5), st.floats(1.0, 100.0))
def test_a_cost_is_never_negative_grows_with_size_and_has_no_side(
    terms: CostTerms, size: float, price: float, volume: float, volatility: float, more: float
):
    cost = fill_cost(size, price, 1.3, volume, volatility, terms, 0)
    assert cost >= 0.0
    assert fill_cost(-size, price, 1.3, volume, volatility, terms, 0) == cost
    assert fill_cost(size * more, price, 1.3, volume, volatility, terms, 0) >= cost
    assert fill_cost(0.0, price, 1.3, volume, volatility, terms, 0) == 0.0


@pytest.mark.parametrize(
    ("terms", "cost"),
    [
        (one(rate_bps=4.0), 1_000 * 50.0 * 2.0 * 4e-4),
        (one(spread_vol=0.1), 100_000.0 * 0.1 * 0.02),
        (one(per_unit=0.005, minimum=1.0), 5.0),
        (one(per_unit=0.0005, minimum=1.0), 1.0),
        (one(impact=0.5), 100_000.0 * 0.02 * 0.5 * math.sqrt(1_000 / 40_000)),
        (one(kyle=0.5), 100_000.0 * 0.02 * 0.5 * (1_000 / 40_000)),
        (one(spread_volume=15.0), 100_000.0 * 0.02 * 15.0 / 200.0),
    ],
)
def test_each_term_by_hand(terms: CostTerms, cost: float):
    assert fill_cost(1_000.0, 50.0, 2.0, 40_000.0, 0.02, terms, 0) == pytest.approx(cost, rel=1e-14)


def test_terms_add_up_and_an_unknown_volume_has_no_impact():
    terms = one(rate_bps=4.0, per_unit=0.005, minimum=1.0, impact=0.5, kyle=0.5, spread_volume=15.0)
    for volume in (UNKNOWN, 0.0):
        assert fill_cost(1_000.0, 50.0, 1.0, volume, 0.02, terms, 0) == pytest.approx(20.0 + 5.0)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 1e9), prices, rates)
def test_what_is_affordable_under_proportional_costs_is_the_closed_form(cash: float, price: float, rate: float):
    terms = proportional_terms(np.array([rate]))._replace(lot=np.ones(1))
    units = affordable(cash, price, 1.0, 1e6, 0.02, terms, 0)
    closed = math.floor(cash / (price * 1.0 * (1.0 + rate * 1e-4)))
    near = [
        n for n in (closed - 1, closed, closed + 1) if n * price + fill_cost(n, price, 1.0, 1e6, 0.02, terms, 0) <= cash
    ]
    assert units == max(0, *near) if near else units == 0.0


@settings(max_examples=200, deadline=None)
@given(every_term, st.floats(0.01, 1e9), prices, volumes, st.floats(0.0, 0.5), st.floats(0.01, 100.0))
def test_what_is_affordable_can_be_paid_and_a_lot_more_cannot(
    terms: CostTerms, cash: float, price: float, volume: float, volatility: float, fx: float
):
    def paid(units: float) -> float:
        return units * price * fx + fill_cost(units, price, fx, volume, volatility, terms, 0)

    units, lot = affordable(cash, price, fx, volume, volatility, terms, 0), terms.lot[0]
    assert units >= 0.0
    assert units == whole_lots(units, lot)
    assert paid(units) <= cash
    least = lot if lot > 0.0 else cash / (price * fx) * 1e-12
    assert paid(units + least) > cash * (1.0 - 1e-12)


def test_no_lot_is_lost_to_rounding_and_none_is_too_dear():
    """Cash that pays for a whole number of lots to the last bit, and for one bit less than that."""
    generator, terms = np.random.default_rng(5), proportional_terms(np.array([7.0]))._replace(lot=np.ones(1))
    for price in generator.uniform(0.01, 500.0, 500):
        units = float(generator.integers(1, 100_000))
        exact = units * price + fill_cost(units, price, 1.0, UNKNOWN, 0.0, terms, 0)
        assert affordable(exact, price, 1.0, UNKNOWN, 0.0, terms, 0) == units
        assert affordable(float(np.nextafter(exact, 0.0)), price, 1.0, UNKNOWN, 0.0, terms, 0) == units - 1.0


@pytest.mark.parametrize("cash", [0.0, -5.0, UNKNOWN, math.inf, -math.inf])
def test_no_cash_affords_nothing(cash: float):
    assert affordable(cash, 10.0, 1.0, UNKNOWN, 0.0, free_terms(1), 0) == 0.0


@pytest.mark.parametrize(("price", "fx"), [(0.0, 1.0), (-1.0, 1.0), (UNKNOWN, 1.0), (math.inf, 1.0), (1.0, UNKNOWN)])
def test_a_price_that_is_none_affords_nothing(price: float, fx: float):
    assert affordable(1_000.0, price, fx, UNKNOWN, 0.0, free_terms(1), 0) == 0.0


def test_a_minimum_above_the_cash_affords_nothing_and_an_unknown_volatility_neither():
    assert affordable(100.0, 1.0, 1.0, UNKNOWN, 0.0, one(minimum=101.0, lot=1.0), 0) == 0.0
    assert affordable(100.0, 1.0, 1.0, 1e6, UNKNOWN, one(impact=1.0, lot=1.0), 0) == 0.0


@pytest.mark.parametrize(
    ("wanted", "volume", "cap", "filled"),
    [
        (500.0, 10_000.0, 0.1, 500.0),
        (5_000.0, 10_000.0, 0.1, 1_000.0),
        (-5_000.0, 10_000.0, 0.1, -1_000.0),
        (5_000.0, UNKNOWN, 0.1, 5_000.0),
        (5_000.0, 0.0, 0.1, 0.0),
        (-5_000.0, 0.0, math.inf, -5_000.0),
    ],
)
def test_a_bar_fills_at_most_its_share(wanted: float, volume: float, cap: float, filled: float):
    assert split_fill(wanted, volume, cap) == filled


@pytest.mark.parametrize(
    ("units", "lot", "whole"),
    [(7.9, 1.0, 7.0), (-7.9, 1.0, -7.0), (0.9, 1.0, 0.0), (7.9, 0.0, 7.9), (149.0, 50.0, 100.0)],
)
def test_lots_are_rounded_towards_zero(units: float, lot: float, whole: float):
    assert whole_lots(units, lot) == whole


def test_terms_follow_the_instruments_and_a_schedule_comes_on_top():
    coin, stock = Instrument("C", AssetClass.CRYPTO), Instrument("A", AssetClass.STOCK)
    plain = terms_of([coin, stock], CostModel())
    assert plain.rate_bps.tolist() == [17.0, 4.0]
    assert all(np.isposinf(plain.cap))
    assert sum(float(np.abs(column).sum()) for column in plain._replace(rate_bps=np.zeros(2), cap=np.zeros(2))) == 0.0
    full = terms_of([coin, stock], CostModel(), LiquiditySchedule(stock=ClassLiquidity(trade_size=100.0, minimum=1.0)))
    assert full.rate_bps.tolist() == [17.0, 4.0]
    assert full.lot.tolist() == [0.0, 1.0]
    assert full.cap.tolist() == [0.1, 0.1]
    assert full.minimum.tolist() == [0.0, 1.0]
    assert full.spread_volume.tolist() == [0.0, 7.5]
    assert all(column.flags.c_contiguous and column.dtype == np.float64 for column in full)
    assert set(LiquiditySchedule.model_fields) == {c.value for c in AssetClass}


def test_free_terms_cost_nothing():
    assert fill_cost(1e6, 100.0, 1.0, 10.0, 0.5, free_terms(3), 2) == 0.0
    assert affordable(1_000.0, 3.0, 1.0, UNKNOWN, 0.0, free_terms(1), 0) == pytest.approx(1_000.0 / 3.0, rel=1e-15)
