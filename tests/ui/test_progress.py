"""The state of a cycle's nodes, from its trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from app.trace_store import Run
from graph.cycle import build_cycle
from tests.ui.records import runs
from ui.progress import NODES, NodeState, node_states

NOW = datetime(2024, 1, 1, 0, 1, tzinfo=UTC)


def states(trace: tuple[Run, ...], alive: bool = True) -> dict[str, NodeState]:
    """Node -> its state at NOW."""
    return {state.node: state for state in node_states(trace, alive, NOW)}


def test_the_panel_knows_every_node_of_the_graph() -> None:
    drawn = set(build_cycle().get_graph().nodes) - {"__start__", "__end__"}
    assert sorted(NODES) == sorted(drawn)


def test_before_the_first_run_every_node_is_idle() -> None:
    assert {state.status for state in states(()).values()} == {"idle"}


def test_a_node_that_has_not_ended_runs_since_it_began() -> None:
    found = states(runs("cy-1", until="risk_check"))
    assert found["ingest"] == NodeState("ingest", "done", 0.1)
    assert found["risk_check"].status == "running"
    assert found["risk_check"].elapsed_s == 59.4
    assert found["execution"].status == "idle"


def test_a_node_of_a_dead_process_has_stopped() -> None:
    assert states(runs("cy-1", until="risk_check"), alive=False)["risk_check"].status == "stopped"


def test_an_abstention_is_told_apart_from_an_opinion() -> None:
    found = states(runs("cy-1"))
    assert (found["news_analyst"].status, found["news_analyst"].said) == ("done", "1 opinions")
    assert found["macro_analyst"].status == "abstained"
    assert found["macro_analyst"].said == "no macro release is fresh"


def test_what_a_finished_cycle_did_not_need_is_skipped() -> None:
    assert states(runs("cy-1"), alive=False)["approval"].status == "skipped"


def test_an_interrupt_waits_and_an_error_fails() -> None:
    trace = runs("cy-1", until="risk_check")
    asked = replace(trace[-1], name="approval", ended_at=trace[-2].ended_at, error="GraphInterrupt()")
    broken = replace(asked, name="execution", error="StorageFailed: disk is full")
    found = states((*trace[:-1], asked, broken), alive=False)
    assert found["approval"].status == "waiting"
    assert found["execution"] == NodeState("execution", "failed", found["execution"].elapsed_s, broken.error)


def test_the_newest_run_of_a_node_counts() -> None:
    trace = runs("cy-1", until="risk_check")
    again = replace(
        trace[-1], run_id="again", started_at="2024-01-01T00:00:30+00:00", ended_at="2024-01-01T00:00:31+00:00"
    )
    found = states((again, *trace), alive=True)
    assert found["risk_check"] == NodeState("risk_check", "done", 1.0)
