"""The statistics of a run equal empyrical's."""

import numpy as np
import pytest

from tools.backtest import metrics


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("periods", [252, 365, 1764])
def test_statistics_equal_empyrical(seed, periods):
    empyrical = pytest.importorskip("empyrical")
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(3, size=int(rng.integers(30, 900))) * 0.012 + 0.0003
    same = {
        metrics.total_return(returns): empyrical.cum_returns_final(returns),
        metrics.annual_return(returns, periods): empyrical.annual_return(returns, annualization=periods),
        metrics.sharpe(returns, periods): empyrical.sharpe_ratio(returns, annualization=periods),
        metrics.sortino(returns, periods): empyrical.sortino_ratio(returns, annualization=periods),
        metrics.max_drawdown(returns): empyrical.max_drawdown(returns),
    }
    for ours, theirs in same.items():
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_calmar_equals_empyrical():
    empyrical = pytest.importorskip("empyrical")
    returns = np.random.default_rng(5).normal(0.001, 0.01, 500)
    assert metrics.calmar(returns, 252) == pytest.approx(empyrical.calmar_ratio(returns), rel=1e-9)


def test_returns_that_look_like_prices_are_still_returns():
    """The guess that another library makes: [120 %, 50 %, 10 %, 30 %] are not prices."""
    returns = np.array([1.2, 0.5, 0.1, 0.3])
    assert metrics.sharpe(returns, 252) == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(252))
    assert metrics.max_drawdown(returns) == 0.0
