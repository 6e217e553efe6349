"""Payoffs: by hand, by brute force, and refused where they have no common expiry."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from tools.options.payoffs import Leg, Market, outcome, profit_at_expiry, profit_before

CALL = Leg("call", 100.0, 5.0, 100.0, 0.5)
PUT = Leg("put", 100.0, 4.0, 100.0, 0.5)


def test_a_long_call_can_win_without_end_and_lose_its_price():
    assert outcome([CALL]) == (math.inf, 500.0, (105.0,))


def test_a_short_put_wins_its_price_and_loses_down_to_nothing():
    assert outcome([PUT._replace(units=-100.0)]) == (400.0, 9_600.0, (96.0,))


def test_a_short_call_loses_without_end():
    assert outcome([CALL._replace(units=-100.0)]) == (500.0, math.inf, (105.0,))


def test_a_straddle_breaks_even_on_both_sides():
    assert outcome([CALL, PUT]) == (math.inf, 900.0, (91.0, 109.0))


def test_a_covered_call_is_a_short_put_in_disguise():
    covered = outcome([Leg("underlying", 100.0, 98.0), CALL._replace(units=-100.0)])
    assert covered == (700.0, 9_300.0, (93.0,))


def test_what_never_loses_has_a_negative_worst():
    box = [CALL, PUT._replace(units=-100.0), Leg("underlying", -100.0, 102.0)]
    found = outcome(box)
    assert (found.most_gained, found.most_lost, found.break_evens) == (pytest.approx(100.0), pytest.approx(-100.0), ())


legs = st.lists(
    st.builds(
        Leg,
        kind=st.sampled_from(["call", "put", "underlying"]),
        units=st.sampled_from([-2.0, -1.0, 1.0, 3.0]),
        price=st.integers(0, 40).map(float),
        strike=st.integers(50, 150).map(float),
        years=st.just(0.5),
    ),
    min_size=1,
    max_size=5,
)


@given(legs)
def test_extremes_and_break_evens_are_those_of_a_fine_grid(found):
    spot = np.linspace(0.0, 1_000.0, 10_001)
    profit = profit_at_expiry(found, spot)
    result = outcome(found)
    slope = profit[-1] - profit[-2]
    assert math.isinf(result.most_gained) == (slope > 1e-9)
    assert math.isinf(result.most_lost) == (slope < -1e-9)
    if math.isfinite(result.most_gained):
        assert result.most_gained == pytest.approx(profit.max(), abs=1e-9)
    if math.isfinite(result.most_lost):
        assert result.most_lost == pytest.approx(-profit.min(), abs=1e-9)
    at = profit_at_expiry(found, np.array(result.break_evens))
    assert at == pytest.approx(np.zeros(len(at)), abs=1e-9)
    inside = sum(1 for b in result.break_evens if b < 1_000.0)
    signs = np.sign(np.round(profit, 9))
    signs = signs[signs != 0.0]
    assert inside >= int((np.diff(signs) != 0.0).sum())


def test_before_expiry_legs_are_valued_by_black_scholes_and_at_expiry_they_pay():
    spot = np.array([90.0, 100.0, 115.0])
    market = Market(vol=0.3, rate=0.02)
    assert profit_before([CALL, PUT], spot, 0.5, market) == pytest.approx(profit_at_expiry([CALL, PUT], spot))
    assert (profit_before([CALL, PUT], spot, 0.1, market) > profit_at_expiry([CALL, PUT], spot)).all()


def test_a_calendar_has_no_payoff_but_a_value_at_the_first_expiry():
    near, far = CALL._replace(units=-100.0, years=0.25), CALL._replace(price=7.0)
    with pytest.raises(InputError, match=r"\[0.25, 0.5\]"):
        outcome([near, far])
    profit = profit_before([near, far], np.array([60.0, 100.0, 160.0]), 0.25, Market(0.25, 0.0))
    assert profit[1] > 0.0 > max(profit[0], profit[2])


@pytest.mark.parametrize(
    "bad",
    [
        CALL._replace(units=0.0),
        CALL._replace(units=math.nan),
        CALL._replace(price=-1.0),
        CALL._replace(price=math.nan),
        CALL._replace(strike=0.0),
        CALL._replace(strike=math.inf),
        CALL._replace(years=-0.1),
    ],
)
def test_a_leg_that_cannot_be_is_refused_by_its_number(bad):
    with pytest.raises(InputError, match=r"^Leg 1 cannot be"):
        outcome([PUT, bad])
    with pytest.raises(InputError, match="without legs"):
        outcome([])
