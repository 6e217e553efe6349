"""The served graphs run with the desk's parts: in this process, and behind `langgraph dev` through its HTTP API.

The second kind needs .venv-studio (`make studio`), for the server pins older libraries than the desk does.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from app import studio
from app.desk import Desk
from app.settings import load_settings
from data.errors import InputError
from graph.checkpoint import StrictSerializer
from graph.cycle import OPINIONS
from tests.desks import DATE, ROOT, SMALL

LANGGRAPH = ROOT / ".venv-studio" / "bin" / "langgraph"
ACCEPT = [{"type": "accept", "args": None}]
READY_S = 120.0


def sent(home: Path) -> list[str]:
    """The ids of the orders that the paper venue took, in order, by its own file."""
    path = home / "venue.sqlite"
    if not path.exists():
        return []
    with sqlite3.connect(path) as venue:
        return [str(row[0]) for row in venue.execute("SELECT order_id FROM orders ORDER BY order_id")]


def to_send(record: dict[str, Any]) -> list[str]:
    """The ids of the orders of a record that no gate refused."""
    return sorted(order["order_id"] for order in record["orders"] if order["order_id"] not in record["refusals"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BULLPEN_HOME", str(tmp_path))
    monkeypatch.setenv("BULLPEN_SYMBOLS", SMALL)
    monkeypatch.setenv("BULLPEN_APPROVAL", "always")
    return tmp_path


def test_a_served_cycle_waits_for_a_person_and_sends_once(home: Path) -> None:
    graph = studio.cycle().copy(update={"checkpointer": InMemorySaver(serde=StrictSerializer())})
    thread: Any = {"configurable": {"thread_id": "t"}}
    waiting = graph.invoke({"as_of": DATE}, thread)
    (asked,) = waiting["__interrupt__"]
    assert asked.value["config"]["allow_edit"]
    assert not sent(home)

    done = graph.invoke(Command(resume=ACCEPT), thread)
    assert done["record"]["approval"]["answer"] == "accepted"
    assert sent(home) == to_send(done["record"])
    assert sent(home)
    again = graph.invoke({"as_of": DATE}, {"configurable": {"thread_id": "another"}})
    assert again["record"] == done["record"]
    assert sent(home) == to_send(done["record"])
    desk = Desk(load_settings())
    assert desk.replay().identical
    assert {run.name for run in desk.trace(done["cycle_id"])} >= {"ingest", *OPINIONS, "record"}


def test_a_proposal_lost_with_the_server_is_asked_again_by_the_desk_and_sent_once(home: Path) -> None:
    graph = studio.cycle().copy(update={"checkpointer": InMemorySaver(serde=StrictSerializer())})
    thread: Any = {"configurable": {"thread_id": "t"}}
    graph.invoke({"as_of": DATE}, thread)
    desk = Desk(load_settings())
    asked = desk.cycle(DATE)
    assert asked.status == "waiting"
    record = desk.approvals.answer(asked.cycle_id, {"type": "accept", "by": "ada"}).as_json()
    assert sent(home) == to_send(record)
    late = graph.invoke(Command(resume=[{"type": "ignore", "args": None}]), thread)
    assert late["record"] == record
    assert sent(home) == to_send(record)


def test_an_answer_that_comes_too_late_rejects(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "desk.yaml").write_text("ask_when:\n  expires_minutes: 30\n")
    monkeypatch.setenv("BULLPEN_CONFIG", str(home / "desk.yaml"))
    graph = studio.cycle().copy(update={"checkpointer": InMemorySaver(serde=StrictSerializer())})
    thread: Any = {"configurable": {"thread_id": "t"}}
    assert "__interrupt__" in graph.invoke({"as_of": DATE}, thread)
    monkeypatch.setattr(studio, "_now", lambda: datetime.now(UTC) + timedelta(minutes=31))
    record = graph.invoke(Command(resume=ACCEPT), thread)["record"]
    assert (record["approval"]["answer"], record["approval"]["by"]) == ("rejected", "expiry")
    assert sent(home) == []
    assert Desk(load_settings()).replay().identical


def test_an_answer_to_a_cycle_that_was_begun_anew_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = studio.cycle().copy(update={"checkpointer": InMemorySaver(serde=StrictSerializer())})
    thread: Any = {"configurable": {"thread_id": "t"}}
    graph.invoke({"as_of": DATE}, thread)
    monkeypatch.setenv("BULLPEN_SYMBOLS", "AEROLIN,BANKORA")
    with pytest.raises(InputError, match="begun under other settings"):
        graph.invoke(Command(resume=ACCEPT), thread)
    assert sent(home) == []


def test_a_served_explainer_keeps_a_conversation_in_its_thread(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLPEN_APPROVAL", "never")
    record = Desk(load_settings()).cycle(DATE).record
    assert record is not None
    graph = studio.explain().copy(update={"checkpointer": InMemorySaver(serde=StrictSerializer())})
    thread: Any = {"configurable": {"thread_id": "t"}}
    first, second = record.snapshot["tradable"][:2]
    graph.invoke({"question": f"why did {first} get its weight?", "cycle_id": record.cycle_id}, thread)
    follow_up = graph.invoke({"question": f"and {second}?"}, thread)["answer"]
    assert second in follow_up["text"]
    assert any(second in cited for cited in follow_up["citations"])


def test_langgraph_json_names_both_graphs_and_keeps_checkpoints_strict() -> None:
    served = json.loads((ROOT / "langgraph.json").read_text())
    assert served["graphs"] == {"cycle": "./app/studio.py:cycle", "explain": "./app/studio.py:explain"}
    assert served["env"]["LANGGRAPH_STRICT_MSGPACK"] == "true"


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    """`langgraph dev` of this checkout, on a free port."""
    if not LANGGRAPH.exists():
        pytest.skip("no .venv-studio with langgraph-cli: build it with `make studio`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_DISABLE_FILE_PERSISTENCE": "true",
        "LANGSMITH_TRACING": "false",
    }
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [LANGGRAPH, "dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT, env={**os.environ, **quiet}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait(process, f"http://127.0.0.1:{port}/ok", home / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    give_up = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < give_up:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise AssertionError(f"langgraph dev did not come up:\n{log.read_text()[-4000:]}")


@pytest.mark.slow
def test_langgraph_dev_runs_a_cycle_an_approval_and_a_question(server: str, home: Path) -> None:
    from langgraph_sdk import get_sync_client

    client = get_sync_client(url=server)
    assert {a["graph_id"] for a in client.assistants.search()} == {"cycle", "explain"}
    thread = client.threads.create()["thread_id"]
    waiting: Any = client.runs.wait(thread, "cycle", input={"as_of": DATE})
    (asked,) = waiting["__interrupt__"]
    assert asked["value"]["action_request"]["action"] == "approve_allocation"
    assert not sent(home)

    done: Any = client.runs.wait(thread, "cycle", command={"resume": ACCEPT})
    assert done["record"]["approval"]["answer"] == "accepted"
    assert sent(home) == to_send(done["record"])
    question = {"question": "which limits fired?", "cycle_id": done["cycle_id"]}
    answered: Any = client.runs.wait(client.threads.create()["thread_id"], "explain", input=question)
    assert answered["answer"]["citations"]
    assert "unregistered type" not in (home / "server.log").read_text()  # its serializer is strict
    assert Desk(load_settings()).replay().identical
