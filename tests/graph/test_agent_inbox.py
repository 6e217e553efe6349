"""What a person's answer is read as, whatever shape agent-inbox gives it, and what is refused."""

from __future__ import annotations

import json

import pytest
from langgraph.prebuilt.interrupt import HumanInterrupt

from data.errors import InputError
from graph.agent_inbox import Comment, read_response, request_of
from tools.risk.verdict import Verdict

PROPOSED = {"NOVA": 0.6, "CASH": 0.4}
OTHER = {"NOVA": 0.25, "CASH": 0.75}


def test_the_request_has_the_fields_of_human_interrupt():
    request = request_of(
        "cy-1", Verdict(decision="needs_approval", weights=PROPOSED, reasons=("why",)), 30.0, ("a: b",)
    )
    assert set(request) == set(HumanInterrupt.__annotations__)
    assert all(request["config"].values())
    args = request["action_request"]["args"]
    assert len(args.pop("proposal")) == 16
    assert args == {"cycle_id": "cy-1", "weights": PROPOSED, "expires_minutes": 30.0}
    assert request["description"].splitlines()[1:] == ["* why", "> a: b"]


@pytest.mark.parametrize(
    "args",
    [
        {"weights": OTHER},
        {"action": "approve_allocation", "args": {"cycle_id": "cy-1", "weights": OTHER}},
        {"weights": {"NOVA": "0.25", "CASH": "0.75"}},
        {"weights": json.dumps(OTHER)},
        {"action": "approve_allocation", "args": json.dumps({"weights": OTHER})},
    ],
    ids=["plain", "action request", "numbers as text", "weights as text", "arguments as text"],
)
@pytest.mark.parametrize("listed", [False, True], ids=["mapping", "list of one"])
def test_an_edit_is_read_in_every_wrapping(args, listed):
    response = {"type": "edit", "args": args, "by": "ann"}
    said = read_response([response] if listed else response, PROPOSED)
    assert (said.answer, said.weights, said.by) == ("edited", OTHER, "ann")


@pytest.mark.parametrize(
    "weights",
    [
        {"NOVA": 1.0}, {"NOVA": 0.5, "CASH": 0.4}, {"NOVA": float("nan"), "CASH": 0.4}, {"NOVA": "much", "CASH": 0.4},
        {"NOVA": 0.5, "EVIL": 0.1, "CASH": 0.4}, {"NOVA": True, "CASH": 0.0}, {"NOVA": float("inf"), "CASH": 0.4},
        None, "{", [],
    ],
    ids=["no cash", "sum", "nan", "words", "stranger", "bool", "infinite", "none", "torn", "list"],
)  # fmt: skip
def test_an_edit_that_is_no_portfolio_is_refused(weights):
    with pytest.raises(InputError):
        read_response({"type": "edit", "args": {"weights": weights}}, PROPOSED)


@pytest.mark.parametrize(
    "response",
    [
        None, "accept", {}, {"type": "yes"}, [], [{"type": "accept"}, {"type": "ignore"}], {"type": "respond"},
        {"type": "accept", "note": "x" * 2001},
    ],
    ids=["none", "text", "empty", "unknown", "no answer", "two answers", "empty comment", "long note"],
)  # fmt: skip
def test_anything_else_is_refused(response):
    with pytest.raises(InputError):
        read_response(response, PROPOSED)


def test_accept_ignore_and_respond():
    assert read_response({"type": "accept", "by": "ann", "note": "fine"}, PROPOSED).answer == "accepted"
    assert read_response({"type": "ignore", "args": None}, PROPOSED).answer == "rejected"
    assert read_response({"type": "respond", "args": "why so much?", "by": "bob"}, PROPOSED) == Comment(
        "bob: why so much?"
    )
