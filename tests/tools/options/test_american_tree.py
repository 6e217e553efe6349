"""American options: bounds, parity of exercise, symmetry, convergence, and the Greeks of the tree."""

import numpy as np
import pytest

from data.errors import InputError
from tools.options.american import american_greeks, american_price
from tools.options.black_scholes import black_scholes_merton

RNG = np.random.default_rng(3)
N = 60
SPOT, STRIKE = RNG.uniform(70.0, 130.0, N), RNG.uniform(70.0, 130.0, N)
YEARS, VOL = RNG.uniform(0.05, 2.0, N), RNG.uniform(0.1, 0.7, N)
RATE, DIVIDEND = RNG.uniform(0.0, 0.1, N), RNG.uniform(0.0, 0.08, N)
CALL = RNG.random(N) < 0.5


def test_exercise_is_worth_something_and_never_less_than_the_intrinsic_value():
    american = american_price(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL)
    european = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL).price
    assert (american >= np.where(CALL, SPOT - STRIKE, STRIKE - SPOT)).all()
    assert (american >= european - 2e-3).all()
    assert (american > european + 0.05).sum() > N // 5


def test_a_call_without_dividends_is_european_with_its_greeks():
    american = american_greeks(SPOT, STRIKE, YEARS, VOL, RATE, 0.0, True, steps=801)
    european = black_scholes_merton(SPOT, STRIKE, YEARS, VOL, RATE, 0.0, True)
    assert american.price == pytest.approx(european.price, abs=2e-4)
    assert american.delta == pytest.approx(european.delta, abs=2e-3)
    assert american.gamma == pytest.approx(european.gamma, rel=1e-2, abs=1e-5)
    assert american.theta == pytest.approx(european.theta, rel=5e-3, abs=2e-2)
    assert american.vega == pytest.approx(european.vega, rel=2e-3, abs=1e-2)
    assert american.rho == pytest.approx(european.rho, rel=2e-3, abs=1e-2)


def test_a_call_is_the_put_with_spot_and_strike_and_the_rates_exchanged():
    call = american_price(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, True, steps=1001)
    put = american_price(STRIKE, SPOT, YEARS, VOL, DIVIDEND, RATE, False, steps=1001)
    assert call == pytest.approx(put, abs=2e-2)


def test_more_steps_come_closer_as_one_over_their_number():
    exact = american_price(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL, steps=4001)
    errors = [
        np.sqrt(np.mean((american_price(SPOT, STRIKE, YEARS, VOL, RATE, DIVIDEND, CALL, steps=n) - exact) ** 2))
        for n in (51, 201, 801)
    ]
    assert errors[0] > 3.0 * errors[1] > 9.0 * errors[2]


def test_an_option_that_is_due_is_its_intrinsic_value():
    g = american_greeks(60.0, 100.0, 1.0, 0.1, 0.1, 0.0, False)
    assert (g.price[0], g.delta[0], g.gamma[0], g.theta[0]) == (pytest.approx(40.0), pytest.approx(-1.0), 0.0, 0.0)


def test_without_uncertainty_the_best_moment_is_chosen():
    sure = american_price(np.array([100.0, 100.0]), 90.0, 1.0, 0.0, 0.05, np.array([0.0, 0.2]), True)
    assert sure == pytest.approx([100.0 - 90.0 * np.exp(-0.05), 10.0])
    assert american_price(100.0, 90.0, 0.0, 0.3, 0.05, 0.0, True)[0] == 10.0
    assert american_price(100.0, 10.0, 1.0, 1e-6, 0.05, 0.0, True)[0] == pytest.approx(100.0 - 10.0 * np.exp(-0.05))


@pytest.mark.parametrize("steps", [0, 1, 300, 20_003])
def test_steps_are_odd_and_bounded(steps):
    with pytest.raises(InputError, match="steps"):
        american_price(100.0, 100.0, 1.0, 0.2, 0.0, 0.0, True, steps=steps)


def test_bad_numbers_are_refused_by_name():
    with pytest.raises(InputError, match=r"^dividend\[0\]"):
        american_price(100.0, 100.0, 1.0, 0.2, 0.0, float("nan"), True)
