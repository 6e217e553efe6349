"""PPO symbol agents recover a planted signal on worlds they never saw, and find nothing where nothing is.

The figures over five seeds are benchmarks/results/rl_evidence.json.
"""

from __future__ import annotations

import pytest

from benchmarks.rl.evidence import LAW, NOISE, one
from benchmarks.rl.planted import pooled
from rl.ray_session import ray_session

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(1):
        yield


def test_a_planted_signal_is_recovered_on_unseen_worlds():
    run = one(LAW, 0)
    assert run.found.share >= 0.9
    assert abs(run.found.gap - (run.found.oracle_seen - run.found.oracle_unseen)) < 0.1
    assert run.p <= 0.001


def test_on_pure_noise_next_to_nothing_is_traded_and_nothing_claimed():
    run = one(NOISE, 0)
    assert run.found.turnover < 0.05
    assert abs(pooled(run.active)) < 2.0
    assert run.p > 0.01
