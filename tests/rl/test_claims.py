"""Claims are weighed as published: the worked example of the deflated Sharpe ratio, and shuffles that are exact."""

from __future__ import annotations

import numpy as np
import pytest

from rl.training.claims import best_of_idle, deflated_sharpe, permutation_p, probabilistic_sharpe


def test_the_published_example():
    """Bailey and Lopez de Prado 2014: 100 trials of variance 1/2 a year; 2.5 a year over 1,250 days, skew -3, kurtosis
    10."""
    idle = best_of_idle(100, 0.5 / 250.0)
    assert idle == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic_sharpe(2.5 / 250.0**0.5, idle, 1250, -3.0, 10.0) == pytest.approx(0.9004, abs=5e-5)


def test_moments_are_those_of_the_returns():
    rng = np.random.default_rng(0)
    returns = 0.01 * rng.standard_normal(50_000) + 0.0002
    alone = deflated_sharpe(returns, np.array([0.02]))
    found = returns.mean() / returns.std()
    assert alone == pytest.approx(probabilistic_sharpe(found, 0.0, 50_000, 0.0, 3.0), abs=2e-3)
    assert deflated_sharpe(returns, np.array([0.02, 0.0, -0.02])) < alone
    assert deflated_sharpe(np.zeros(10), np.zeros(2)) == 0.0


def test_the_best_of_many_idle_trials_claims_nothing():
    rng = np.random.default_rng(1)
    rejected = 0
    for _ in range(100):
        trials = rng.standard_normal((20, 500))
        ratios = trials.mean(axis=1) / trials.std(axis=1)
        rejected += deflated_sharpe(trials[ratios.argmax()], ratios) > 0.95
    assert rejected <= 3


def test_scores_that_foretell_are_told_from_scores_that_do_not():
    rng = np.random.default_rng(2)
    scores = rng.standard_normal((300, 20))
    moves = rng.standard_normal((300, 20))
    assert permutation_p(scores, 0.1 * scores + moves, 0) == pytest.approx(0.001)
    odds = [permutation_p(rng.standard_normal((50, 8)), rng.standard_normal((50, 8)), t, draws=99) for t in range(80)]
    assert 0.35 < np.mean(odds) < 0.65
    assert np.mean(np.array(odds) <= 0.1) < 0.25
