"""Interquartile means and their bootstrap intervals: by hand, and against an independent implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import trim_mean

from rl.training.intervals import estimate, estimates, interquartile_mean


def test_the_interquartile_mean_by_hand():
    assert interquartile_mean(np.array([100.0, 1.0, 2.0, 3.0, -50.0])) == pytest.approx(2.0)
    assert interquartile_mean(np.array([1.0, 5.0])) == pytest.approx(3.0)
    both = np.array([[4.0, 1.0, 2.0, 3.0], [0.0, 9.0, 1.0, 1.0]])
    assert interquartile_mean(both).tolist() == [2.5, 1.0]


@pytest.mark.parametrize("count", [3, 5, 8, 143])
def test_it_equals_scipys_trimmed_mean(count):
    x = np.random.default_rng(count).standard_normal(count)
    assert interquartile_mean(x) == pytest.approx(trim_mean(x, 0.25), abs=1e-12)


def test_one_seed_has_no_interval():
    one = estimate(np.array([[1.0, 2.0, 3.0]]))
    assert one.value == 2.0
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert math.isnan(estimates(np.array([[1.0, 2.0, 3.0]]))[1].low)


def test_only_seeds_are_drawn_anew_never_tasks():
    """Tasks that differ much and seeds that do not: the interval is of length zero."""
    runs = np.tile(np.array([[-5.0, 0.0, 1.0, 9.0]]), (5, 1))
    found = estimate(runs)
    assert (found.low, found.high) == (found.value, found.value)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    hits = 0
    for trial in range(60):
        found = estimate(rng.standard_normal((12, 4)), seed=trial)
        hits += found.low <= 0.0 <= found.high
    assert 50 <= hits <= 60


def test_the_same_seed_gives_the_same_interval():
    runs = np.random.default_rng(1).standard_normal((5, 3))
    assert estimate(runs, 3) == estimate(runs, 3)
    assert estimate(runs, 3) != estimate(runs, 4)
    assert estimates(runs)[0].value == pytest.approx(float(interquartile_mean(runs[:, 0])))
