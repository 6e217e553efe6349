"""Priors sum to one, leave what is frozen alone, and refuse what they cannot know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import PriorUnavailable
from tools.portfolio.prior import equal_weight, inverse_volatility


@st.composite
def cases(draw):
    size = draw(st.integers(1, 8))
    vol = np.array(draw(st.lists(st.floats(0.01, 3.0), min_size=size, max_size=size)))
    tradable = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    tradable[draw(st.integers(0, size - 1))] = True
    raw = np.array(draw(st.lists(st.floats(0.0, 1.0), min_size=size + 1, max_size=size + 1))) + 1e-3
    return vol, tradable, raw / raw.sum()


@given(cases())
def test_weights_sum_to_one_and_frozen_symbols_keep_theirs(case):
    vol, tradable, held = case
    for weights in (inverse_volatility(vol, tradable, held), equal_weight(tradable, held)):
        assert weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert (weights >= -1e-12).all()
        assert (weights[:-1][~tradable] == held[:-1][~tradable]).all()
        free = 1.0 - weights[:-1][~tradable].sum()
        assert weights[-1] == pytest.approx(0.05 * free, abs=1e-12)


@given(cases())
def test_every_tradable_symbol_carries_the_same_risk(case):
    vol, tradable, held = case
    risk = (inverse_volatility(vol, tradable, held)[:-1] * vol)[tradable]
    assert risk == pytest.approx(np.full(risk.size, risk[0]), rel=1e-9)


@pytest.mark.parametrize("bad", [np.nan, 0.0, -0.1, np.inf])
def test_an_unknown_volatility_is_refused_but_only_where_it_matters(bad):
    vol, held = np.array([0.2, bad, 0.1]), np.array([0.0, 0.3, 0.0, 0.7])
    with pytest.raises(PriorUnavailable, match=r"\[1\]"):
        inverse_volatility(vol, np.array([True, True, True]), held)
    weights = inverse_volatility(vol, np.array([True, False, True]), held)
    assert weights[1] == 0.3
    assert weights[2] == pytest.approx(2 * weights[0])


def test_nothing_tradable_or_nothing_known_is_refused():
    held = np.array([0.5, 0.5])
    with pytest.raises(PriorUnavailable, match="tradable"):
        equal_weight(np.array([False]), held)
    with pytest.raises(PriorUnavailable, match="held"):
        equal_weight(np.array([True]), np.array([np.nan, 0.5]))


def test_frozen_holdings_above_the_value_leave_nothing_to_spread():
    weights = equal_weight(np.array([True, False]), np.array([0.0, 1.02, -0.02]))
    assert weights.tolist() == pytest.approx([0.0, 1.02, -0.02])
