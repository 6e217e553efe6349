"""Questions to a desk: its archive, its conversations, a model over the wire, and the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.explainer.explain import explain
from agents.explainer.proofs import Said
from app.desk import Desk
from app.questions import Questions
from data.errors import NotFound
from graph.record import CycleRecord
from tests.agents.openai_stub import completion, one_server, saying
from tests.agents.scripted_chat import ScriptedChat, calls, sentences
from tests.desks import DATE, SMALL, bullpen, desk
from tests.stubs.http_stub import Stub

BEFORE = "2023-03-14"
ONE, TWO = SMALL.split(",")[0], SMALL.split(",")[-1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two cycles of one book."""
    home = tmp_path_factory.mktemp("questions")
    the_desk = desk(home, symbols=SMALL, approval="never")
    for date in (BEFORE, DATE):
        assert the_desk.cycle(date).status == "done"
    return home


@pytest.fixture(scope="module")
def asked(home: Path) -> Desk:
    return desk(home)


@pytest.fixture(scope="module")
def record(asked: Desk) -> CycleRecord:
    return asked.record()


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with one_server() as stub:
        yield stub


def with_chat(asked: Desk, *script: str) -> tuple[Questions, ScriptedChat]:
    chat = ScriptedChat(list(script))
    return Questions(asked.stores, asked.settings, asked.record, chat), chat


def rose(record: CycleRecord, symbol: str = ONE) -> Said:
    held, final = record.opening.weights().get(symbol, 0.0), record.verdict.weights[symbol]
    way = "rose" if final > held else "fell"
    paths = (f"opening.weights.{symbol}", f"verdict.weights.{symbol}")
    return Said(f"{symbol} {way} from {held:.2%} at the opening to {final:.2%}.", paths)


def test_the_archive_holds_the_books_other_cycles_and_runs_counterfactuals(asked: Desk, record: CycleRecord) -> None:
    archive = asked.questions.archive(record)
    assert [r["slot"][:10] for r in archive.history()] == [BEFORE, DATE]
    run = archive.counterfactual("momentum")
    assert run is not None
    assert run["weights"] == asked.replays.without(record.cycle_id, ["momentum"]).weights
    assert archive.counterfactual("no such thing") is None
    assert archive.card("no-such-policy") is None


def test_the_desk_answers_in_its_own_words_without_a_graph(asked: Desk, record: CycleRecord) -> None:
    archive = asked.questions.archive(record)
    plain = explain(record.model_dump(mode="json"), "what changed?", archive)
    assert asked.explain("latest", "what changed?") == plain


def test_values_of_an_answers_citations_come_with_their_archive(asked: Desk, record: CycleRecord) -> None:
    cites = (
        f"verdict.weights.{ONE}",
        f"history[0].verdict.weights.{ONE}",
        f"counterfactuals.momentum.weights.{ONE}",
        "x.y",
    )
    values = asked.questions.values(record, cites)
    assert set(values) == set(cites[:3])
    assert values[f"verdict.weights.{ONE}"] == record.verdict.weights[ONE]


def test_a_conversation_outlives_the_desk(home: Path) -> None:
    first = desk(home).questions.ask("latest", f"why did {ONE} grow?", conversation="mine")
    follow = desk(home).questions.ask("latest", f"what about {TWO}?", conversation="mine")
    assert (first.kind, follow.kind) == ("why", "why")
    assert TWO in follow.text.splitlines()[0]
    assert ONE not in follow.text.splitlines()[0]


def test_what_is_streamed_is_the_answer(asked: Desk) -> None:
    told = list(asked.questions.stream("latest", "what changed?", conversation="stream"))
    assert told[-1].kind == "answer"
    assert told[-1].answer is not None
    assert "\n".join(t.text for t in told if t.kind == "sentence") == told[-1].answer.text
    assert [t.text for t in told if t.kind == "node"] == ["recall", "written_answer"]


def test_a_model_is_heard_where_it_is_proven_and_its_answer_replays(asked: Desk, record: CycleRecord) -> None:
    questions, chat = with_chat(asked, calls(("waterfall", ONE), ("symbol_history", ONE)), sentences(rose(record)))
    answer = questions.ask("latest", f"tell me about {ONE}")
    assert answer.kind == "narrated"
    assert rose(record).text in answer.text
    again, silent = with_chat(asked)
    assert again.ask("latest", f"tell me about {ONE}") == answer
    assert (len(chat.asked), silent.asked) == (2, [])


def test_a_counterfactual_is_looked_up_proven_and_told(asked: Desk, record: CycleRecord) -> None:
    run = asked.replays.without(record.cycle_id, ["momentum"])
    path = f"counterfactuals.momentum.weights.{ONE}"
    said = Said(f"Without the momentum specialist {ONE} would end at {run.weights[ONE]:.2%}.", (path,))
    questions, _ = with_chat(asked, calls(("counterfactual", "momentum")), sentences(said))
    assert questions.ask("latest", "what if momentum had been silent?").text == f"{said.text} [{path}]"


def test_asking_changes_no_record(home: Path, asked: Desk, record: CycleRecord) -> None:
    def digest() -> dict[str, str]:
        kept = [p for p in home.rglob("*") if p.is_file() and not p.name.startswith(("checkpoints", "answers"))]
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept if p.suffix not in (".lock",)}

    before = digest()
    questions, _ = with_chat(asked, calls(*[(t, None) for t in ("decision", "risk_state", "policy_card")]),
                             sentences(rose(record)))  # fmt: skip
    questions.ask("latest", "how did it go?", conversation="still")
    assert digest() == before


def test_a_model_over_the_wire_answers_in_strict_schemas(
    asked: Desk, record: CycleRecord, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter([calls(("waterfall", ONE)), sentences(rose(record))])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    with saying(server, lambda _: completion(next(said))) as stub:
        answer = asked.questions.ask("latest", f"{ONE}, in a model's words?", llm="openai:stub")
    assert answer.kind == "narrated", answer.note
    for request in (json.loads(a.body) for a in stub.paths("/chat/completions")):
        assert "tools" not in request
        assert request["response_format"]["json_schema"]["strict"] is True


def test_a_model_that_cannot_be_reached_leaves_the_desks_own_words(
    asked: Desk, server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    answer = asked.questions.ask("latest", "what changed?", llm="openai:stub")
    assert answer.kind == "changes"
    assert answer.note


def test_no_record_is_said_so(asked: Desk) -> None:
    with pytest.raises(NotFound):
        asked.questions.ask("cy-nothing", "why?")


def test_the_command_line_keeps_a_conversation(home: Path) -> None:
    first = bullpen(home, "explain", "latest", f"why did {ONE} grow?", "--conversation", "shell")
    assert first.returncode == 0, first.stderr
    second = bullpen(home, "explain", "latest", f"and {TWO}?", "--conversation", "shell", "--json")
    assert json.loads(second.stdout)["kind"] == "why"
    assert TWO in json.loads(second.stdout)["text"]
