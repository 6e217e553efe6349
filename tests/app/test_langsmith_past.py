"""LangSmith is told what people answered, keeps past cycles once each, and judges them run again; so does --local."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.desk import Desk
from app.langsmith.evaluators import agreement_with_replay, grounding, schema_validity
from app.langsmith.examples import inputs_of, outputs_of
from app.langsmith.feedback import feedback
from app.langsmith.service import target_of
from data.errors import CredentialMissing, InputError, NotFound, SourceUnavailable
from graph.record import Approval
from tests.desks import DATE, SMALL, desk
from tests.stubs.langsmith import Received, langsmith_stub

LATER = "2023-03-16"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with two finished cycles."""
    here = desk(tmp_path_factory.mktemp("past"), symbols=SMALL)
    here.cycle(DATE)
    here.cycle(LATER)
    return here


@pytest.fixture
def langsmith(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    with langsmith_stub() as (address, received):
        monkeypatch.setenv("LANGSMITH_ENDPOINT", address)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_of_the_stub_0001")
        yield received


@pytest.mark.parametrize(
    ("response", "score", "value"),
    [
        pytest.param({"type": "accept", "by": "ada"}, 1.0, "accepted", id="accept"),
        pytest.param({"type": "ignore", "by": "ada", "note": "too much at once"}, 0.0, "rejected", id="ignore"),
    ],
)
def test_an_answer_becomes_feedback_on_the_root_run(
    tmp_path: Path, langsmith: Received, response: dict[str, Any], score: float, value: str
) -> None:
    here = desk(tmp_path, symbols=SMALL, approval="always")
    asked = here.cycle(DATE)
    assert not langsmith.feedback
    here.approvals.answer(asked.cycle_id, response)
    (told,) = langsmith.feedback.values()
    assert (told["key"], told["score"], told["value"]) == ("approval", score, value)
    assert told["feedback_source"]["metadata"]["by"] == "ada"
    assert told.get("comment") == response.get("note")
    assert told["run_id"] in {run["id"] for run in langsmith.roots()}
    assert told["session_id"] == langsmith.session("bullpen")["id"]


def test_the_same_answer_told_twice_is_one_feedback_and_none_without_a_key(
    past: Desk, langsmith: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle_id = past.record(book=None).cycle_id
    said = Approval(required=True, answer="edited", by="ada")
    traces = past.stores.traces
    assert feedback(traces, cycle_id, said)
    assert feedback(traces, cycle_id, said)
    (told,) = langsmith.feedback.values()
    assert told["score"] == 0.5
    assert not feedback(traces, cycle_id, Approval(required=False))
    assert not feedback(traces, "cy-unknown", said)
    monkeypatch.delenv("LANGSMITH_API_KEY")
    assert not feedback(traces, cycle_id, said)


def test_langsmith_down_fails_no_answer(past: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_of_the_stub_0001")
    assert not feedback(past.stores.traces, past.record().cycle_id, Approval(required=True, answer="accepted"))
    with pytest.raises(SourceUnavailable, match="LangSmith"):
        past.traces.langsmith.dataset("past")


def test_a_cycle_is_an_example_once(past: Desk, langsmith: Received) -> None:
    first = past.traces.langsmith.dataset("past", end=DATE)
    assert (first.added, first.already_there) == (1, 0)
    second = past.traces.langsmith.dataset("past")
    assert (second.added, second.already_there) == (1, 1)
    third = past.traces.langsmith.dataset("past")
    assert (third.added, third.already_there) == (0, 2)
    assert len(langsmith.datasets) == 1
    example = next(e for e in langsmith.examples.values() if e["metadata"]["slot"].startswith(DATE))
    record = past.record(example["inputs"]["cycle_id"])
    assert example["inputs"]["snapshot"]["content_hash"] == record.hashes["snapshot"]
    assert example["outputs"]["allocation"]["weights"] == record.allocation.weights
    assert example["outputs"]["answers"].keys() == set(example["inputs"]["questions"])


def test_the_evaluators_run_under_langsmith(past: Desk, langsmith: Received) -> None:
    past.traces.langsmith.dataset("past")
    found = past.traces.langsmith.evaluate("past")
    assert found.means == {"agreement_with_replay": 1.0, "grounding": 1.0, "schema_validity": 1.0}
    assert found.cycles == 2
    assert not found.faults
    told = [(f["key"], f["score"]) for f in langsmith.feedback.values()]
    assert sorted(set(told)) == [("agreement_with_replay", 1.0), ("grounding", 1.0), ("schema_validity", 1.0)]
    assert len(told) == 6
    (experiment,) = (s for s in langsmith.sessions.values() if s["name"].startswith("bullpen-past"))
    assert experiment["reference_dataset_id"] == next(iter(langsmith.datasets))


def test_local_evaluation_needs_no_key_and_no_network(past: Desk) -> None:
    found = past.traces.langsmith.evaluate("any", local=True, start=LATER)
    assert (found.where, found.cycles) == ("this machine", 1)
    assert set(found.means.values()) == {1.0}


def test_what_cannot_be_asked_is_refused(past: Desk, langsmith: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="no data set"):
        past.traces.langsmith.evaluate("nameless")
    with pytest.raises(InputError, match="local records"):
        past.traces.langsmith.evaluate("past", book="simulated")
    with pytest.raises(NotFound, match="no finished cycle"):
        past.traces.langsmith.dataset("past", start="2099-01-01")
    monkeypatch.delenv("LANGSMITH_API_KEY")
    with pytest.raises(CredentialMissing):
        past.traces.langsmith.dataset("past")


def test_each_evaluator_sees_what_is_wrong(past: Desk) -> None:
    record = past.record()
    inputs, reference = inputs_of(record), outputs_of(record)
    right = target_of(past)(inputs)
    for judge in (schema_validity, grounding, agreement_with_replay):
        assert judge(inputs, right, reference)["score"] == 1.0

    broken = json.loads(json.dumps(right))
    del broken["record"]["verdict"]
    assert schema_validity(inputs, broken, reference)["score"] == 0.0

    lying = json.loads(json.dumps(right))
    lying["answers"]["what changed?"] = "Cash grew from 1.00% [opening.cash] to 99.00% [closing.cash]."
    assert grounding(inputs, lying, reference)["score"] == 0.75
    assert grounding(inputs, {"record": right["record"]}, reference)["score"] == 0.0

    other = json.loads(json.dumps(right))
    weights = other["record"]["verdict"]["weights"]
    weights["CASH"] += 0.1
    weights["ELSE"] = -0.1
    assert agreement_with_replay(inputs, other, reference)["score"] == pytest.approx(0.9)
    assert agreement_with_replay(inputs, {}, reference)["score"] == 0.0
