"""RewardShaper: the kernel's numbers, a user's components, what teams share, and statistics of episodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadConfig, InputError
from rl import kernel as k
from rl.config_file import checked
from rl.facts import StepFacts
from rl.market import hedged, row_market, starts_in
from rl.reward import PARTS, REFERENCE, RewardConfig, RewardShaper, ShaperConfig
from rl.reward.custom import CustomPart
from rl.reward.teams import cooperation, crowding, spread
from rl.rows import PLAIN, Rows
from tests.rl.histories import history
from tools.market.accounting import sleeve_step

HERE = "tests.rl.reward.own_components"
FULL = RewardConfig(cost=0.7, timing=0.3, utilisation=0.2, diversification=0.1, hold=0.4, hold_bars=9)


def facts_of(rows, **fields):
    """Ordinary facts of `rows` rows, some replaced."""
    base = {name: np.zeros(rows) for name in StepFacts._fields} | {"unit": np.full(rows, 100.0)}
    return base | {name: np.asarray(values, dtype=np.float64) for name, values in fields.items()}


def shaper(rows=2, teams=None, groups=None, **config):
    as_array = [None if x is None else np.array(x) for x in (teams, groups)]
    return RewardShaper(ShaperConfig(**config), rows, *as_array)


def by_hand(market, rows, targets):
    """The facts of one step of long-only rows, worked out from prices alone, one row at a time."""
    a, columns = market.arrays, {name: np.zeros(len(targets)) for name in StepFacts._fields}
    for i, target in enumerate(targets):
        t, s, position = rows.index[i, k.SLOT], rows.index[i, k.SYMBOL], rows.state[i, k.POSITION]
        gap, day, move = a.hedge_gap[t, s], a.hedge_day[t, s], a.close[t + 1, s] / a.close[t, s] - 1.0
        after, net, cost = sleeve_step(position, target, a.close[t, s], a.fill[t, s], a.close[t + 1, s], a.cost_bps[s])
        value = rows.state[i, k.VALUE] * (1.0 + net)
        facts = StepFacts(
            net=net, gross=net + cost, cost=cost, move=move, hedge=position * gap + target * day,
            reference_move=move - gap - day, position=position, target=target, traded=abs(target - position),
            drawdown_before=1.0 - rows.state[i, k.VALUE] / rows.state[i, k.PEAK],
            drawdown_after=1.0 - value / max(rows.state[i, k.PEAK], value),
            bars=rows.index[i, k.BARS] + 1 if after > 0.0 else 0, unit=1.0 / a.scale[t, s],
        )  # fmt: skip
        for name, number in facts._asdict().items():
            columns[name][i] = number
    return columns


@pytest.mark.parametrize("reward", [RewardConfig(), FULL, REFERENCE, REFERENCE.model_copy(update={"hold": 1.0})])
def test_the_kernel_and_the_shaper_agree(reward):
    market = hedged(row_market(history(200, 4, seed=1)), np.arange(200) < 150, 0.7, 0.5, 0.5)
    rows = Rows(market, starts_in(market, np.ones(200, dtype=np.bool_)), PLAIN, reward, 4)
    rows.place(np.full(4, 30), np.arange(4), np.zeros(4, dtype=np.int64), 190)
    ours, rng = shaper(4, reward=reward), np.random.default_rng(0)
    for _ in range(120):
        traded = rng.random(4) < 0.6
        targets = np.where(traded, rng.integers(0, 5, 4) / 4.0, rows.positions)
        facts = by_hand(market, rows, targets)
        rows.step_to(targets)
        assert np.allclose(ours.step(facts), rows.reward, rtol=0.0, atol=1e-12)
        assert np.allclose(ours.parts[:, : len(PARTS)], rows.parts, rtol=0.0, atol=1e-12)


def test_the_parts_sum_to_the_reward():
    ours = shaper(
        3, [0, 0, 1], [0, 1, 0], reward=REFERENCE, cooperation=0.4, crowding=2.0,
        custom=(CustomPart(function=f"{HERE}:twice_the_net", weight=3.0),),
    )  # fmt: skip
    facts = facts_of(3, net=[0.01, -0.02, 0.03], target=[0.5, 1.0, 0.25], traded=[0.5, 1.0, 0.25], cost=[1e-4] * 3)
    assert ours.step(facts) == pytest.approx(ours.parts.sum(axis=1), abs=1e-15)
    assert ours.names[: len(PARTS)] == PARTS
    assert ours.names[len(PARTS) :] == ("twice_the_net", "crowding", "cooperation")
    assert np.abs(ours.parts[:, 0]).sum() > 0.0


def test_a_component_of_ones_own_is_weighted_and_bounded_with_the_others():
    part = CustomPart(function=f"{HERE}:twice_the_net", weight=-3.0)
    plain = shaper(reward=RewardConfig(net=0.0, sharpe=0.0, drawdown=0.0), custom=(part,))
    assert plain.step(facts_of(2, net=[0.25, 9.0])) == pytest.approx([-1.5, -54.0])
    bounded = shaper(
        reward=RewardConfig(net=1.0, reference=0.0, sharpe=0.0, drawdown=0.0, bounded=True), custom=(part,)
    )
    assert bounded.step(facts_of(2, net=[0.25, 9.0])) == pytest.approx([0.25 - 0.75 * 0.5, 0.25 - 0.75])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("nowhere.at_all:f", "no module nowhere.at_all"),
        (f"{HERE}:twice_the_nte", "did you mean 'twice_the_net'"),
        ("no_colon", "package.module:function"),
        (f"{HERE}:NUMBER", "is a int"),
        (f"{HERE}:one_number", r"shape \(\) for 2 rows"),
        (f"{HERE}:not_a_number", "returns nan"),
        (f"{HERE}:asks_for_more", "fails: KeyError: 'volume'"),
        (f"{HERE}:hold", "one name"),
    ],
)
def test_a_component_that_does_not_fit_is_refused_before_anything_is_trained(function, said):
    with pytest.raises(BadConfig, match=said):
        shaper(custom=(CustomPart(function=function),))


def test_a_component_that_breaks_later_is_named():
    ours = shaper(custom=(CustomPart(function=f"{HERE}:breaks_on_losses"),))
    ours.step(facts_of(2, net=[0.1, 0.0]))
    with pytest.raises(BadConfig, match="breaks_on_losses returns inf"):
        ours.step(facts_of(2, net=[0.1, -0.1]))


def test_a_typo_in_the_config_is_answered_with_the_nearest_name():
    with pytest.raises(BadConfig, match="did you mean 'utilisation'"):
        checked(ShaperConfig, {"reward": {"utilization": 1.0}}, "reward.yaml")
    with pytest.raises(BadConfig, match="did you mean 'weight'"):
        checked(ShaperConfig, {"custom": [{"function": "a:b", "wieght": 1.0}]}, "reward.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"net": np.array([0.0, np.nan])}, "net of row 1 is nan"),
        ({"move": np.array([np.inf, 0.0])}, "move of row 0 is inf"),
        ({"net": np.zeros(3)}, r"net has shape \(3,\)"),
        ({"unit": np.array([0.0, 1.0])}, "unit"),
        ({"nett": np.zeros(2)}, "did you mean 'net'"),
        ({"net": np.full(2, 1e308)}, "too large"),
    ],
)
def test_facts_that_cannot_be_judged_raise(change, said):
    with pytest.raises(InputError, match=said):
        shaper().step(facts_of(2) | change)


def test_a_missing_fact_raises():
    facts = facts_of(2)
    del facts["cost"], facts["bars"]
    with pytest.raises(InputError, match="lacks cost, bars"):
        shaper().step(facts)


def test_teams_and_groups_are_asked_for_where_they_are_needed():
    with pytest.raises(BadConfig, match="needs teams"):
        shaper(cooperation=0.5)
    with pytest.raises(BadConfig, match="needs groups"):
        shaper(crowding=0.5)
    with pytest.raises(BadConfig, match="teams is not one number"):
        shaper(teams=[0])


def test_sharing_moves_rewards_to_the_team_mean_and_keeps_its_sum():
    reward, teams = np.array([1.0, 3.0, -2.0]), np.array([1, 1, 0])
    shared = cooperation(reward, teams, 0.5)
    assert shared.tolist() == [0.5, -0.5, 0.0]
    assert (reward + cooperation(reward, teams, 1.0)).tolist() == [2.0, 2.0, -2.0]


def test_who_trades_with_the_crowd_of_an_asset_class_pays():
    groups = np.array([0, 0, 0, 1, 1, 2])
    assert crowding(np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), groups).tolist() == [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    assert crowding(np.array([1.0, -1.0, 0.0, 0.5, 0.5, 0.0]), groups).tolist() == [0.0, 0.0, 0.0, 0.25, 0.25, 0.0]
    priced = shaper(2, groups=[0, 0], reward=RewardConfig(net=0.0, sharpe=0.0, drawdown=0.0), crowding=2.0)
    assert priced.step(facts_of(2, target=[0.5, 1.0], traded=[0.5, 1.0])).tolist() == [-1.0, -1.0]


def test_a_team_is_diversified_where_its_money_lies_evenly():
    both = np.array([0, 0])
    assert spread(np.array([2 / 3, 2 / 3]), both) == pytest.approx([1.0, 1.0])
    assert spread(np.array([0.0, 0.0]), both).tolist() == [0.0, 0.0]
    assert spread(np.array([1.0, 1.0]), both) == pytest.approx([0.75, 0.75])
    assert spread(np.array([0.25, 0.5]), np.array([0, 1])) == pytest.approx([0.75, 1.0])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(-1e308, 1e308)), min_size=1, max_size=6),
    st.floats(0.0, 1.0),
)
def test_what_teams_add_stays_in_its_bounds(members, share):
    teams = np.unique([m[0] for m in members], return_inverse=True)[1]
    groups, values = np.array([m[1] for m in members]), np.array([m[2] for m in members])
    ours = RewardShaper(
        ShaperConfig(reward=REFERENCE, cooperation=share, crowding=1.0), len(members), teams, groups
    )  # fmt: skip
    with np.errstate(over="ignore"):
        reward = ours.step(facts_of(len(members), target=values, position=-values, net=values, reference_move=values))
    assert (np.abs(reward) <= 1.0 + 1e-12).all()


def test_moments_begin_anew_with_the_episode():
    config, day = RewardConfig(net=0.0, drawdown=0.0, sharpe=1.0), facts_of(2, net=[0.01, 0.01])
    ours = shaper(2, reward=config)
    first = ours.step(day, np.array([True, False]))
    second = ours.step(day)
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_statistics_are_of_whole_episodes():
    ours = shaper(2, reward=RewardConfig(reference=0.0, drawdown=0.0, sharpe=0.0))
    never, both = np.array([False, False]), np.array([True, True])
    assert ours.statistics.summary() == {}
    for net, done in (((0.01, 0.02), never), ((0.03, -0.02), both), ((0.05, 0.0), np.array([True, False]))):
        ours.step(facts_of(2, net=list(net)), done)
    told = ours.statistics.summary()
    episodes = np.array([4.0, 0.0, 5.0])
    assert ours.statistics.episodes == 3
    assert told["reward"] == pytest.approx(
        {"mean": episodes.mean(), "sd": episodes.std(ddof=1), "low": 0.0, "high": 5.0}, abs=1e-12
    )
    assert told["net"] == told["reward"]
    assert told["length"]["mean"] == pytest.approx(5 / 3)
