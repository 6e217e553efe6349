"""The curriculum: who comes in when, at what costs, and that it looks at nothing but the training dates."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data.errors import BadConfig, UnknownSymbol
from data.market import AssetClass
from rl.env import LEARN
from rl.kernel import COSTS, SYMBOL
from rl.market import row_market, starts_in
from rl.reward import RewardConfig
from rl.roster.curriculum import CurriculumConfig, among, ranked, stage_at, staged
from rl.rows import Rows
from tests.rl.histories import history

NAMES = ("ZZZ", "MSFT", "AAA", "SPY", "BBB")
SECTORS = ("Energy", "Technology", "Energy", "", "Utilities")
LEARN_SLOTS = np.arange(300) < 200
THREE = CurriculumConfig(stages=3, until=0.5, symbols_share=0.4, cost_share=0.2)


def named():
    """Five stocks; AAA trades most, then BBB; nobody knows the volume of ZZZ."""
    found = history(300, 5, classes=(AssetClass.STOCK,))
    instruments = tuple(
        dataclasses.replace(i, symbol=name, sector=sector)
        for i, name, sector in zip(found.panel.instruments, NAMES, SECTORS, strict=True)
    )
    volume = np.tile(np.array([np.nan, 2e6, 9e6, 1e6, 5e6]), (300, 1))
    return dataclasses.replace(found, panel=dataclasses.replace(found.panel, instruments=instruments, volume=volume))


@pytest.fixture(scope="module")
def data():
    return named()


@pytest.fixture(scope="module")
def starts(data):
    return starts_in(row_market(data), LEARN_SLOTS)


def names(order):
    return [NAMES[s] for s in order]


def test_leaders_come_first_then_the_most_traded_then_the_unknown(data):
    assert names(ranked(data, LEARN_SLOTS, THREE)) == ["SPY", "MSFT", "AAA", "BBB", "ZZZ"]


def test_the_order_may_be_given_and_the_universe_narrowed(data):
    given_order = CurriculumConfig(first=("ZZZ", "BBB"))
    assert names(ranked(data, LEARN_SLOTS, given_order)) == ["ZZZ", "BBB", "AAA", "MSFT", "SPY"]
    assert names(ranked(data, LEARN_SLOTS, CurriculumConfig(sectors=("Energy",)))) == ["AAA", "ZZZ"]
    assert names(ranked(data, LEARN_SLOTS, CurriculumConfig(only=("SPY", "AAA", "ZZZ"), sectors=("Energy",)))) == [
        "AAA", "ZZZ",
    ]  # fmt: skip


def test_what_is_traded_after_the_training_dates_decides_nothing(data):
    volume = data.panel.volume.copy()
    volume[200:, 4] = 1e12
    other = dataclasses.replace(data, panel=dataclasses.replace(data.panel, volume=volume))
    assert np.array_equal(ranked(data, LEARN_SLOTS, THREE), ranked(other, LEARN_SLOTS, THREE))
    assert names(ranked(other, np.ones(300, dtype=np.bool_), THREE))[2] == "BBB"


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        (CurriculumConfig(first=("SPYY",)), UnknownSymbol, "did you mean 'SPY'"),
        (CurriculumConfig(only=("msft",)), UnknownSymbol, "did you mean 'MSFT'"),
        (CurriculumConfig(sectors=("Enrgy",)), BadConfig, "did you mean 'Energy'"),
        (CurriculumConfig(only=("SPY",), sectors=("Energy",)), BadConfig, "leaves no symbol"),
    ],
)
def test_names_that_do_not_exist_are_answered_with_the_nearest(data, config, error, words):
    with pytest.raises(error, match=words):
        ranked(data, LEARN_SLOTS, config)


def test_stages_are_equally_long_until_the_last():
    assert [stage_at(THREE, done) for done in (0.0, 0.2, 0.25, 0.49, 0.5, 1.0)] == [1, 1, 2, 2, 3, 3]
    assert stage_at(CurriculumConfig(), 0.0) == 1


def test_symbols_and_costs_grow_by_stages(data, starts):
    order = ranked(data, LEARN_SLOTS, THREE)
    found = [staged(starts, LEARN, order, THREE, done) for done in (0.0, 0.3, 0.7)]
    assert [sorted(names(s.symbols)) for s, _ in found] == [
        ["MSFT", "SPY"],
        ["AAA", "BBB", "MSFT", "SPY"],
        sorted(NAMES),
    ]
    assert [r.cost_high for _, r in found] == pytest.approx([0.4, 1.2, 2.0])
    assert [r.cost_low for _, r in found] == pytest.approx([0.1, 0.3, 0.5])
    assert all(r._replace(cost_low=0.0, cost_high=0.0) == LEARN._replace(cost_low=0.0, cost_high=0.0) for _, r in found)


def test_without_stages_and_at_the_end_nothing_is_changed(data, starts):
    order = ranked(data, LEARN_SLOTS, THREE)
    for config, done in ((CurriculumConfig(), 0.0), (THREE, 1.0)):
        found, rules = staged(starts, LEARN, order, config, done)
        assert rules == LEARN
        assert all(np.array_equal(a, b) for a, b in zip(found, starts, strict=True))


def test_rows_begin_with_the_symbols_of_the_stage_alone(data, starts):
    market, order = row_market(data), ranked(data, LEARN_SLOTS, THREE)
    found, rules = staged(starts, LEARN, order, THREE, 0.0)
    rows = Rows(market, found, rules, RewardConfig(), 200)
    rows.begin(0)
    assert set(names(rows.index[:, SYMBOL])) == {"SPY", "MSFT"}
    assert rows.state[:, COSTS].max() <= 0.4


def test_symbols_that_cannot_begin_are_passed_over(starts):
    few = among(starts, [0, 2])
    assert names(staged(few, LEARN, [3, 1, 2, 4, 0], THREE, 0.0)[0].symbols) == ["AAA"]
    with pytest.raises(BadConfig, match="no bar to begin with"):
        staged(few, LEARN, [3, 1], THREE, 0.0)


@given(
    st.integers(1, 20), st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.0, 1.0),
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_symbol_leaves_and_no_cost_falls_as_training_goes_on(starts, stages, until, share, cost, moments):
    config = CurriculumConfig(stages=stages, until=until, symbols_share=share, cost_share=cost)
    found = [staged(starts, LEARN, range(5), config, done) for done in sorted(moments)]
    for (few, cheap), (more, dear) in pairwise(found):
        assert set(few.symbols.tolist()) <= set(more.symbols.tolist())
        assert cheap.cost_high <= dear.cost_high <= LEARN.cost_high
        assert few.offsets[-1] == few.slots.size


def test_settings_are_closed():
    with pytest.raises(ValidationError, match="stagess"):
        CurriculumConfig.model_validate({"stagess": 2})
    with pytest.raises(ValidationError, match="until"):
        CurriculumConfig(until=0.0)
