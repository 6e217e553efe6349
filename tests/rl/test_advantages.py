"""Generalised advantage estimation on columns with NEXT_STEP autoreset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.algorithms.gae import advantages


def column(values, dtype=float):
    return np.array(values, dtype=dtype)[:, None]


def call(rewards, values, terminated, truncated, before=False, gamma=0.9, lam=0.8):
    gain, real = advantages(
        column(rewards),
        column(values),
        column(terminated, bool),
        column(truncated, bool),
        np.array([before]),
        gamma,
        lam,
    )
    return gain[:, 0], real[:, 0]


def test_three_steps_by_hand():
    gain, real = call([1.0, 2.0, 3.0], [0.5, 0.4, 0.3, 0.2], [0, 0, 0], [0, 0, 0])
    last = 3.0 + 0.9 * 0.2 - 0.3
    middle = 2.0 + 0.9 * 0.3 - 0.4 + 0.72 * last
    first = 1.0 + 0.9 * 0.4 - 0.5 + 0.72 * middle
    assert gain == pytest.approx([first, middle, last])
    assert real.all()


def test_a_truncated_step_bootstraps_and_a_terminated_one_does_not():
    truncated, _ = call([1.0, 0.0, 5.0], [0.5, 0.4, 0.3, 0.2], [0, 0, 0], [1, 0, 0])
    terminated, _ = call([1.0, 0.0, 5.0], [0.5, 0.4, 0.3, 0.2], [1, 0, 0], [0, 0, 0])
    assert truncated[0] == pytest.approx(1.0 + 0.9 * 0.4 - 0.5)
    assert terminated[0] == pytest.approx(1.0 - 0.5)


def test_the_reset_transition_is_not_real_and_nothing_flows_through_it():
    gain, real = call([1.0, 99.0, 5.0], [0.5, 0.4, 0.3, 0.2], [0, 0, 0], [1, 0, 0])
    assert real.tolist() == [True, False, True]
    assert gain[1] == 0.0
    assert gain[0] == pytest.approx(1.0 + 0.9 * 0.4 - 0.5)


def test_an_episode_that_ended_before_the_columns_makes_their_first_step_a_reset():
    _, real = call([1.0, 1.0], [0.0, 0.0, 0.0], [0, 0], [0, 0], before=True)
    assert real.tolist() == [False, True]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.5, 1.0), st.floats(0.0, 1.0))
def test_equals_the_sum_of_discounted_errors_within_each_episode(seed, gamma, lam):
    rng = np.random.default_rng(seed)
    steps = 12
    rewards, values = rng.normal(size=steps), rng.normal(size=steps + 1)
    ends = rng.random(steps) < 0.25
    terminated = ends & (rng.random(steps) < 0.5)
    truncated = ends & ~terminated
    gain, real = call(rewards, values, terminated, truncated, gamma=gamma, lam=lam)
    for t in range(steps):
        if not real[t]:
            continue
        total, weight = 0.0, 1.0
        for u in range(t, steps):
            total += weight * (rewards[u] + (0.0 if terminated[u] else gamma * values[u + 1]) - values[u])
            if ends[u]:
                break
            weight *= gamma * lam
        assert gain[t] == pytest.approx(total, abs=1e-9)
