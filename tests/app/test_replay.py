"""A record replays byte for byte: in another process, with another hash seed, from the lake it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agents.desk_policies import windowed_policy
from tests.desks import DATE, SAMPLE_DATE, bullpen, cycle_json, desk


def assert_policies_spoke_by_onnx(record: dict[str, Any]) -> None:
    """Both trained policies decided, and neither was asked in numpy for want of a graph."""
    (view,) = (v for v in record["views"] if v["agent"] == "policy")
    (used,) = (link for link in record["allocation"]["fallback_chain"] if link["used"])
    assert view["opinions"]
    assert "numpy" not in view["flags"]
    assert used["name"].startswith("policy:")
    assert used["reason"] == ""
    assert {use["role"] for use in record["allocation"]["policies"]} == {"symbol_agents", "meta_controller"}


@pytest.mark.parametrize(
    "arguments", [("--as-of", DATE), ("--source", "sample", "--as-of", SAMPLE_DATE)], ids=["simulated", "sample"]
)
def test_replay_is_byte_identical_in_another_process(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    record = cycle_json(tmp_path, *arguments, env={"PYTHONHASHSEED": "1"})
    assert_policies_spoke_by_onnx(record)
    again = bullpen(tmp_path, "replay", record["cycle_id"], "--json", env={"PYTHONHASHSEED": "4242"})
    result = json.loads(again.stdout)
    assert result["identical"] is True, result["differences"]
    assert result["differences"] == []
    assert again.returncode == 0


def test_a_policy_on_windows_and_forecasts_decides_and_replays(tmp_path: Path) -> None:
    here = desk(tmp_path)
    here.stores.policies.save(windowed_policy(source="simulated"))
    done = here.cycle(DATE)
    assert done.record is not None
    (view,) = (v for v in done.record.views if v.agent == "policy")
    assert view.model == "policy:toy-windows-0"
    assert view.opinions
    assert "numpy" not in view.flags
    assert desk(tmp_path).replay(done.cycle_id).identical


def test_two_homes_give_the_same_record(tmp_path: Path) -> None:
    one = cycle_json(tmp_path / "one", "--as-of", DATE, env={"PYTHONHASHSEED": "1"})
    two = cycle_json(tmp_path / "two", "--as-of", DATE, env={"PYTHONHASHSEED": "2"})
    assert one == two


def test_the_second_cycle_of_a_book_replays_too(tmp_path: Path) -> None:
    here = desk(tmp_path)
    here.cycle(DATE)
    second = here.cycle().cycle_id
    assert desk(tmp_path).replay(second).identical


def test_a_rejected_proposal_replays(tmp_path: Path) -> None:
    waiting = desk(tmp_path, approval="always").cycle(DATE)
    assert waiting.status == "waiting"
    done = desk(tmp_path).approvals.answer(waiting.cycle_id, {"type": "ignore", "by": "anna"})
    assert done.record is not None
    assert done.record.orders == ()
    assert done.record.approval.by == "anna"
    assert desk(tmp_path).replay(waiting.cycle_id).identical


def test_an_edit_goes_through_the_risk_check_again_and_replays(tmp_path: Path) -> None:
    waiting = desk(tmp_path, approval="always").cycle(DATE)
    assert waiting.request is not None
    weights = dict(waiting.request["action_request"]["args"]["weights"])
    symbol = max((s for s in weights if s != "CASH"), key=lambda s: weights[s])
    edited = dict.fromkeys(weights, 0.0) | {symbol: 0.9, "CASH": 0.1}
    answer = {"type": "edit", "args": {"weights": edited}, "by": "anna"}
    done = desk(tmp_path).approvals.answer(waiting.cycle_id, answer)
    assert done.record is not None
    assert done.record.verdict.weights[symbol] < 0.9
    assert any(c.symbol == symbol for c in done.record.verdict.clamps)
    assert desk(tmp_path).replay(waiting.cycle_id).identical


def test_a_halted_cycle_replays_after_the_desk_was_resumed(tmp_path: Path) -> None:
    here = desk(tmp_path)
    here.halt("drill", "anna")
    halted = here.cycle(DATE)
    assert halted.record is not None
    assert halted.record.verdict.decision == "halted"
    assert halted.record.orders == ()
    here.resume("anna")
    assert desk(tmp_path).replay(halted.cycle_id).identical
