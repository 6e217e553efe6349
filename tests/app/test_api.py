"""The kill switch over HTTP: only for the holder of the token, and the same desk as everywhere else."""

from __future__ import annotations

import pytest

from app.api import build_api, token_from
from data.errors import BadConfig
from tests.desks import bullpen, desk
from tools.risk.kill_switch.halt import read_halt

TOKEN = "a-token-of-enough-characters"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(tmp_path):
    testing = pytest.importorskip("fastapi.testclient")
    return testing.TestClient(build_api(desk(tmp_path), TOKEN))


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": TOKEN}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/halt"),
        ("POST", "/resume"),
        ("GET", "/status"),
        ("GET", "/docs"),
        ("GET", "/nowhere"),
        ("GET", "/approvals"),
        ("POST", "/approvals/cy-0"),
    ],
)
def test_nothing_is_answered_without_the_token(client, tmp_path, method, path, headers):
    answer = client.request(method, path, headers=headers, json={"reason": "drill", "by": "x"})
    assert answer.status_code == 401
    assert not read_halt(tmp_path).on


def test_halt_status_and_resume_are_the_desk_s_own(client, tmp_path):
    halted = client.post("/halt", headers=SHOWN, json={"reason": "a drill", "by": "ann"}).json()
    assert (halted["on"], halted["reason"], halted["complete"]) == (True, "a drill", True)
    assert read_halt(tmp_path).reason == "a drill"
    assert client.get("/status", headers=SHOWN).json()["on"]
    assert not client.post("/resume", headers=SHOWN, json={"by": "bob"}).json()["on"]
    assert not read_halt(tmp_path).on


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": 1}, {"reason": "x", "flatten": "yes"}, {"reason": "x", "else": 1}]
)
def test_a_malformed_halt_is_refused_and_changes_nothing(client, tmp_path, body):
    assert client.post("/halt", headers=SHOWN, json=body).status_code == 422
    assert not read_halt(tmp_path).on


def test_an_unknown_book_is_an_error_in_one_line(client):
    answer = client.post("/resume", headers=SHOWN, json={"by": "bob", "book": "nobody's"})
    assert answer.status_code == 400
    assert "nobody's" in answer.json()["error"]


@pytest.mark.parametrize("token", [None, "", "short"])
def test_it_does_not_start_without_a_token(token):
    with pytest.raises(BadConfig, match="BULLPEN_API_TOKEN"):
        token_from({} if token is None else {"BULLPEN_API_TOKEN": token})


def test_the_command_refuses_to_start_without_a_token(tmp_path):
    done = bullpen(tmp_path, "api")
    assert done.returncode == 2
    assert "BULLPEN_API_TOKEN" in done.stderr
