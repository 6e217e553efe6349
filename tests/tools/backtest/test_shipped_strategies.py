"""The shipped strategies: long only, capped, silent between their days, and blind to what they are not shown."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from data.features.catalog import SHARED_SPECS, SPECS
from data.features.spec import Features
from data.history import History
from tests.tools.backtest.toy_histories import closes, history_of
from tools.backtest.event.moments import moments
from tools.backtest.shipped import SHIPPED
from tools.backtest.strategies.crossover import SmaCrossover
from tools.backtest.strategies.passive import BuyAndHold, EqualWeight, InverseVolatility
from tools.backtest.strategies.scored import Scored
from tools.strategies.catalog import STRATEGIES

SCORED = ("momentum", "mean_reversion", "macro", "risk")


def catalogued(slots=60, seed=0) -> History:
    """A toy history with every declared feature, at random."""
    rng = np.random.default_rng(seed)
    history = history_of(closes(slots))
    values = rng.uniform(0.01, 0.9, (slots, 3, len(SPECS)))
    shared = rng.uniform(0.0, 1.0, (slots, len(SHARED_SPECS)))
    return replace(history, features=Features(SPECS, values, SHARED_SPECS, shared))


def with_feature(history, name, values):
    block = history.features.values.copy()
    block[:, :, history.features.names.index(name)] = values
    return replace(history, features=replace(history.features, values=block))


@pytest.mark.parametrize("name", list(SHIPPED))
def test_weights_are_long_only_within_the_account_and_answer_to_their_name(name):
    strategy, see = SHIPPED[name], moments(catalogued())
    assert strategy.name == name
    decisions = [strategy.decide(see(t)) for t in range(60)]
    assert any(decisions)
    for weights in decisions:
        assert all(0.0 <= w <= 1.0 for w in weights.values())
        assert sum(weights.values()) <= 0.95 + 1e-12


@pytest.mark.parametrize("name", list(SHIPPED))
def test_asking_twice_or_in_another_order_changes_nothing(name):
    strategy, see = SHIPPED[name], moments(catalogued())
    forward = [dict(strategy.decide(see(t))) for t in range(60)]
    assert [dict(strategy.decide(see(t))) for t in reversed(range(60))] == forward[::-1]


@pytest.mark.parametrize("name", [n for n in SHIPPED if n != "buy_and_hold"])
def test_what_cannot_be_traded_is_not_named(name):
    history = catalogued()
    ready = history.ready.copy()
    ready[:, 1] = False
    see = moments(replace(history, ready=ready))
    assert all("BBB" not in SHIPPED[name].decide(see(t)) for t in range(60))
    ready[:] = False
    assert all(not SHIPPED[name].decide(see(t)) for t in range(60))


def test_every_five_working_days_is_the_first_slot_of_each_week():
    see = moments(catalogued())
    days = [see(t).as_of for t in range(60) if EqualWeight(every=5).decide(see(t))]
    assert [day.weekday() for day in days[1:]] == [0] * len(days[1:])
    assert len(days) == 1 + len([t for t in range(1, 60) if see(t).as_of.weekday() == 0])


def test_a_cadence_does_not_depend_on_where_a_run_begins():
    history = catalogued()
    late = replace(
        history, panel=replace(history.panel, **{name: getattr(history.panel, name)[7:] for name in (
            "times", "open", "high", "low", "close", "volume", "age")}),
        features=replace(history.features, values=history.features.values[7:], shared=history.features.shared[7:]),
        fill=history.fill[7:], ready=history.ready[7:],
    )  # fmt: skip
    see, see_late = moments(history), moments(late)
    strategy = EqualWeight(every=5)
    for t in range(8, 60):
        assert strategy.decide(see(t)) == strategy.decide(see_late(t - 7))


def test_buy_and_hold_buys_each_symbol_once_when_it_is_first_seen():
    history = catalogued()
    age = history.panel.age.copy()
    age[:20, 2] = -1
    see = moments(replace(history, panel=replace(history.panel, age=age)))
    bought = {t: BuyAndHold().decide(see(t)) for t in range(60) if BuyAndHold().decide(see(t))}
    third = pytest.approx(0.95 / 3)
    assert bought == {0: {"AAA": third, "BBB": third}, 20: {"CCC": third}}


def test_inverse_volatility_halves_what_is_twice_as_volatile_and_leaves_what_stands_still():
    history = with_feature(catalogued(), "vol_63", np.array([0.1, 0.2, 0.0]))
    weights = InverseVolatility().decide(moments(history)(0))
    assert set(weights) == {"AAA", "BBB"}
    assert weights["AAA"] == pytest.approx(2 * weights["BBB"])
    assert sum(weights.values()) == pytest.approx(0.95)


def test_the_crossover_is_in_where_the_fast_mean_is_above_the_slow_one():
    history = with_feature(catalogued(), "sma_ratio_20", np.array([0.01, 0.05, np.nan]))
    history = with_feature(history, "sma_ratio_50", np.array([0.04, 0.02, 0.01]))
    assert SmaCrossover().decide(moments(history)(0)) == {"AAA": pytest.approx(0.95 / 3), "BBB": 0.0}


@pytest.mark.parametrize("name", SCORED)
def test_one_row_of_features_gives_the_last_row_of_the_scores(name):
    features = catalogued().features
    whole = STRATEGIES[name](features)
    for t in (0, 31, 59):
        row = Features(SPECS, features.values[t : t + 1], SHARED_SPECS, features.shared[t : t + 1])
        part = STRATEGIES[name](row)
        np.testing.assert_array_equal(part.score[0], whole.score[t])
        np.testing.assert_array_equal(part.confidence[0], whole.confidence[t])


def test_scores_are_capped_and_what_is_cut_stays_in_cash():
    see = moments(catalogued())
    loose, capped = Scored(score="momentum", every=0, max_weight=1.0), Scored(score="momentum", every=0, max_weight=0.2)
    for t in range(60):
        wanted = loose.decide(see(t))
        assert capped.decide(see(t)) == {symbol: min(weight, 0.2) for symbol, weight in wanted.items()}
    assert max(loose.decide(see(0)).values()) > 0.2


def test_no_positive_opinion_is_all_cash_and_no_opinion_is_no_decision():
    falling = {"mom_21": -0.2, "mom_63": -0.2, "mom_252": -0.2}
    history = catalogued()
    for name, value in falling.items():
        history = with_feature(history, name, np.array([value, value, np.nan]))
    assert Scored(score="momentum").decide(moments(history)(0)) == {"AAA": 0.0, "BBB": 0.0}


@pytest.mark.parametrize(
    ("build", "match"),
    [
        (lambda: SmaCrossover(fast=50, slow=50), "shorter"),
        (lambda: SmaCrossover(fast=7), "fast"),
        (lambda: EqualWeight(every=-1), "every"),
        (lambda: Scored(score="astrology"), "score"),
        (lambda: Scored(score="macro", max_weight=1.5), "max_weight"),
        (lambda: Scored(score="macro", leverage=2.0), "leverage"),
    ],
)
def test_parameters_are_checked(build, match):
    with pytest.raises(ValidationError, match=match):
        build()
