"""VaR, CVaR and volatility equal empyrical's."""

import numpy as np
import pytest

from tools.risk.measures import bars_per_year, conditional_value_at_risk, value_at_risk, volatility, weighted


@pytest.mark.parametrize("seed", range(8))
def test_measures_equal_empyrical(seed):
    empyrical = pytest.importorskip("empyrical")
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(3, size=int(rng.integers(20, 400))) * 0.01
    assert value_at_risk(returns) == pytest.approx(-empyrical.value_at_risk(returns), abs=1e-14)
    assert conditional_value_at_risk(returns) == pytest.approx(-empyrical.conditional_value_at_risk(returns), abs=1e-14)
    annual = empyrical.annual_volatility(returns, annualization=250)
    assert volatility(returns) * np.sqrt(250) == pytest.approx(annual, abs=1e-14)


def test_weighted_returns_leave_out_what_has_no_weight():
    returns = np.array([[0.01, np.nan], [-0.02, np.nan]])
    assert weighted(returns, np.array([0.5, 0.0])) == pytest.approx([0.005, -0.01])
    assert np.isnan(weighted(returns, np.array([0.5, 0.1]))).all()


def test_slots_a_year_come_from_the_slots():
    days = np.datetime64("2019-01-01", "ns") + np.arange(500) * np.timedelta64(1, "D")
    assert bars_per_year(days) == pytest.approx(365.25)
    hours = np.datetime64("2019-01-01", "ns") + np.arange(500) * np.timedelta64(1, "h")
    assert bars_per_year(hours) == pytest.approx(8766.0)
