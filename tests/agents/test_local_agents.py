from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.policies.chosen import Chosen
from agents.protocol import Agent
from agents.roster import build_roster
from agents.specialists.strategy_agent import StrategyAgent, view_of
from agents.specs import SPECS
from rl.meta.inputs import AGENTS
from tests.agents.desk_snapshots import AS_OF, a_snapshot, text, with_age, with_feature
from tools.strategies.catalog import STRATEGIES
from tools.strategies.scores import Scores

ROSTER = build_roster(Chosen(None, "no policy"))
LOCAL = [s.name for s in SPECS]


def test_the_roster_is_complete_and_in_the_order_of_records():
    assert tuple(ROSTER) == AGENTS
    assert all(isinstance(agent, Agent) and agent.name == name for name, agent in ROSTER.items())


@pytest.mark.parametrize("name", LOCAL)
def test_a_view_is_the_last_row_of_the_strategy(name):
    snapshot = a_snapshot()
    view, scores = ROSTER[name].view(snapshot), STRATEGIES[name](snapshot.features)
    assert not view.abstained
    for column, symbol in enumerate(snapshot.symbols):
        assert view.opinions[symbol].score == pytest.approx(scores.score[-1, column], abs=1e-6)
        assert view.opinions[symbol].confidence == pytest.approx(scores.confidence[-1, column], abs=1e-6)


@pytest.mark.parametrize("name", LOCAL)
def test_evidence_names_facts_of_the_snapshot(name):
    snapshot = a_snapshot()
    known = {f"feature:{n}" for n in snapshot.features.names} | {f"market:{n}" for n in snapshot.features.shared_names}
    known |= {f"macro:{f.series}" for f in snapshot.macro} | {f"news:{t.id}" for t in snapshot.news}
    known |= {f"post:{t.id}" for t in snapshot.posts}
    for opinion in ROSTER[name].view(snapshot).opinions.values():
        assert opinion.evidence
        assert set(opinion.evidence) <= known


def test_texts_about_another_symbol_are_no_evidence():
    view = ROSTER["news"].view(a_snapshot())
    assert "news:n1" in view.opinions["AAPL"].evidence
    assert "news:n1" not in view.opinions["KO"].evidence
    assert "news:n2" in view.opinions["KO"].evidence


@pytest.mark.parametrize(("name", "kind"), [("news", "news"), ("social", "posts"), ("macro", "macro")])
def test_a_kind_that_could_not_be_had_makes_its_analyst_abstain(name, kind):
    view = ROSTER[name].view(a_snapshot(unavailable={kind: "no key is set"}))
    assert view.abstained
    assert view.reason == f"{kind} unavailable: no key is set"


def test_no_texts_is_an_abstention_and_not_a_neutral_view():
    view = ROSTER["news"].view(a_snapshot(news=()))
    assert (view.abstained, view.reason) == (True, "no news in the last 5 slots")
    old = (replace(text("n0", "AAPL", "old"), known_at=AS_OF - timedelta(days=5)),)
    assert ROSTER["news"].view(a_snapshot(news=old)).abstained
    young = (replace(text("n0", "AAPL", "new"), known_at=AS_OF - timedelta(days=4, hours=23)),)
    assert not ROSTER["news"].view(a_snapshot(news=young)).abstained


def test_no_release_at_all_makes_the_macro_analyst_abstain():
    assert ROSTER["macro"].view(a_snapshot(macro=())).reason == "no macro release is known"


def test_an_unknown_feature_leaves_its_symbol_unknown_with_the_reason():
    view = ROSTER["momentum"].view(with_feature(a_snapshot(), "mom_252", "KO", np.nan))
    assert "KO" not in view.opinions
    assert view.unknown == {"KO": "mom_252 is unknown (it needs 253 slots)"}


def test_an_unknown_regime_makes_those_who_need_it_abstain_and_no_others():
    snapshot = with_feature(a_snapshot(), "regime_calm", "", np.nan)
    assert "regime_calm is unknown" in ROSTER["mean_reversion"].view(snapshot).reason
    assert not ROSTER["momentum"].view(snapshot).abstained


@pytest.mark.parametrize(("age", "reason"), [(4, "the last price is 4 slots old"), (-1, "no price yet")])
def test_a_stale_symbol_has_no_opinion(age, reason):
    view = ROSTER["momentum"].view(with_age(a_snapshot(), "XOM", age))
    assert view.unknown == {"XOM": reason}
    assert "XOM" not in view.opinions


def test_a_long_weekend_elsewhere_is_not_stale():
    assert "XOM" in ROSTER["momentum"].view(with_age(a_snapshot(), "XOM", 3)).opinions


@given(score=st.floats(), confidence=st.floats())
def test_any_score_ends_in_a_bounded_opinion_or_is_unknown(score, confidence):
    snapshot = a_snapshot(symbols=("AAPL",))
    spec = SPECS[3]
    scores = Scores(np.full((1, 1), score), np.full((1, 1), confidence))
    view = view_of(spec, snapshot, scores)
    sound = -1.0 <= score <= 1.0 and 0.0 <= confidence <= 1.0
    assert view.abstained is not sound
    if sound:
        assert view.opinions["AAPL"].score == pytest.approx(score, abs=1e-6)


def test_an_abstention_still_says_what_was_unknown():
    nothing = Scores(np.full((1, 4), np.nan), np.full((1, 4), np.nan))
    view = StrategyAgent(SPECS[3], lambda _: nothing).view(a_snapshot())
    assert view.abstained
    assert set(view.unknown) == {"AAPL", "BTC-USD", "KO", "XOM"}
