from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agents.meta.attribution import attribute, coalitions, shapley

WORTH = st.floats(-10.0, 10.0)


def by_permutations(values: np.ndarray, n: int) -> np.ndarray:
    """The definition: an agent's marginal effect, averaged over all n! orders of speaking."""
    out = np.zeros((n, values.shape[1]))
    orders = list(permutations(range(n)))
    for order in orders:
        mask = 0
        for agent in order:
            out[agent] += values[mask | (1 << agent)] - values[mask]
            mask |= 1 << agent
    return out / len(orders)


@given(n=st.integers(0, 4), data=st.data())
def test_it_equals_the_average_over_all_orders(n, data):
    values = data.draw(arrays(np.float64, (2**n, 3), elements=WORTH))
    np.testing.assert_allclose(shapley(values), by_permutations(values, n), atol=1e-12)


@given(n=st.integers(0, 7), data=st.data())
def test_efficiency_all_contributions_sum_to_the_whole_effect(n, data):
    values = data.draw(arrays(np.float64, (2**n, 2), elements=WORTH))
    np.testing.assert_allclose(shapley(values).sum(axis=0), values[-1] - values[0], atol=1e-11)


@given(n=st.integers(1, 6), dummy=st.integers(0, 5), data=st.data())
def test_dummy_one_who_changes_nothing_contributes_nothing(n, dummy, data):
    dummy %= n
    values = data.draw(arrays(np.float64, (2**n, 1), elements=WORTH))
    masks = np.arange(2**n)
    values = values[masks & ~(1 << dummy)]
    np.testing.assert_allclose(shapley(values)[dummy], 0.0, atol=1e-12)


@given(n=st.integers(2, 6), data=st.data())
def test_symmetry_those_who_do_the_same_contribute_the_same(n, data):
    values = data.draw(arrays(np.float64, (2**n, 1), elements=WORTH))
    masks = np.arange(2**n)
    swapped = (masks & ~3) | ((masks & 1) << 1) | ((masks & 2) >> 1)
    values = (values + values[swapped]) / 2.0
    found = shapley(values)
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


@given(n=st.integers(1, 5), data=st.data())
def test_linearity_the_values_of_a_sum_are_the_sum_of_values(n, data):
    first = data.draw(arrays(np.float64, (2**n, 1), elements=WORTH))
    second = data.draw(arrays(np.float64, (2**n, 1), elements=WORTH))
    np.testing.assert_allclose(shapley(first + second), shapley(first) + shapley(second), atol=1e-11)


def test_coalitions_show_each_subset_once_and_never_the_absent():
    rows = coalitions((1, 4), 6)
    assert rows.sum(axis=0).tolist() == [0, 2, 0, 0, 2, 0]
    assert [tuple(np.flatnonzero(r)) for r in rows] == [(), (1,), (4,), (1, 4)]


@pytest.mark.parametrize("n", [3, 4])
def test_attribution_asks_the_controller_once_with_every_coalition(n):
    views = np.random.default_rng(n).uniform(-1, 1, (5, 7, 3))
    asked: list[np.ndarray] = []

    def weigh(shown: np.ndarray) -> np.ndarray:
        asked.append(shown)
        z = np.tanh(shown[..., 0] * shown[..., 1]).sum(axis=2) ** 2 + shown[:, :, 0, 0]
        odds = np.exp(z)
        return odds / odds.sum(axis=1, keepdims=True)

    present = tuple(range(1, 1 + n))
    found = attribute(weigh, views, present)
    assert len(asked) == 1
    assert asked[0].shape == (2**n, 5, 7, 3)
    worth = []
    for mask in range(2**n):
        alone = np.zeros_like(views)
        for i, column in enumerate(present):
            if mask >> i & 1:
                alone[:, column] = views[:, column]
        worth.append(weigh(alone[None])[0])
    np.testing.assert_allclose(found.agents, by_permutations(np.array(worth), n), atol=1e-12)
    np.testing.assert_allclose(found.silent + found.agents.sum(axis=0), found.weights, atol=1e-12)
