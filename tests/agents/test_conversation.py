"""Follow-ups take what they leave out from the questions before them, the same way every time."""

from __future__ import annotations

import pytest

from agents.explainer.case import Case
from agents.explainer.conversation import resolve, turn
from tests.agents.desk_records import a_record

FACTS = Case(a_record(3)).facts()


def after(*questions: str) -> list:
    """The turns of a conversation."""
    turns: list = []
    for question in questions:
        turns.append(turn(question, resolve(question, turns, FACTS), "", FACTS))
    return turns


@pytest.mark.parametrize(
    ("question", "means"),
    [
        ("and why not more?", "and why not more AAPL?"),
        ("what about KO?", "why did KO shrink?"),
        ("and KO", "why did KO shrink?"),
        ("KO?", "why did KO shrink?"),
        ("what about NVDA?", "why did NVDA shrink?"),
        ("and momentum?", "what did the momentum specialist think of AAPL?"),
        ("did it fall?", "did it fall AAPL?"),
        ("who pushed it most?", "who pushed it most AAPL?"),
        ("why?", "why AAPL?"),
        ("why did MSFT grow?", "why did MSFT grow?"),
        ("what did it cost?", "what did it cost AAPL?"),
        ("which limits fired?", "which limits fired?"),
        ("how much cash is there?", "how much cash is there?"),
        ("and the turnover?", "and the turnover?"),
        ("", ""),
    ],
)
def test_what_is_left_out_comes_from_the_turn_before(question, means):
    assert resolve(question, after("why did AAPL shrink?"), FACTS) == means


def test_the_first_question_stands_by_itself():
    assert resolve("and why not more?", [], FACTS) == "and why not more?"


def test_a_chain_of_follow_ups_keeps_to_what_was_named_last():
    turns = after("why did AAPL shrink?", "what about KO?", "and momentum?")
    assert [t["question"] for t in turns][1:] == [
        "why did KO shrink?", "what did the momentum specialist think of KO?"
    ]  # fmt: skip
    assert resolve("and why not more?", turns, FACTS) == "and why not more KO?"


def test_after_a_question_of_the_whole_book_a_symbol_asks_the_same_of_it():
    assert resolve("what about KO?", after("what changed?"), FACTS) == "what changed KO?"
