"""A hedged option: what is left shrinks with the square root of the rebalances, and every part of it is explained."""

import math

import numpy as np
import pytest

from data.errors import InputError
from tools.options.black_scholes import black_scholes_merton
from tools.options.hedging import HedgedOption, delta_hedge, gamma_theta

SOLD = HedgedOption(units=-1.0, strike=100.0, years=0.5, call=True, hedge_vol=0.25, rate=0.03, dividend=0.01)


def paths(count, steps, vol=0.25, drift=0.08, seed=1):
    rng = np.random.default_rng(seed)
    dt = SOLD.years / steps
    moves = rng.normal((drift - 0.5 * vol**2) * dt, vol * math.sqrt(dt), size=(count, steps))
    return 100.0 * np.exp(np.concatenate([np.zeros((count, 1)), np.cumsum(moves, axis=1)], axis=1))


def test_the_error_shrinks_with_the_square_root_of_the_rebalances():
    world = paths(4_000, 256)
    cadence = np.array([64, 16, 4, 1])
    spread = np.array([delta_hedge(SOLD, world, every=int(e)).total.std() for e in cadence])
    slope = np.polyfit(np.log(256 / cadence), np.log(spread), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.05)


def test_without_costs_and_at_the_true_volatility_nothing_is_won_whatever_the_drift():
    for drift in (-0.2, 0.03, 0.3):
        total = delta_hedge(SOLD, paths(4_000, 128, drift=drift)).total
        assert abs(total.mean()) < 4.0 * total.std() / math.sqrt(4_000) + 0.01


def test_gamma_and_theta_explain_what_is_left():
    world = paths(500, 512)
    total = delta_hedge(SOLD, world).total
    dt = SOLD.years / 512
    explained = np.zeros(500)
    for i in range(512):
        spot, left = world[:, i], SOLD.years - i * dt
        g = black_scholes_merton(spot, 100.0, left, 0.25, SOLD.rate, SOLD.dividend, True)
        explained += SOLD.units * gamma_theta(np.full(500, 0.25), g.gamma, spot, world[:, i + 1] - spot, dt)
    assert np.corrcoef(total, explained)[0, 1] > 0.97


def test_realised_volatility_above_the_sold_one_loses():
    assert delta_hedge(SOLD, paths(1_000, 128, vol=0.35)).total.mean() < -1.0
    assert delta_hedge(SOLD._replace(units=1.0), paths(1_000, 128, vol=0.35)).total.mean() > 1.0


def test_the_parts_sum_to_the_account_kept_by_hand():
    world = paths(3, 8)
    found = delta_hedge(SOLD, world, every=2, cost_bps=10.0)
    assert found.total == pytest.approx(found.option + found.hedge + found.carry + found.costs, abs=1e-12)
    dt = SOLD.years / 8
    for p in range(3):
        premium = black_scholes_merton(100.0, 100.0, 0.5, 0.25, 0.03, 0.01, True).price[0]
        cash, held = premium, 0.0
        for i in range(8):
            spot = world[p, i]
            if i % 2 == 0:
                delta = black_scholes_merton(spot, 100.0, 0.5 - i * dt, 0.25, 0.03, 0.01, True).delta[0]
                cash -= (delta - held) * spot + abs(delta - held) * spot * 1e-3
                held = delta
            cash = cash * math.exp(0.03 * dt) + held * 0.5 * (spot + world[p, i + 1]) * math.expm1(0.01 * dt)
        last = world[p, -1]
        cash += held * last - held * last * 1e-3 - max(last - 100.0, 0.0)
        assert found.total[p] == pytest.approx(cash, abs=1e-10)


def test_costs_are_paid_on_every_rebalance():
    world = paths(200, 64)
    often, seldom = (delta_hedge(SOLD, world, every=e, cost_bps=5.0).costs for e in (1, 16))
    assert (often < seldom).mean() > 0.95
    assert (seldom < 0.0).all()
    assert (delta_hedge(SOLD, world).costs == 0.0).all()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"hedge_vol": -0.1}, "^vol"),
        ({"strike": math.nan}, "^strike"),
        ({"years": 0.0}, "years"),
        ({"units": math.inf}, "inf options"),
    ],
)
def test_options_that_cannot_be_are_refused(change, match):
    with pytest.raises(InputError, match=match):
        delta_hedge(SOLD._replace(**change), paths(2, 4))


def test_paths_cadences_and_costs_that_cannot_be_are_refused():
    broken = paths(2, 4)
    broken[1, 2] = -1.0
    with pytest.raises(InputError, match=r"^spot\[7\]"):
        delta_hedge(SOLD, broken)
    with pytest.raises(InputError, match="Paths"):
        delta_hedge(SOLD, np.ones(4))
    for every, cost in ((0, 0.0), (1, -1.0), (1, math.nan)):
        with pytest.raises(InputError, match="every"):
            delta_hedge(SOLD, paths(2, 4), every=every, cost_bps=cost)
