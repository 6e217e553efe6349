"""The switch is thrown inside any node of a cycle, with anything else failing: no order follows, none stays open."""

from __future__ import annotations

import pytest

from tests.chaos import toy_desk
from tests.chaos.line_to_venue import venue_process
from tests.chaos.trial import Trial, judged, run, trials
from tools.risk.kill_switch.halt import HaltState

FAST = (
    Trial(127, "ingest", "none"), Trial(215, "execution", "none"), Trial(378, "execution", "hung"),
    Trial(139, "execution", "429"), Trial(200, "approval", "500"), Trial(303, "record", "disk_full"),
    Trial(239, "risk_check", "pnl_raises"), Trial(66, "macro_analyst", "hung"),
)  # fmt: skip
"""Seeds with short outages and short pauses."""
GRACE_S = 0.6


@pytest.fixture(scope="module")
def port():
    with venue_process() as port:
        yield port


@pytest.mark.parametrize("trial", FAST, ids=str)
def test_no_order_follows_a_halt_and_none_stays_open(port, trial):
    outcome = run(trial, port, GRACE_S)
    assert outcome.open_orders >= 3
    assert outcome.in_order, outcome


def test_a_desk_that_ignores_the_switch_fails_the_same_trial(port):
    outcome = run(Trial(3, "meta_controller", "hung", naive=True), port)
    assert outcome.new_after_halt > 0
    assert outcome.left_open > 0


def test_the_gate_alone_holds_where_all_above_it_is_blind(port, monkeypatch):
    whole = toy_desk.CycleContext
    monkeypatch.setattr(toy_desk, "CycleContext", lambda **parts: whole(**(parts | {"halt": lambda: HaltState(False)})))
    outcome = run(Trial(378, "execution", "hung"), port, GRACE_S)
    assert outcome.in_order, outcome


def test_the_judge_counts_what_the_venue_saw():
    events = [(0.0, "new", "a"), (1.0, "trip", ""), (1.5, "new", "b"), (2.0, "cancelled", "a"), (3.0, "halted", ""),
              (3.5, "new", "c"), (3.6, "filled", "c"), (4.0, "over", "")]  # fmt: skip
    outcome = judged(FAST[0], events)
    assert outcome[1:] == (2.5, 1.0, 2, 1, 1, 1)
    assert not outcome.in_order


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_trials_are_in_order_and_in_time(port):
    """Their figures are kept by `python -m benchmarks.kill_switch`."""
    failed = [outcome for outcome in (run(trial, port) for trial in trials(100)) if not outcome.in_time]
    assert failed == []
