"""Tails, beta and stress equal scipy's, empyrical's and integrals of their own definitions."""

import numpy as np
import pytest
from scipy import integrate, stats

from tools.risk.measures import beta, equal_weighted
from tools.risk.stress import worst_window
from tools.risk.tails import tail

SEEDS = range(6)


def returns_of(seed, size=250):
    """Daily returns with fat tails and a skew, within the domain where the expansion is one-to-one."""
    rng = np.random.default_rng(seed)
    return stats.skewnorm.rvs(-2.0, size=size, random_state=rng) * 0.01 + rng.standard_t(8, size=size) * 0.004


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_parametric_losses_are_the_normal_distributions(seed, level):
    returns = returns_of(seed)
    normal = stats.norm(returns.mean(), returns.std(ddof=1))
    var, cvar = tail(returns, "parametric", level)
    assert var == pytest.approx(-normal.ppf(1.0 - level), rel=1e-12)
    beyond = normal.expect(lambda x: x, ub=normal.ppf(1.0 - level), conditional=True)
    assert cvar == pytest.approx(-beyond, rel=1e-6)


def cornish_fisher(returns, share):
    """The quantile of a share of bars, from scipy's moments; Cornish and Fisher (1938), to the fourth cumulant."""
    z, s, k = stats.norm.ppf(share), stats.skew(returns), stats.kurtosis(returns)
    bent = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    return returns.mean() + bent * returns.std(ddof=1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_cornish_fisher_losses_are_the_expansions_quantile_and_its_mean_beyond(seed, level):
    returns = returns_of(seed)
    var, cvar = tail(returns, "cornish_fisher", level)
    assert var == pytest.approx(-cornish_fisher(returns, 1.0 - level), rel=1e-12)
    area, _ = integrate.quad(lambda u: cornish_fisher(returns, u), 0.0, 1.0 - level, limit=400)
    assert cvar == pytest.approx(-area / (1.0 - level), rel=1e-6)


def test_cornish_fisher_by_hand():
    """Skewness -0.5 and excess kurtosis 1 bend the 5 % quantile: -1.64485 - 0.14213 + 0.02018 + 0.00470 = -1.76210."""
    sample = np.repeat(*atoms(-0.5, 1.0))
    assert (stats.skew(sample), stats.kurtosis(sample)) == pytest.approx((-0.5, 1.0), abs=1e-4)
    var, _ = tail(sample, "cornish_fisher")
    assert (var + sample.mean()) / sample.std(ddof=1) == pytest.approx(1.76210, abs=1e-4)


def atoms(skew, excess):
    """Values and counts of a sample of mean 0 and deviation 1 with these moments: 0 and one value on either side."""
    kurtosis = excess + 3.0
    root = np.sqrt(4.0 * kurtosis - 3.0 * skew**2)
    ends = np.array([(skew - root) / 2.0, 0.0, (skew + root) / 2.0])
    shares = np.linalg.solve(np.array([ends**0, ends, ends**2]), np.array([1.0, 0.0, 1.0]))
    counts = np.round(shares * 1_000_000).astype(int)
    return ends, counts


def test_losses_far_beyond_the_expansion_are_never_less_than_the_value_at_risk():
    crash = np.full(250, 0.001)
    crash[10] = -0.4
    for method in ("parametric", "cornish_fisher"):
        var, cvar = tail(crash, method)
        assert cvar >= var
        assert np.isfinite([var, cvar]).all()
    assert tail(np.full(100, 0.01), "cornish_fisher") == pytest.approx((-0.01, -0.01))


@pytest.mark.parametrize("method", ["historical", "parametric", "cornish_fisher"])
def test_half_the_weights_lose_half(method):
    returns = returns_of(3)
    whole, half = tail(returns, method), tail(returns / 2.0, method)
    assert half == pytest.approx((whole.var / 2.0, whole.cvar / 2.0), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_beta_equals_empyricals_and_numpys(seed):
    empyrical = pytest.importorskip("empyrical")
    market, own = returns_of(seed), returns_of(seed + 100)
    returns = 0.7 * market + own
    assert beta(returns, market) == pytest.approx(empyrical.beta(returns, market), rel=1e-10)
    assert beta(returns, market) == pytest.approx(np.polyfit(market, returns, 1)[0], rel=1e-10)
    assert np.isnan(beta(returns, np.zeros_like(market)))


def test_the_equal_weighted_benchmark_is_the_mean_of_what_is_known():
    rows = np.array([[0.1, np.nan, 0.3], [np.nan, np.nan, np.nan], [-0.1, 0.2, 0.2]])
    assert equal_weighted(rows)[[0, 2]] == pytest.approx(np.nanmean(rows[[0, 2]], axis=1))
    assert np.isnan(equal_weighted(rows)[1])


@pytest.mark.parametrize("bars", [1, 5, 20, 1000])
def test_the_worst_window_is_the_least_rolling_sum(bars):
    returns = returns_of(1)
    window = min(bars, returns.size)
    rolling = np.convolve(returns, np.ones(window), "valid")
    assert worst_window(returns, bars) == pytest.approx(-rolling.min(), abs=1e-12)
