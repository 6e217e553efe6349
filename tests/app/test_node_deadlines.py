"""A node that hangs holds no cycle: it ends with a valid decision by the deadline, and replays as it was cut off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import graph.nodes.risk_check
from agents.meta.controller import MetaController
from agents.specialists.strategy_agent import StrategyAgent
from app.desk import Desk
from graph.record import CycleRecord
from tests.desks import SMALL, desk

FIRST, SECOND = "2023-03-14", "2023-03-15"
SECONDS = 4


@pytest.fixture
def here(tmp_path: Path) -> Desk:
    """A desk that holds a book since the day before."""
    (tmp_path / "desk.yaml").write_text(f"node_deadline_s: {SECONDS}\n")
    found = desk(tmp_path, symbols=SMALL, config=tmp_path / "desk.yaml")
    assert found.cycle(FIRST).record
    return found


@contextmanager
def stuck(owner: Any, name: str, when: Callable[..., bool] = lambda *_: True) -> Generator[None]:
    """Inside, the function hangs for calls like those; a replay afterwards would get an answer."""
    stop, plain = threading.Event(), getattr(owner, name)

    def hanging(*args: Any, **kwargs: Any) -> Any:
        if when(*args):
            stop.wait(60.0)
        return plain(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, hanging)
        try:
            yield
        finally:
            stop.set()


def second(here: Desk) -> CycleRecord:
    record = here.cycle(SECOND).record
    assert record is not None
    assert sum(record.verdict.weights.values()) == pytest.approx(1.0)
    return record


def test_an_agent_that_hangs_abstains(here: Desk) -> None:
    with stuck(StrategyAgent, "view", lambda agent, _: agent.name == "momentum"):
        record = second(here)
    (view,) = (view for view in record.views if view.agent == "momentum")
    assert (view.abstained, view.reason) == (True, "no opinion within the node's deadline of 4 s")
    assert record.orders
    assert here.replay(record.cycle_id).identical


def test_a_controller_that_hangs_keeps_what_is_held(here: Desk) -> None:
    with stuck(MetaController, "allocate"):
        record = second(here)
    *failed, used = record.allocation.fallback_chain
    assert {link.reason for link in failed} == {"no allocation within the node's deadline of 4 s"}
    assert (used.name, used.used) == ("hold", True)
    held = record.opening.weights()
    assert held.keys() > {"CASH"}
    kept = {name: weight for name, weight in record.allocation.weights.items() if weight != 0.0}
    assert kept == pytest.approx(held)
    assert here.replay(record.cycle_id).identical


def test_a_risk_check_that_hangs_halts_the_cycle(here: Desk) -> None:
    with stuck(graph.nodes.risk_check, "check"):
        record = second(here)
    assert record.verdict.decision == "halted"
    assert "no verdict within the node's deadline of 4 s" in record.verdict.reasons[0]
    assert not record.orders
    assert here.replay(record.cycle_id).identical


def test_a_risk_check_that_hangs_on_a_person_s_edit_halts_the_cycle(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(f"node_deadline_s: {SECONDS}\napproval: always\n")
    here = desk(tmp_path, symbols=SMALL, config=tmp_path / "desk.yaml")
    waiting = here.cycle(FIRST)
    assert waiting.request is not None
    weights = waiting.request["action_request"]["args"]["weights"]
    smaller = {name: weight / 2 for name, weight in weights.items() if name != "CASH"}
    smaller["CASH"] = 1.0 - sum(smaller.values())
    answer = {"type": "edit", "args": {"action": "trade", "args": {"weights": smaller}}}
    with stuck(graph.nodes.risk_check, "check"):
        record = here.approvals.answer(waiting.cycle_id, answer).record
    assert record is not None
    assert (record.approval.answer, record.verdict.decision) == ("edited", "halted")
    assert not record.orders
    assert here.replay(record.cycle_id).identical
