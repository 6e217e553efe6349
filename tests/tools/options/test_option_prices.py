"""European prices and Greeks: parity, every Greek against differences of another, the limits, and what is refused."""

import math

import numpy as np
import pytest

from data.errors import InputError
from tools.options.black_scholes import _greeks, black_76, black_scholes_merton, european_price

RNG = np.random.default_rng(7)
N = 2_000
SPOT, STRIKE = RNG.uniform(60.0, 140.0, N), RNG.uniform(60.0, 140.0, N)
YEARS, VOL = RNG.uniform(0.05, 3.0, N), RNG.uniform(0.1, 0.9, N)
RATE, DIVIDEND = RNG.uniform(-0.02, 0.1, N), RNG.uniform(-0.01, 0.08, N)
CALL = RNG.random(N) < 0.5


def greeks(**changed):
    given = {"spot": SPOT, "strike": STRIKE, "years": YEARS, "vol": VOL, "rate": RATE, "dividend": DIVIDEND} | changed
    return black_scholes_merton(**given, call=CALL)


def difference(of, name, at, h):
    up, down = greeks(**{name: at + h}), greeks(**{name: at - h})
    return (getattr(up, of) - getattr(down, of)) / (2.0 * h)


@pytest.mark.parametrize(
    ("greek", "of", "name", "at", "sign"),
    [
        ("delta", "price", "spot", SPOT, 1.0),
        ("gamma", "delta", "spot", SPOT, 1.0),
        ("vega", "price", "vol", VOL, 1.0),
        ("theta", "price", "years", YEARS, -1.0),
        ("rho", "price", "rate", RATE, 1.0),
        ("carry_rho", "price", "dividend", DIVIDEND, -1.0),
        ("vanna", "delta", "vol", VOL, 1.0),
        ("volga", "vega", "vol", VOL, 1.0),
        ("charm", "delta", "years", YEARS, -1.0),
    ],
)
def test_each_greek_is_the_derivative_it_says(greek, of, name, at, sign):
    expected = sign * difference(of, name, at, 1e-5)
    assert getattr(greeks(), greek) == pytest.approx(expected, rel=1e-6, abs=2e-6)


def test_rho_of_an_option_on_a_future_leaves_its_price_where_it_is():
    h = 1e-5
    up, down = (black_76(SPOT, STRIKE, YEARS, VOL, RATE + d, CALL).price for d in (h, -h))
    assert black_76(SPOT, STRIKE, YEARS, VOL, RATE, CALL).rho == pytest.approx((up - down) / (2 * h), abs=1e-6)


def test_call_less_put_is_the_discounted_forward_less_the_strike():
    call = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, True)
    put = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, False)
    forward = SPOT * np.exp(-DIVIDEND * YEARS) - STRIKE * np.exp(-RATE * YEARS)
    assert call.price - put.price == pytest.approx(forward, abs=1e-11)
    assert call.delta - put.delta == pytest.approx(np.exp(-DIVIDEND * YEARS), abs=1e-13)
    assert call.vega == pytest.approx(put.vega, abs=1e-12)


def test_theta_and_gamma_solve_the_black_scholes_equation():
    g = greeks()
    drift = (RATE - DIVIDEND) * SPOT * g.delta + 0.5 * VOL**2 * SPOT**2 * g.gamma
    assert g.theta + drift == pytest.approx(RATE * g.price, abs=1e-11)


def test_black_76_is_the_spot_formula_on_the_forward():
    forward = SPOT * np.exp((RATE - DIVIDEND) * YEARS)
    assert black_76(forward, STRIKE, YEARS, VOL, RATE, CALL).price == pytest.approx(greeks().price, abs=1e-11)
    assert european_price(forward, STRIKE, YEARS, VOL, RATE, 0.0, CALL) == pytest.approx(greeks().price, abs=1e-11)


def test_at_expiry_and_without_volatility_the_forward_intrinsic_value_remains():
    spot = np.array([90.0, 100.0, 110.0])
    due = black_scholes_merton(spot, 100.0, 0.0, 0.2, 0.05, 0.0, True)
    assert due.price.tolist() == [0.0, 0.0, 10.0]
    assert due.delta.tolist() == [0.0, 0.5, 1.0]
    certain = black_scholes_merton(spot, 100.0, 1.0, 0.0, 0.05, 0.0, True)
    assert certain.price == pytest.approx(np.maximum(spot - 100.0 * math.exp(-0.05), 0.0))
    for g in (due, certain):
        assert all(np.isfinite(column).all() for column in g)
        assert not np.any([g.gamma, g.vega, g.vanna, g.volga])


def test_the_bounds_of_every_argument_leave_finite_numbers():
    edges = np.array(
        np.meshgrid([1e-12, 1e15], [1e-12, 1e15], [0.0, 1e-9, 100.0], [0.0, 1e-6, 100.0], [-3, 3])
    ).reshape(5, -1)
    for call in (True, False):
        g = black_scholes_merton(*edges, 0.0, call)
        assert np.isfinite(g.price).all()
        assert (g.price >= 0.0).all()
        assert np.isfinite(g.delta).all()


def test_frozen_strided_whole_and_single_numbers_are_one_to_the_compiler():
    frozen = SPOT.copy()
    frozen.setflags(write=False)
    compiled = len(_greeks.signatures)
    given = (YEARS, VOL, RATE, DIVIDEND, CALL)
    plain = black_scholes_merton(SPOT, STRIKE, *given).price
    assert (black_scholes_merton(frozen, np.repeat(STRIKE, 2)[::2], *given).price == plain).all()
    assert black_scholes_merton(100, np.arange(90, 95), 1, 0.2, 0, 0, True).price.shape == (5,)
    assert len(_greeks.signatures) <= max(compiled, 1)


@pytest.mark.parametrize("name", ["spot", "strike", "years", "vol", "rate", "dividend"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e308, -5.0])
def test_a_number_that_cannot_be_is_refused_by_name_and_row(name, bad):
    column = np.full(5, 1.0)
    column[3] = bad
    given = dict.fromkeys(("spot", "strike", "years", "vol", "rate", "dividend"), 1.0) | {name: column}
    with pytest.raises(InputError, match=rf"^{name}\[3\] is "):
        black_scholes_merton(**given, call=True)


def test_no_options_have_no_prices():
    assert black_scholes_merton(np.empty(0), np.empty(0), 1.0, 0.2, 0.0, 0.0, True).price.shape == (0,)


def test_columns_of_different_lengths_and_calls_that_are_no_truth_values_are_refused():
    with pytest.raises(InputError, match=r"spot \(2,\), strike \(3,\)"):
        black_scholes_merton(np.ones(2), np.ones(3), 1.0, 0.2, 0.0, 0.0, True)
    with pytest.raises(InputError, match="call is"):
        black_scholes_merton(np.ones(2), np.ones(2), 1.0, 0.2, 0.0, 0.0, np.array([1, 0]))
