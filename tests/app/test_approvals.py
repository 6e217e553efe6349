"""A proposal waits until it is answered or expires; the one path of answers is the same for CLI, panel and API."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from app.api import build_api
from app.approvals import EXPIRY
from app.cli import app, run
from app.desk import Desk
from data.errors import InputError, NotFound
from tests.desks import DATE, SMALL, desk
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits

SLOT = "2023-03-15T20:00:00Z"
TOKEN = "a-token-of-enough-characters"


def asking(home, **rules):
    """A desk whose book asks by rule, as a file of settings says."""
    lines = "".join(f"  {name}: {value}\n" for name, value in rules.items())
    (home / "desk.yaml").write_text(f"approval: by_rule\nask_when:\n{lines}")
    return desk(home, symbols=SMALL, config=home / "desk.yaml")


def test_a_rule_that_fires_asks_and_says_why(tmp_path):
    here = asking(tmp_path, new_name="true")
    outcome = here.cycle(DATE)
    assert outcome.status == "waiting"
    assert "new in the book: " in outcome.request["description"]
    (waiting,) = here.approvals.waiting()
    assert waiting.cycle_id == outcome.cycle_id
    assert waiting.expires_at == ""
    done = here.approvals.answer(outcome.cycle_id, {"type": "accept", "by": "ann"})
    assert done.record.approval.answer == "accepted"
    assert done.record.orders
    assert here.replay(outcome.cycle_id).identical
    assert here.approvals.waiting() == ()


def test_a_rule_that_does_not_fire_asks_nobody(tmp_path):
    assert asking(tmp_path, turnover=19.0).cycle(DATE).status == "done"


def test_comments_are_kept_while_it_waits_and_replay(tmp_path):
    here = asking(tmp_path, new_name="true")
    waiting = here.cycle(DATE)
    for who in ("ann", "bob"):
        asked = here.approvals.answer(waiting.cycle_id, {"type": "respond", "args": "why so much?", "by": who})
        assert asked.status == "waiting"
    assert asked.request["description"].splitlines()[-2:] == ["> ann: why so much?", "> bob: why so much?"]
    done = desk(tmp_path).approvals.answer(waiting.cycle_id, {"type": "ignore", "by": "ann"})
    assert done.record.approval.comments == ("ann: why so much?", "bob: why so much?")
    assert done.record.orders == ()
    assert desk(tmp_path).replay(waiting.cycle_id).identical


def test_an_answer_that_cannot_be_taken_changes_nothing(tmp_path):
    here = asking(tmp_path, new_name="true")
    waiting = here.cycle(DATE)
    for response in ({"type": "edit", "args": {"weights": {"NOVALIN": 2.0, "CASH": 0.0}}}, {"type": "perhaps"}):
        with pytest.raises(InputError):
            here.approvals.answer(waiting.cycle_id, response)
    (still,) = here.approvals.waiting()
    assert still.request == waiting.request


def test_an_answer_to_a_proposal_that_was_replaced_meanwhile_is_refused(tmp_path):
    here = asking(tmp_path, new_name="true")
    here.cycle(DATE)
    (seen,) = here.approvals.waiting()
    other = desk(tmp_path, symbols="AEROLIN,BANKORA,BIOLUMA,CHEMORA", config=tmp_path / "desk.yaml")
    again = other.cycle(DATE)
    assert again.cycle_id == seen.cycle_id
    for response in ({"type": "accept"}, {"type": "edit", "args": {"weights": seen.weights}}, {"type": "ignore"}):
        with pytest.raises(InputError, match="another one by now"):
            here.approvals.answer(seen.cycle_id, response | {"proposal": seen.proposal})
    (waits,) = here.approvals.waiting()
    assert waits.proposal != seen.proposal
    done = here.approvals.answer(waits.cycle_id, {"type": "accept", "proposal": waits.proposal})
    assert done.record.verdict.weights == waits.weights


def test_an_answer_is_bound_to_the_proposal_it_was_checked_against(tmp_path, monkeypatch):
    here = asking(tmp_path, new_name="true")
    waiting, other = here.cycle(DATE), desk(tmp_path, symbols="AEROLIN,BANKORA", config=tmp_path / "desk.yaml")
    go_on = Desk.go_on

    def begun_anew_just_before(*given):
        monkeypatch.setattr(Desk, "go_on", go_on)
        other.cycle(DATE)
        return go_on(*given)

    monkeypatch.setattr(Desk, "go_on", begun_anew_just_before)
    with pytest.raises(InputError, match="another one by now"):
        here.approvals.answer(waiting.cycle_id, {"type": "accept"})
    assert here.approvals.waiting()


def test_what_nobody_answers_in_time_is_rejected_and_recorded(tmp_path):
    here = asking(tmp_path, new_name="true", expires_minutes=30)
    waiting = here.cycle(DATE)
    (proposal,) = here.approvals.waiting()
    deadline = datetime.fromisoformat(proposal.expires_at)
    assert deadline - datetime.fromisoformat(proposal.asked_at) == timedelta(minutes=30)
    assert here.approvals.close_expired(now=deadline - timedelta(seconds=1)) == ()
    with pytest.raises(InputError, match="expired"):
        here.approvals.answer(waiting.cycle_id, {"type": "accept", "by": "late"}, now=deadline)
    record = here.record(waiting.cycle_id)
    assert (record.approval.answer, record.approval.by, record.orders) == ("rejected", EXPIRY, ())
    assert here.replay(waiting.cycle_id).identical
    with pytest.raises(NotFound):
        here.approvals.answer(waiting.cycle_id, {"type": "accept"})


def test_the_command_line_edits_by_symbol_and_leaves_the_rest_to_cash(tmp_path, capsys):
    waiting = asking(tmp_path, new_name="true").cycle(DATE)

    def approve(*arguments):
        given = ["approve", waiting.cycle_id, "--home", str(tmp_path), "--json", *arguments]
        code = run(given, lambda: app(given, standalone_mode=False))
        return code, capsys.readouterr()

    assert approve("--set", "EVIL=0.1")[0] == 2
    assert approve("--set", "NOVALIN=much")[0] == 2
    assert approve("--reject", "--set", "NOVALIN=0.1")[0] == 2
    code, said = approve("--set", "NOVALIN=0.05", "--by", "ann")
    assert code == 0
    record = json.loads(said.out)
    assert record["approval"]["weights"]["NOVALIN"] == 0.05
    assert record["verdict"]["weights"]["NOVALIN"] == pytest.approx(0.05)
    assert sum(record["approval"]["weights"].values()) == pytest.approx(1.0)


def test_the_api_lists_and_answers(tmp_path):
    testing = pytest.importorskip("fastapi.testclient")
    here = asking(tmp_path, new_name="true")
    waiting = here.cycle(DATE)
    client = testing.TestClient(build_api(desk(tmp_path), TOKEN), headers={"Authorization": f"Bearer {TOKEN}"})
    (found,) = client.get("/approvals").json()
    assert found["cycle_id"] == waiting.cycle_id
    where = f"/approvals/{waiting.cycle_id}"
    assert client.post(where, json={"type": "accept"}).status_code == 422, "who says so is needed"
    assert client.post(where, json={"type": "edit", "args": {"weights": {}}, "by": "ann"}).status_code == 400
    record = client.post(where, json={"type": "ignore", "by": "ann"}).json()
    assert (record["approval"]["answer"], record["approval"]["by"]) == ("rejected", "ann")
    assert client.post(where, json={"type": "accept", "by": "bob"}).status_code == 400


def test_a_proposal_is_not_executed_on_an_account_that_was_flattened_meanwhile(tmp_path):
    (tmp_path / "desk.yaml").write_text("approval: always\n")
    here = desk(tmp_path, symbols=SMALL, config=tmp_path / "desk.yaml")
    here.approvals.answer(here.cycle("2023-03-14").cycle_id, {"type": "accept", "by": "ann"})
    waiting = here.cycle(DATE)
    assert here.halt("drill", "ann", flatten=True)["flattened"]
    here.resume("ann")
    out = dict.fromkeys(waiting.request["action_request"]["args"]["weights"], 0.0) | {"CASH": 1.0}
    changed = "has changed since this cycle opened it"
    with pytest.raises(InputError, match=changed):
        here.approvals.answer(waiting.cycle_id, {"type": "edit", "args": {"weights": out}, "by": "ann"})
    ledger, gate = here.stores.ledger, Gate(GateLimits(), halted=lambda: True)
    venue = here.market.broker("simulated", SLOT, gate, here.market.builder.next_bar)
    told = {i.order.order_id: venue.query(i.order.order_id) for i in ledger.open_orders("simulated")}
    ledger.note(told)  # the venue has filled the kill switch's orders
    assert venue.positions() == {}
    assert ledger.decision(waiting.cycle_id) is None
    assert here.cycle(DATE).status == "waiting", "the slot begins anew, on what is left"
    done = here.approvals.answer(waiting.cycle_id, {"type": "accept", "by": "ann"})
    assert done.record.opening.positions == {}
