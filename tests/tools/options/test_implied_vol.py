"""Implied volatility finds its way back from far wings, a day to ten years, 1 % to 500 %, or says why it cannot."""

import math

import numpy as np
import pytest
from scipy.special import erfcx as erfcx_of_scipy
from scipy.special import ndtri

from data.black import black_prices, black_vols, erfcx, implied_deviation, normal_quantile, normalised_black
from data.errors import InputError
from tools.options.black_scholes import black_scholes_merton, european_price
from tools.options.implied import Reason, implied_vol

EPS = np.finfo(np.float64).eps
VOLS = np.geomspace(0.01, 5.0, 23)
YEARS = np.array([1.0, 7.0, 30.0, 182.0, 365.0, 1825.0, 3650.0]) / 365.0
WINGS = np.array([0.0, 1e-12, 1e-6, 0.01, 0.3, 1.0, 3.0, 6.0, 12.0, 25.0])


def grid():
    """Vol, years and standard deviations that the strike lies above or below the forward, flat."""
    vol, years, wing, side = (a.ravel() for a in np.meshgrid(VOLS, YEARS, WINGS, [-1.0, 1.0]))
    near = wing * vol * np.sqrt(years) < 25.0
    return vol[near], years[near], (side * wing)[near]


def round_trip(call, vol, years, wing, rate=0.03, dividend=0.01):
    spot = 100.0
    forward = spot * np.exp((rate - dividend) * years)
    strike = forward * np.exp(wing * vol * np.sqrt(years))
    g = black_scholes_merton(spot, strike, years, vol, rate, dividend, call)
    return g, implied_vol(g.price, spot, strike, years, rate, rate - dividend, call), forward, strike


def test_out_of_the_money_prices_give_their_volatility_back():
    vol, years, wing = grid()
    call = wing >= 0.0
    g, found, forward, strike = round_trip(call, vol, years, wing)
    bound = np.where(call, forward, strike) * np.exp(-0.03 * years)
    kept = (g.price > 1e-290) & (g.price < 0.999 * bound)
    assert kept.sum() > 2_500
    assert (found.reason[kept] == Reason.FOUND).all()
    rounding = 4.0 * EPS * np.maximum(forward, strike) / np.maximum(g.vega, 1e-300) * (np.abs(wing) < 1.0)
    assert (np.abs(found.vol - vol)[kept] <= (1e-11 * vol + rounding)[kept]).all()


def test_near_their_upper_bound_and_in_the_money_prices_give_what_rounding_leaves_of_it():
    vol, years, wing = grid()
    for call in (True, False):
        g, found, forward, strike = round_trip(call, vol, years, wing)
        known = found.found & (g.vega > 0.0)
        room = 16.0 * EPS * np.maximum(forward, strike) / np.maximum(g.vega, 1e-300)
        narrow = known & (room < 0.1 * vol)
        assert narrow.sum() > 1_500
        assert (np.abs(found.vol - vol)[narrow] <= (1e-11 * vol + room)[narrow]).all()
        lost = set(found.reason[~found.found].tolist())
        assert lost <= {Reason.NO_TIME_VALUE, Reason.ABOVE_BOUND, Reason.BELOW_INTRINSIC}


@pytest.mark.parametrize("x", [0.0, -1e-9, -1e-3, -0.5, -5.0, -50.0])
def test_the_normalised_solver_is_exact_across_its_branches(x):
    s = np.geomspace(max(1e-3, abs(x) / 30.0), max(8.0, 1.5 * math.sqrt(-2.0 * x)), 400)
    for one in s.tolist():
        b = normalised_black(x, one)
        slope = math.exp(-0.5 * ((x / one) ** 2 + 0.25 * one * one)) / math.sqrt(2.0 * math.pi)
        room = 8.0 * EPS * math.exp(0.5 * x) / slope if one > math.sqrt(-2.0 * x) else 1e-12 * one
        if 0.0 < b < math.exp(0.5 * x):
            assert abs(implied_deviation(b, x) - one) <= 1e-12 * one + room


def test_undiscounted_prices_and_volatilities_are_each_others_inverse_and_bad_numbers_have_none():
    strike, call = np.array([80.0, 100.0, 130.0, 80.0, 130.0]), np.array([False, True, True, True, False])
    vol = np.array([0.3, 0.2, 0.25, 0.3, 0.25])
    price = black_prices(100.0, strike, 0.5, vol, call)
    assert price == pytest.approx(european_price(100.0, strike, 0.5, vol, 0.0, 0.0, call), abs=1e-12)
    assert black_vols(price, 100.0, strike, 0.5, call) == pytest.approx(vol, rel=1e-10)
    for forward, years in ((-1.0, 0.5), (0.0, 0.5), (math.nan, 0.5), (100.0, 0.0), (100.0, -1.0), (100.0, math.nan)):
        assert np.isnan(black_vols(price, forward, strike, years, call)).all()
    bad = np.array([math.nan, -1.0, math.inf, 1e308, 0.0])
    assert np.isnan(black_vols(bad, 100.0, strike, 0.5, call)).all()
    assert np.isnan(black_vols(price, 100.0, -strike, 0.5, call)).all()


def test_the_special_functions_equal_scipy():
    z = np.linspace(0.0, 60.0, 3_001)
    assert np.array([erfcx(v) for v in z.tolist()]) == pytest.approx(erfcx_of_scipy(z), rel=2e-15)
    p = np.geomspace(1e-300, 0.5, 2_000)[:-1]
    assert np.array([normal_quantile(v) for v in p.tolist()]) == pytest.approx(ndtri(p), rel=2e-9)


@pytest.mark.parametrize(
    ("price", "spot", "strike", "years", "call", "reason"),
    [
        (math.nan, 100.0, 100.0, 1.0, True, Reason.BAD_NUMBER),
        (-1.0, 100.0, 100.0, 1.0, True, Reason.BAD_NUMBER),
        (5.0, 0.0, 100.0, 1.0, True, Reason.BAD_NUMBER),
        (5.0, 100.0, math.inf, 1.0, True, Reason.BAD_NUMBER),
        (5.0, 100.0, 100.0, -1.0, True, Reason.BAD_NUMBER),
        (5.0, 100.0, 100.0, 0.0, True, Reason.EXPIRED),
        (0.0, 100.0, 120.0, 1.0, True, Reason.NO_TIME_VALUE),
        (20.0, 120.0, 100.0, 1.0, True, Reason.NO_TIME_VALUE),
        (20.0 + 4e-15, 120.0, 100.0, 1.0, True, Reason.NO_TIME_VALUE),
        (20.0 - 4e-15, 120.0, 100.0, 1.0, True, Reason.NO_TIME_VALUE),
        (19.0, 120.0, 100.0, 1.0, True, Reason.BELOW_INTRINSIC),
        (19.0, 100.0, 120.0, 1.0, False, Reason.BELOW_INTRINSIC),
        (100.0, 100.0, 90.0, 1.0, True, Reason.ABOVE_BOUND),
        (100.0, 100.0, 90.0, 1.0, False, Reason.ABOVE_BOUND),
        (8.0, 100.0, 100.0, 1.0, False, Reason.FOUND),
    ],
)
def test_a_price_without_a_volatility_says_why(price, spot, strike, years, call, reason):
    found = implied_vol(price, spot, strike, years, 0.0, 0.0, call)
    assert found.reason.tolist() == [reason]
    assert np.isnan(found.vol[0]) == (reason != Reason.FOUND)


def test_one_bad_row_leaves_the_others_alone_and_lengths_have_to_fit():
    found = implied_vol(np.array([8.0, math.nan, 9.0]), 100.0, 100.0, 1.0, 0.0, 0.0, True)
    assert found.found.tolist() == [True, False, True]
    with pytest.raises(InputError, match="do not fit"):
        implied_vol(np.ones(2), np.ones(3), 100.0, 1.0, 0.0, 0.0, True)
