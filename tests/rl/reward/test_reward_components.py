"""Each component of the reward by hand, and all of them within their bounds whatever comes in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.compiled import compiled
from rl.facts import MEAN, SQUARE, StepFacts
from rl.reward import PARTS, REFERENCE, RewardConfig, RewardWeights
from rl.reward.kernel import reward_row

DAY = StepFacts(
    net=0.009, gross=0.01, cost=0.001, move=0.02, hedge=0.003, reference_move=0.014, position=0.25, target=0.75,
    traded=0.5, drawdown_before=0.03, drawdown_after=0.05, bars=7.0, unit=50.0,
)  # fmt: skip
"""A stock with a volatility of 2 % a bar; half the sleeve was bought."""
NOTHING = RewardConfig(net=0.0, reference=0.0, drawdown=0.0, sharpe=0.0)
ALL = RewardConfig(
    net=10.0, reference=0.5, cost=5.0, timing=2.0, sharpe=3.0, drawdown=5.0, utilisation=0.5, diversification=1.0,
    hold=1.0, bounded=True,
)  # fmt: skip


@compiled
def one(x, state, weights, parts):
    facts = StepFacts(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11], x[12])
    return reward_row(0, facts, state, weights, parts)


def fresh(mean=0.0, square=1.0):
    state = np.zeros((1, max(MEAN, SQUARE) + 1))
    state[0, MEAN], state[0, SQUARE] = mean, square
    return state


def judged(config: RewardConfig, facts: StepFacts, state: np.ndarray | None = None):
    parts = np.full((1, len(PARTS)), np.nan)
    reward = one(np.array(facts), fresh() if state is None else state, config.weights(), parts)
    return reward, dict(zip(PARTS, parts[0].tolist(), strict=True))


def only(part: str, facts: StepFacts = DAY, bounded: bool = False, **more: float):
    """The component alone, at weight 1 (a sum of weights of 1 leaves it as it is where bounded)."""
    reward, parts = judged(NOTHING.model_copy(update={part: 1.0, "bounded": bounded, **more}), facts)
    assert reward == parts[part]
    assert not any(value for name, value in parts.items() if name != part)
    return reward


def test_profit_is_the_net_return_beyond_the_hedge_in_volatilities():
    assert only("net") == pytest.approx((0.009 - 0.003) * 50.0, rel=1e-12)
    assert only("net", bounded=True) == pytest.approx(0.3 / 3.0, rel=1e-12)
    assert only("net", DAY._replace(net=-0.9), bounded=True) == -1.0


def test_the_reference_position_is_charged_the_symbols_own_return():
    config = NOTHING.model_copy(update={"net": 1.0, "reference": 0.5})
    assert judged(config, DAY)[1]["reference"] == pytest.approx(-0.5 * 0.014 * 50.0, rel=1e-12)


def test_costs_are_charged_in_volatilities():
    assert only("cost") == pytest.approx(-0.001 * 50.0, rel=1e-12)
    assert only("cost", bounded=True) == pytest.approx(-0.05, rel=1e-12)
    assert only("cost", DAY._replace(cost=0.5), bounded=True) == -1.0


def test_timing_pays_a_trade_whose_direction_agrees_with_the_move_after_it():
    bought = only("timing")
    assert bought == pytest.approx(0.5 * 0.014 * 50.0 / 3.0, rel=1e-12)
    assert only("timing", DAY._replace(reference_move=-0.014)) == pytest.approx(-bought, rel=1e-12)
    sold = DAY._replace(position=0.75, target=0.25, reference_move=-0.014)
    assert only("timing", sold) == pytest.approx(bought, rel=1e-12)
    assert only("timing", DAY._replace(target=0.25)) == 0.0
    assert only("timing", DAY._replace(position=0.0, target=1.0, reference_move=0.2)) == 1.0


def test_the_differential_sharpe_ratio_is_moodys_and_its_moments_move_on():
    x, mean, square, rate = 0.3, 0.1, 0.8, 0.1
    state = fresh(mean, square)
    config = NOTHING.model_copy(update={"sharpe": 1.0, "sharpe_rate": rate})
    d = (square * (x - mean) - 0.5 * mean * (x * x - square)) / (square - mean * mean) ** 1.5
    assert judged(config, DAY, state)[0] == pytest.approx(d, rel=1e-12)
    assert state[0, MEAN] == pytest.approx(mean + rate * (x - mean), rel=1e-12)
    assert state[0, SQUARE] == pytest.approx(square + rate * (x * x - square), rel=1e-12)
    bounded = config.model_copy(update={"bounded": True})
    assert judged(bounded, DAY, fresh(mean, square))[0] == pytest.approx(d / 3.0, rel=1e-12)


def test_the_differential_sharpe_ratio_is_the_derivative_of_the_moving_ratio():
    mean, square, x, small = 0.2, 1.1, 0.5, 1e-6
    before = mean / math.sqrt(square - mean * mean)
    moved, moved_square = mean + small * (x - mean), square + small * (x * x - square)
    after = moved / math.sqrt(moved_square - moved * moved)
    facts = DAY._replace(net=x / 50.0, hedge=0.0)
    assert only_sharpe(facts, mean, square) == pytest.approx((after - before) / small, rel=1e-4)


def only_sharpe(facts, mean, square):
    return judged(NOTHING.model_copy(update={"sharpe": 1.0}), facts, fresh(mean, square))[0]


def test_only_a_deeper_drawdown_is_charged():
    assert only("drawdown") == pytest.approx(-(0.05 - 0.03) * 50.0, rel=1e-12)
    assert only("drawdown", bounded=True) == pytest.approx(-1.0 / 3.0, rel=1e-12)
    assert only("drawdown", DAY._replace(drawdown_after=0.01)) == 0.0


@pytest.mark.parametrize(
    ("target", "move", "expected"),
    [
        (1.0, 0.02, 1.0),  # all of it, in a rise of a volatility
        (0.0, 0.02, -1.0),  # idle in it
        (0.75, 0.02, 0.5),
        (0.75, 0.01, 0.25),  # half as far, half as much
        (1.0, -0.02, -1.0),  # all of it, in a fall
        (0.0, -0.02, 0.0),  # idle money is right in a fall
        (-1.0, -0.02, 1.0),  # short in a fall
        (1.0, 0.2, 1.0),
    ],
)
def test_utilisation_judges_the_size_of_the_position_by_the_move(target, move, expected):
    found = only("utilisation", DAY._replace(target=target, reference_move=move))
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("target", "expected"), [(0.0, 0.0), (0.25, 0.75), (0.5, 1.0), (1.0, 0.0), (-0.5, 1.0)])
def test_diversification_is_highest_where_symbol_and_cash_are_equal(target, expected):
    assert only("diversification", DAY._replace(target=target)) == pytest.approx(expected, abs=1e-12)


def test_a_position_left_alone_is_charged_by_its_age():
    idle = DAY._replace(traded=0.0, target=0.25)
    assert only("hold", idle, hold_bars=28) == pytest.approx(-7.0 / 28.0, rel=1e-12)
    assert only("hold", idle._replace(bars=500.0), hold_bars=28) == -1.0
    assert only("hold", DAY) == 0.0


def test_the_reference_weights_are_the_named_ones_and_compare_as_such():
    assert (REFERENCE.net, REFERENCE.cost, REFERENCE.timing, REFERENCE.sharpe) == (10.0, 5.0, 2.0, 3.0)
    assert (REFERENCE.drawdown, REFERENCE.utilisation, REFERENCE.diversification) == (5.0, 0.5, 1.0)
    w = REFERENCE.weights()
    assert w.net == pytest.approx(10.0 / 26.5, rel=1e-12)
    assert w.drawdown / w.utilisation == pytest.approx(10.0, rel=1e-12)


def test_the_default_leaves_the_new_components_off_and_the_old_ones_as_they_were():
    w = RewardConfig().weights()
    assert w == RewardWeights(1.0, 0.5, 0.0, 0.05, 0.05, 0.02)
    reward, parts = judged(RewardConfig(), DAY)
    old = [1.0 * (0.009 - 0.003) * 50.0, -1.0 * 0.5 * 0.014 * 50.0, -0.0, -0.05 * (0.05 - 0.03) * 50.0]
    assert [parts[name] for name in ("net", "reference", "cost", "drawdown")] == old
    assert reward == sum(old) + parts["sharpe"]


EXTREME = st.one_of(
    st.floats(-1e308, 1e308), st.sampled_from([0.0, 1e308, -1e308, 1e-308, 5e-324, -5e-324]), st.floats(-2.0, 2.0)
)
POSITIVE = st.one_of(st.floats(5e-324, 1e308), st.sampled_from([5e-324, 1e308, math.inf, 100.0]))
"""Of 1 / volatility; infinite where a volatility is too small for a number."""


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.lists(EXTREME, min_size=12, max_size=12), POSITIVE), min_size=1, max_size=4))
def test_bounded_components_stay_in_their_bounds_whatever_comes_in(steps):
    state, weights = fresh(), ALL.weights()
    for facts, unit in steps:
        parts = np.full((1, len(PARTS)), np.nan)
        facts[2], facts[8], facts[11] = abs(facts[2]), abs(facts[8]), abs(facts[11])
        reward = one(np.array([*facts, unit]), state, weights, parts)
        for name, value in zip(PARTS, parts[0], strict=True):
            weight = weights.net if name == "reference" else getattr(weights, name)
            assert abs(value) <= weight * (1.0 + 1e-12), name
        assert abs(reward) <= 1.0 + 1e-12
        assert np.isfinite(state).all()


@pytest.mark.parametrize("name", ["net", "cost", "hedge", "reference_move", "target", "unit"])
@pytest.mark.parametrize("config", [ALL, RewardConfig(cost=1.0, timing=1.0)])
def test_a_fact_that_is_not_a_number_is_never_hidden(name, config):
    assert math.isnan(judged(config, DAY._replace(**{name: math.nan}))[0])


@pytest.mark.parametrize(
    "bad", [{"net": math.nan}, {"cost": -1.0}, {"timing": math.inf}, {"hold_bars": 0}, {"nett": 1}]
)
def test_a_weight_out_of_bounds_is_refused(bad):
    with pytest.raises(ValidationError):
        RewardConfig(**bad)
