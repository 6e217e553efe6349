"""Risk parity and minimum variance equal skfolio's for the same covariance; the correlation is Ledoit and Wolf's."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from tools.portfolio.covariance import shrunk_correlation
from tools.portfolio.prior import balanced_risk


def moves(seed: int, symbols: int = 12, slots: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    loading = rng.uniform(0.0, 1.5, symbols)
    return rng.uniform(0.005, 0.03, symbols) * (
        rng.standard_normal((slots, symbols)) + loading * rng.standard_normal((slots, 1))
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("aim", ["risk_parity", "minimum_variance"])
def test_weights_equal_skfolios_for_the_same_covariance(seed: int, aim: Literal["risk_parity", "minimum_variance"]):
    optimization = pytest.importorskip("skfolio.optimization")
    moments = pytest.importorskip("skfolio.moments")
    prior = pytest.importorskip("skfolio.prior")
    returns = moves(seed)
    estimator = prior.EmpiricalPrior(covariance_estimator=moments.EmpiricalCovariance(assume_centered=True))
    kind = optimization.RiskBudgeting if aim == "risk_parity" else optimization.MeanRisk
    theirs = kind(prior_estimator=estimator).fit(returns).weights_
    covariance = returns.T @ returns / len(returns)
    scale = np.sqrt(np.diag(covariance))
    everything = np.ones(12, dtype=bool)
    ours = balanced_risk(aim, scale, covariance / np.outer(scale, scale), everything, np.append(np.zeros(12), 1.0), 0.0)
    np.testing.assert_allclose(ours[:-1], theirs, atol=1e-4)


@pytest.mark.parametrize("slots", [20, 300])
def test_the_correlation_is_scikit_learns_ledoit_wolf(slots: int):
    covariance = pytest.importorskip("sklearn.covariance")
    returns = moves(7, slots=slots)
    unit = returns / np.sqrt((returns**2).mean(axis=0))
    theirs = covariance.LedoitWolf(assume_centered=True).fit(unit).covariance_
    np.testing.assert_allclose(shrunk_correlation(returns), theirs, atol=1e-12)
