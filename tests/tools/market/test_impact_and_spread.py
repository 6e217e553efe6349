"""Impact, spreads and commissions against the sources that they are taken from."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tools.market.commission import unit_commission, venue_commission
from tools.market.impact import KYLE, PEAK_TO_AVERAGE, SQUARE_ROOT, kyle_impact, square_root_impact
from tools.market.spread import trade_size_root, volatility_spread, volume_spread


def test_the_square_root_by_hand():
    assert square_root_impact(0.04, 0.7) == pytest.approx(0.7 * 0.2)
    assert square_root_impact(0.0, 0.7) == 0.0
    assert square_root_impact(0.4, 0.7) == pytest.approx(square_root_impact(0.1, 0.7) * 2.0)


def test_the_average_price_of_an_order_worked_evenly_moves_two_thirds_of_its_peak():
    steps = np.linspace(0.0, 1.0, 100_001)
    assert np.sqrt(steps).mean() == pytest.approx(PEAK_TO_AVERAGE, abs=1e-5)
    assert pytest.approx(PEAK_TO_AVERAGE) == SQUARE_ROOT


def test_the_default_is_on_the_dear_side_of_what_almgren_and_others_measured():
    """Their table 3: a tenth of a day's volume of IBM (volatility 1.57 % a day, turnover 1/263) over half a day costs
    18 bps, over a tenth of a day 32."""

    def measured(days: float) -> float:
        permanent, temporary = 0.314 * 0.1 * 263.0**0.25, 0.142 * (0.1 / days) ** 0.6
        return 157.0 * (0.5 * permanent + temporary)

    assert round(measured(0.5)) == 18
    assert round(measured(0.1)) == 32
    ours = 157.0 * square_root_impact(0.1, SQUARE_ROOT)
    assert measured(0.1) < ours < 1.1 * measured(0.1)


def test_kyles_equilibrium_by_simulation():
    """The insider trades beta x (value - mean), the market maker's regression of value on flow gives lambda."""
    generator = np.random.default_rng(11)
    value, noise = generator.normal(0.0, 2.0, 400_000), generator.normal(0.0, 500.0, 400_000)
    flow = 500.0 / 2.0 * value + noise
    slope = float(np.cov(value, flow)[0, 1] / flow.var())
    assert slope == pytest.approx(KYLE * 2.0 / 500.0, rel=0.01)
    assert kyle_impact(0.2, KYLE) == pytest.approx(0.1)


def test_a_spread_follows_the_volatility_of_one_trade():
    """10,000 trades of 100 units: one trade's volatility is a hundredth of the bar's, the spread 1.5 times that."""
    half = volume_spread(1.0, 0.02, 1_000_000.0, trade_size_root(100.0))
    assert half == pytest.approx(0.5 * 1.5 * 0.02 / 100.0)
    assert volume_spread(1.0, 0.02, 4_000_000.0, trade_size_root(100.0)) == pytest.approx(half / 2.0)
    assert volatility_spread(10_000.0, 0.02, 0.05) == pytest.approx(10.0)


@pytest.mark.parametrize(("units", "cash"), [(100.0, 1.0), (1_000.0, 5.0), (-1_000.0, 5.0), (1.0, 1.0), (0.0, 0.0)])
def test_commission_by_the_share_is_the_brokers_example(units: float, cash: float):
    """Interactive Brokers, fixed pricing: 100 shares cost 1.00 USD, 1,000 shares 5.00 USD."""
    assert unit_commission(units, 0.005, 1.0) == pytest.approx(cash)


def test_commission_by_the_contract_is_by_the_unit_over_the_multiplier():
    assert unit_commission(3 * 50.0, 0.85 / 50.0, 0.0) == pytest.approx(3 * 0.85)


def test_who_rests_pays_the_makers_rate_and_may_be_paid():
    assert venue_commission(-20_000.0, 10.0, 25.0, True) == pytest.approx(20.0)
    assert venue_commission(-20_000.0, 10.0, 25.0, False) == pytest.approx(50.0)
    assert venue_commission(20_000.0, -1.0, 5.0, True) == pytest.approx(-2.0)
    assert math.copysign(1.0, venue_commission(0.0, 10.0, 25.0, True)) == 1.0
