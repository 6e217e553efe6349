"""LangSmith gets one root run a cycle with every node below it, and never a secret; without it the cycle ends well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graph.cycle import OPINIONS
from tests.desks import DATE, bullpen, cycle_json, desk
from tests.stubs.langsmith import langsmith_stub

CANARY = "lsv2_canary_0123456789"
NODES = {"ingest", *OPINIONS, "meta_controller", "risk_check", "execution", "record"}


def test_the_stub_receives_one_root_run_and_every_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with langsmith_stub() as (address, received):
        monkeypatch.setenv("LANGSMITH_ENDPOINT", address)
        monkeypatch.setenv("LANGSMITH_API_KEY", CANARY)
        outcome = desk(tmp_path).cycle(DATE)
    (root,) = received.roots()
    assert root["name"] == "cycle"
    assert f"cycle:{outcome.cycle_id}" in root["tags"]
    assert any(tag.startswith("book:") for tag in root["tags"])
    assert any(tag.startswith("policy:") for tag in root["tags"])
    children = {r["name"] for r in received.runs.values() if r.get("parent_run_id") == root["id"]}
    assert children >= NODES
    assert all(r.get("end_time") for r in received.runs.values())
    assert CANARY not in json.dumps(list(received.runs.values()))


def test_with_langsmith_down_the_cycle_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("LANGSMITH_API_KEY", CANARY)
    outcome = desk(tmp_path).cycle(DATE)
    assert outcome.record is not None
    names = {run.name for run in desk(tmp_path).trace(outcome.cycle_id)}
    assert names >= NODES


def test_the_local_store_shows_every_node_with_its_times_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSAPI_KEY", CANARY)
    here = desk(tmp_path)
    outcome = here.cycle(DATE)
    runs = here.trace(outcome.cycle_id)
    root = next(r for r in runs if not r.parent_id)
    assert {r.name for r in runs if r.parent_id == root.run_id} >= NODES
    assert all(r.ended_at >= r.started_at and not r.error for r in runs)
    assert CANARY.encode() not in (tmp_path / "traces.sqlite").read_bytes()


def test_langchain_s_own_switch_sends_nothing_without_a_key_and_nothing_of_a_replay(tmp_path: Path) -> None:
    with langsmith_stub() as (address, received):
        env = {"LANGSMITH_ENDPOINT": address, "LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": ""}
        cycle_id = cycle_json(tmp_path, "--as-of", DATE, env=env)["cycle_id"]
        for command in (("replay", cycle_id), ("replay", cycle_id, "--without", "momentum")):
            done = bullpen(tmp_path, *command, env=env | {"LANGSMITH_API_KEY": CANARY})
            assert done.returncode == 0, done.stderr
    assert received.bodies == []
