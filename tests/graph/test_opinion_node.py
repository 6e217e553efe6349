"""Whatever goes wrong inside an agent is an abstention in the record, unless the desk itself is broken."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from agents.deadlines import Deadline
from agents.view import View
from data.errors import BadAnswer, NotFound, StorageFailed
from graph.nodes.opinion import opinion_node
from graph.state import merge_views


class Failing:
    name, kind = "news", "analyst"

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def view(self, _snapshot: object) -> View:
        raise self._fault


def run(fault: Exception) -> View:
    return asked(Failing(fault))


def asked(agent: Any, deadline: Deadline = Deadline()) -> View:  # noqa: B008 - it is frozen
    snapshots = SimpleNamespace(again=lambda _: None)
    context: Any = SimpleNamespace(agents={"news": agent}, snapshots=snapshots, deadline=deadline)
    state: Any = {"snapshot": None}
    runtime: Any = SimpleNamespace(context=context)
    (view,) = opinion_node("news")(state, runtime=runtime)["views"]
    return view


@pytest.mark.parametrize("fault", [ValueError("shapes"), ZeroDivisionError(), BadAnswer("garbage"), KeyError("x")])
def test_a_fault_of_an_agent_is_an_abstention_with_its_reason(fault: Exception) -> None:
    view = run(fault)
    assert view.abstained
    assert type(fault).__name__ in view.reason
    assert view.opinions == {}


class Hanging:
    name, kind = "news", "analyst"

    def view(self, _snapshot: object) -> View:
        threading.Event().wait(20.0)
        raise AssertionError("it was asked")


def test_an_agent_that_hangs_is_an_abstention_that_names_the_deadline() -> None:
    view = asked(Hanging(), deadline=Deadline(0.1))
    assert view.abstained
    assert view.reason == "no opinion within the node's deadline of 0.1 s"


def test_a_deadline_changes_nothing_else() -> None:
    said = View(agent="news", kind="analyst", horizon_bars=1, abstained=True, reason="nothing to say")
    speaking = SimpleNamespace(name="news", kind="analyst", view=lambda _: said)
    assert asked(speaking, deadline=Deadline(60.0)) is said
    with pytest.raises(StorageFailed):
        asked(Failing(StorageFailed("full")), deadline=Deadline(60.0))


def test_a_replay_takes_the_abstention_of_one_who_was_cut_off_from_the_record() -> None:
    said = View(agent="news", kind="analyst", horizon_bars=1, abstained=True, reason="nothing to say")
    speaking = SimpleNamespace(name="news", kind="analyst", view=lambda _: said)
    cut_off = asked(Hanging(), deadline=Deadline(0.1))
    assert asked(speaking, deadline=Deadline(0.1, frozenset({"news", "macro"}))) == cut_off
    assert asked(speaking, deadline=Deadline(0.1, frozenset({"macro"}))) is said


@pytest.mark.parametrize("fault", [StorageFailed("full"), NotFound("no recorded answer")])
def test_a_broken_desk_is_not_an_opinion(fault: Exception) -> None:
    with pytest.raises(type(fault)):
        run(fault)


def test_views_stand_in_roster_order_whoever_finishes_first() -> None:
    named = {a: View(agent=a, kind="analyst", horizon_bars=1, abstained=True, reason="r") for a in ("macro", "news")}
    assert [v.agent for v in merge_views((named["macro"],), (named["news"],))] == ["news", "macro"]
    again = named["news"].model_copy(update={"reason": "later"})
    assert merge_views((named["news"],), (again,)) == (again,)
