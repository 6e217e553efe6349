"""Whatever a chat model, its network or a local agent does, a cycle ends with a valid decision, and replays."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agents.retrying import PatientChat
from agents.view import View
from app.desk import Desk
from data.errors import BadConfig
from graph.record import CycleRecord
from tests.agents.openai_stub import (
    Wire,
    completion,
    cut_short,
    dripping,
    failure,
    garbage,
    one_server,
    opinions,
    raw_server,
    reset,
    saying,
)
from tests.desks import DATE, desk
from tests.stubs.http_stub import Reply, Stub

READERS = ("news", "social", "macro")
SYMBOLS = "NOVALIN,AEROLIN,ALLFUND"
NO_BUDGET = "budget: {tokens_per_cycle: 0}\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home with a filled lake; each test has a book of its own in it."""
    folder = tmp_path_factory.mktemp("home")
    desk(folder, symbols=SYMBOLS, book="first").cycle(DATE)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with one_server() as stub:
        yield stub


def decided(home: Path, book: str, monkeypatch: pytest.MonkeyPatch, url: str, config: str) -> tuple[Desk, CycleRecord]:
    """A cycle that asks the model at `url`, and ends in a valid decision."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    monkeypatch.setenv("OPENAI_API_BASE", f"{url}/v1")
    (home / f"{book}.yaml").write_text(config)
    here = desk(home, symbols=SYMBOLS, book=book, llm="openai:stub", config=home / f"{book}.yaml")
    record = here.cycle(DATE).record
    assert record is not None
    assert record.verdict.decision in ("approved", "reduced")
    assert sum(record.verdict.weights.values()) == pytest.approx(1.0)
    assert record.orders
    assert len(record.views) == 7
    return here, record


def replays(home: Path, record: CycleRecord, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the replay gives the same bytes; it asks nobody."""

    def nobody(*_: object) -> str:
        raise AssertionError("a replay asked the model")

    with monkeypatch.context() as patch:
        patch.setattr(PatientChat, "ask", nobody)
        patch.setattr("agents.llm.ChatModel.ask", nobody)
        return desk(home).replay(record.cycle_id).identical


def views(record: CycleRecord, *names: str) -> list[View]:
    return [view for view in record.views if view.agent in names]


def reader(body: str) -> str:
    """Which analyst asks."""
    return next(name for name in READERS if f"the {name} analyst" in body)


REPLIES = {
    "news": (failure(429, **{"retry-after": "1"}), "HTTP 429"),
    "social": (failure(500), "HTTP 500"),
    "macro": (completion("{{{{ not json"), "not one JSON object"),
}


def test_storms_failures_and_garbage_leave_the_desk_its_local_views(
    home: Path, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with saying(server, lambda asked: REPLIES[reader(asked["messages"][0]["content"])][0]):
        _, record = decided(home, "storm", monkeypatch, server.url, "node_deadline_s: 30\n")
        times = Counter(reader(asked.body) for asked in server.paths("/chat/completions"))
    for view in views(record, *READERS):
        assert not view.abstained
        assert view.flags[0].startswith("llm_fallback: ")
        assert REPLIES[view.agent][1] in view.flags[0]
    assert times == {"news": 3, "social": 3, "macro": 2}
    assert replays(home, record, monkeypatch)


WIRES: dict[str, Wire] = {"news": cut_short, "social": reset, "macro": garbage}


def test_broken_wires_leave_the_desk_its_local_views(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(lambda held, body: WIRES[reader(body)](held, body)) as url:
        _, record = decided(home, "wires", monkeypatch, url, "node_deadline_s: 30\n")
    assert all("could not be asked" in view.flags[0] for view in views(record, *READERS))


def test_a_provider_that_hangs_or_drips_is_left_behind_at_the_deadline(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is still holding every call when the cycle is done."""
    stop = threading.Event()

    def endless(held: socket.socket, body: str) -> None:
        if reader(body) == "news":
            stop.wait()
        else:
            dripping(stop)(held, body)

    with ExitStack() as stack:
        stack.callback(stop.set)
        url = stack.enter_context(raw_server(endless))
        _, record = decided(home, "endless", monkeypatch, url, "node_deadline_s: 5\n")
        assert not stop.is_set()
    for view in views(record, *READERS):
        assert view.flags == ("llm_fallback: openai:stub gave no answer in time",)
    assert replays(home, record, monkeypatch)


def test_a_budget_of_zero_still_ends_in_a_valid_decision_and_asks_nobody(
    home: Path, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with saying(server, completion(opinions())):
        here, record = decided(home, "zero", monkeypatch, server.url, NO_BUDGET)
        assert server.asked == []
    for view in views(record, *READERS):
        assert view.flags[0].startswith("llm_fallback: budget: the tokens of the cycle")
    assert record.config["budget"]["tokens_per_cycle"] == 0
    assert here.stores.spending.spent("zero").tokens == 0
    assert replays(home, record, monkeypatch)


def test_what_was_used_is_kept_and_the_default_budget_leaves_no_mark_on_a_record(
    home: Path, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with saying(server, completion(opinions())):
        here, record = decided(home, "used", monkeypatch, server.url, "")
        calls = len(server.paths("/chat/completions"))
    assert calls == 3
    assert here.stores.spending.spent("used", cycle_id=record.cycle_id).tokens == 20 * calls
    assert not {"budget", "node_deadline_s", "mask", "names"} & set(record.config)


def test_the_analysts_of_a_cycle_are_with_the_model_at_the_same_time(
    home: Path, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer is held until all three have asked: one after the other, nobody would ever be answered."""
    together = threading.Barrier(3)

    def when_all_have_asked(_: dict[str, Any]) -> Reply:
        together.wait(timeout=60)
        return completion(opinions())

    with saying(server, when_all_have_asked):
        _, record = decided(home, "parallel", monkeypatch, server.url, "node_deadline_s: 120\n")
    assert {view.flags for view in views(record, *READERS)} == {("llm_fallback: the model gave no opinion",)}
    assert not together.broken


def test_money_without_a_price_is_refused_before_anything_runs(home: Path) -> None:
    (home / "money.yaml").write_text("budget: {money_per_day: 5.0}\n")
    here = desk(home, symbols=SYMBOLS, llm="openai:stub", config=home / "money.yaml")
    with pytest.raises(BadConfig, match=r"add the price of openai:stub to budget\.prices"):
        here.cycle(DATE)
