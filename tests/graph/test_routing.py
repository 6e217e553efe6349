"""Routers are pure, and total over every decision a verdict can hold."""

from __future__ import annotations

from typing import get_args

import pytest

from graph.record import Approval
from graph.routing import after_approval, after_risk_check
from tools.risk.verdict import Decision, Verdict


def state(decision: str, answer: str = "not_asked") -> dict:
    return {
        "verdict": Verdict(decision=decision, weights={"CASH": 1.0}),
        "approval": Approval(required=True, answer=answer),
    }


@pytest.mark.parametrize("decision", get_args(Decision))
def test_every_decision_has_a_way_out(decision: str) -> None:
    expected = {"approved": "execution", "reduced": "execution", "needs_approval": "approval", "halted": "record"}
    assert after_risk_check(state(decision)) == expected[decision]


@pytest.mark.parametrize(
    ("decision", "answer", "goes"),
    [
        ("needs_approval", "accepted", "execution"),
        ("reduced", "edited", "execution"),
        ("needs_approval", "rejected", "record"),
        ("needs_approval", "not_asked", "record"),
        ("halted", "accepted", "record"),
        ("halted", "edited", "record"),
    ],
)
def test_only_an_accepted_proposal_that_is_not_halted_is_executed(decision: str, answer: str, goes: str) -> None:
    assert after_approval(state(decision, answer)) == goes
