"""When a person is asked: each rule fires past its bound, not at it, and only where it is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.view import View, opinion
from graph.asking import AskWhen, disagreement, reasons_to_ask
from graph.config import CycleConfig
from tools.execution.book import Book, Position
from tools.risk.verdict import Verdict

BOOK = Book(
    name="b", cash=50.0, positions={"NOVA": Position(quantity=5, average_price=10)}, marks={"NOVA": 10.0},
    peak_value=100.0, day_start_value=100.0,
)  # fmt: skip
HELD = {"NOVA": 0.5, "CASH": 0.5}


def view(agent, kind, flags=(), **scores):
    said = {symbol: opinion(score, 0.5) for symbol, score in scores.items()}
    return View(agent=agent, kind=kind, horizon_bars=5, opinions=said, flags=flags)


def fired(rules, allowed, wanted=None, views=()):
    verdict = Verdict(decision="approved", weights=allowed)
    return reasons_to_ask(rules, BOOK, wanted or allowed, verdict, views)


def test_turnover_counts_what_is_bought_and_sold():
    allowed = {"NOVA": 0.3, "ORBT": 0.1, "CASH": 0.6}
    assert "0.3 is above 0.29" in fired(AskWhen(turnover=0.29), allowed)[0]
    assert fired(AskWhen(turnover=0.31), allowed) == ()


def test_a_new_name_is_one_that_the_book_does_not_hold():
    assert fired(AskWhen(new_name=True), {"NOVA": 0.1, "ORBT": 0.1, "CASH": 0.8}) == ("new in the book: ORBT",)
    assert fired(AskWhen(new_name=True), {"NOVA": 0.9, "ORBT": 0.0, "CASH": 0.1}) == ()


def test_what_the_risk_check_took_away_is_asked_about():
    wanted, allowed = {"NOVA": 0.9, "CASH": 0.1}, {"NOVA": 0.6, "CASH": 0.4}
    assert "moved 0.3 of the book" in fired(AskWhen(risk_reduced=0.29), allowed, wanted)[0]
    assert fired(AskWhen(risk_reduced=0.31), allowed, wanted) == ()


def test_a_chat_model_and_policies_that_disagree_are_asked_about():
    views = (view("news", "analyst", ("llm",), NOVA=1.0), view("policy", "policy", NOVA=-1.0))
    assert disagreement(views, HELD) == 1.0
    assert "1 apart" in fired(AskWhen(disagreement=0.5), HELD, views=views)[0]
    assert fired(AskWhen(disagreement=1.0), HELD, views=views) == ()


def test_an_analyst_without_a_chat_model_disagrees_with_nobody():
    views = (view("news", "analyst", (), NOVA=1.0), view("policy", "policy", NOVA=-1.0))
    assert disagreement(views, HELD) is None
    assert fired(AskWhen(disagreement=0.0), HELD, views=views) == ()


scores = st.floats(-1.0, 1.0, allow_nan=False)


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=4), st.lists(st.floats(0.0, 1.0), min_size=4))
def test_disagreement_is_a_fraction_and_nought_between_equals(pairs, sizes):
    names = [f"S{n}" for n in range(len(pairs))]
    read = view("news", "analyst", ("llm",), **{s: a for s, (a, _) in zip(names, pairs, strict=True)})
    policy = view("policy", "policy", **{s: b for s, (_, b) in zip(names, pairs, strict=True)})
    weights = dict(zip(names, sizes, strict=False))
    assert 0.0 <= disagreement((read, policy), weights) <= 1.0
    twin = read.model_copy(update={"kind": "policy", "flags": ()})
    assert disagreement((read, twin), weights) == 0.0


@pytest.mark.parametrize("rules", [{"turnover": -0.1}, {"disagreement": 1.5}, {"expires_minutes": 0.0}, {"turnovr": 1}])
def test_rules_that_mean_nothing_are_refused(rules):
    with pytest.raises(ValueError):
        AskWhen.model_validate(rules)


def test_no_rules_leave_no_trace_in_a_record():
    assert "ask_when" not in CycleConfig().model_dump(mode="json")
    assert CycleConfig(ask_when=AskWhen(new_name=True)).model_dump(mode="json")["ask_when"]["new_name"] is True
