"""A node of a Ray cluster dies in mid-training, and training finishes with the same bits."""

from __future__ import annotations

import pytest

from benchmarks.rl.cluster import ITERATIONS, trial


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_training_outlives_a_node():
    found = trial()
    assert found.lost > 0
    assert found.iterations == ITERATIONS
    assert found.runners == 2
    assert found.same
