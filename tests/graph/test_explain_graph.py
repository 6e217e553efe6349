"""The explain graph: tools first, answer after, one repair, and the desk's own words whenever a model fails."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from agents.analysts.answers import MemoryAnswers
from agents.explainer.case import Case
from agents.explainer.explain import explain
from agents.explainer.narrator import MOST_CALLS, Narrator
from agents.explainer.proofs import Said
from data.errors import BadAnswer, BudgetSpent, SourceUnavailable
from graph.checkpoint import StrictSerializer
from graph.explain import build_explain
from graph.nodes.explaining import ExplainContext
from tests.agents.desk_records import a_record
from tests.agents.scripted_chat import ScriptedChat, calls, sentences

RECORD = a_record(3)
GRAPH = build_explain()
QUESTION = "why did AAPL grow?"
PLAN = calls(("waterfall", "AAPL"))
TRUE = Said("AAPL rose from 0.00% at the opening to 11.48%.", ("opening.weights.AAPL", "verdict.weights.AAPL"))
FALSE = Said("AAPL fell from 0.00% at the opening to 11.48%.", TRUE.citations)


def ask(*script: str | Exception, question: str = QUESTION, answers: MemoryAnswers | None = None, **only: Any) -> Any:
    chat = ScriptedChat(list(script))
    narrator = Narrator(chat, answers or MemoryAnswers(), **only)
    answer = GRAPH.invoke({"question": question}, context=ExplainContext(Case(RECORD), narrator))["answer"]
    return answer, chat


def own_words(question: str = QUESTION) -> str:
    return explain(RECORD, question).text


def test_a_proven_answer_is_told_with_its_citations():
    answer, chat = ask(PLAN, sentences(TRUE))
    assert answer["kind"] == "narrated"
    assert answer["text"] == f"{TRUE.text} [opening.weights.AAPL] [verdict.weights.AAPL]"
    assert answer["citations"] == ["opening.weights.AAPL", "verdict.weights.AAPL"]
    assert answer["note"] == ""
    assert len(chat.asked) == 2


def test_the_model_is_shown_what_it_looked_up_and_nothing_else():
    _, chat = ask(PLAN, sentences(TRUE))
    shown = [json.loads(line) for line in chat.asked[1][1][1].splitlines() if line.startswith("{")]
    assert "allocation.contributions.momentum.AAPL" in {fact["path"] for fact in shown}
    assert not any("KO" in fact["path"].split(".") for fact in shown)


def test_what_cannot_be_proven_is_repaired_once():
    answer, chat = ask(PLAN, sentences(FALSE), sentences(TRUE))
    assert answer["kind"] == "narrated"
    assert "by the record it went another way" in chat.asked[2][-1][1]


def test_a_second_failure_gives_the_written_answer():
    answer, chat = ask(PLAN, sentences(FALSE), sentences(FALSE))
    assert answer["text"] == own_words()
    assert "could not be proven" in answer["note"]
    assert len(chat.asked) == 3


DOWN = {
    "budget": (BudgetSpent("budget: the tokens of the cycle do not allow another call", ""), "budget"),
    "down": (SourceUnavailable("the model answered HTTP 500", ""), "HTTP 500"),
    "refused": (BadAnswer("the model refused to answer"), "refused"),
    "prose": ("AAPL rose, I think.", "breaks the schema"),
    "too long": (" " * 50_000, "too long"),
    "no such tool": (json.dumps({"calls": [{"tool": "sell", "symbol": None, "without": None}]}), "tool that there is"),
    "too many calls": (calls(*[("decision", None)] * (MOST_CALLS + 1)), "breaks the schema"),
    "one key too many": (json.dumps({"calls": [], "orders": []}), "breaks the schema"),
}


@pytest.mark.parametrize("said", list(DOWN))
def test_a_model_that_fails_leaves_the_written_answer_and_the_reason(said):
    first, reason = DOWN[said]
    answer, _ = ask(first)
    assert answer["text"] == own_words()
    assert reason in answer["note"]


def test_a_model_that_fails_at_writing_leaves_the_written_answer():
    answer, _ = ask(PLAN, BudgetSpent("budget: spent", ""))
    assert (answer["text"], answer["note"]) == (own_words(), "budget: spent")


def test_a_symbol_that_the_record_lacks_is_looked_up_by_no_tool():
    answer, chat = ask(calls(("waterfall", "TSLA"), ("waterfall", "AAPL")), sentences(TRUE))
    assert answer["kind"] == "narrated"
    assert "TSLA" not in chat.asked[1][1][1]


def test_without_a_model_the_desk_answers():
    answer = GRAPH.invoke({"question": QUESTION}, context=ExplainContext(Case(RECORD)))["answer"]
    assert (answer["text"], answer["note"]) == (own_words(), "")


def test_an_answer_replays_without_asking_anyone():
    kept = MemoryAnswers()
    first, _ = ask(PLAN, sentences(FALSE), sentences(TRUE), answers=kept)
    again, chat = ask(answers=kept, replay_only=True)
    assert again == first
    assert chat.asked == []
    other, _ = ask(question="why did KO shrink?", answers=kept, replay_only=True)
    assert "not recorded" in other["note"]


def test_a_conversation_remembers_across_graphs():
    """Two graphs over one checkpointer, as two processes are; another conversation knows nothing of it."""
    saver = InMemorySaver(serde=StrictSerializer())

    def said(question: str, thread: str) -> dict[str, Any]:
        config: Any = {"configurable": {"thread_id": thread}}
        return build_explain(saver).invoke({"question": question}, config, context=ExplainContext(Case(RECORD)))

    said("why did AAPL shrink?", "a")
    follow = said("what about KO?", "a")
    assert follow["resolved"] == "why did KO shrink?"
    assert follow["answer"]["text"] == own_words("why did KO shrink?")
    assert [t["asked"] for t in follow["turns"]] == ["why did AAPL shrink?", "what about KO?"]
    assert said("what about KO?", "b")["resolved"] == "what about KO?"


def test_only_proven_sentences_are_streamed():
    chat = ScriptedChat([PLAN, sentences(FALSE), sentences(TRUE)])
    context = ExplainContext(Case(RECORD), Narrator(chat, MemoryAnswers()))
    told = list(GRAPH.stream({"question": QUESTION}, context=context, stream_mode=["updates", "custom"]))
    spoken = [chunk["sentence"] for mode, chunk in told if mode == "custom"]
    nodes = [node for mode, chunk in told if mode == "updates" for node in chunk]
    assert spoken == [f"{TRUE.text} [opening.weights.AAPL] [verdict.weights.AAPL]"]
    assert nodes == ["recall", "plan", "look_up", "write", "check", "write", "check", "answer"]


def test_the_drawn_graph():
    edges = {(e.source, e.target, e.conditional) for e in GRAPH.get_graph().edges}
    assert edges == {
        ("__start__", "recall", False), ("recall", "plan", True), ("recall", "written_answer", True),
        ("plan", "look_up", True), ("plan", "written_answer", True), ("look_up", "write", False),
        ("write", "check", True), ("write", "written_answer", True), ("check", "answer", True),
        ("check", "write", True), ("check", "written_answer", True), ("answer", "__end__", False),
        ("written_answer", "__end__", False),
    }  # fmt: skip


WRITING = {"submit", "place", "send", "cancel", "transaction", "open_cycle", "create_book", "execute", "halt", "resume",
           "write_text", "write_bytes", "unlink", "mkdir", "save", "promote", "rollback", "delete_thread"}  # fmt: skip


def names_in(code: Any) -> set[str]:
    """Every name that a function's code, and the functions within it, look up."""
    inner = (names_in(c) for c in code.co_consts if inspect.iscode(c))
    return set(code.co_names).union(*inner)


def test_no_node_of_the_built_graph_reaches_anything_that_writes():
    """Walks the built graph: node functions, and from each the functions of the explainer that it names."""
    waiting = [node.bound.func for name, node in GRAPH.nodes.items() if name != "__start__"]
    assert len(waiting) == 7
    seen: dict[str, set[str]] = {}
    while waiting:
        function = waiting.pop()
        key = f"{function.__module__}.{function.__qualname__}"
        if key in seen:
            continue
        seen[key] = names_in(function.__code__)
        for name in seen[key]:
            found = function.__globals__.get(name)
            members = vars(found).values() if inspect.isclass(found) else [found]
            waiting += [
                m for m in members if inspect.isfunction(m) and m.__module__.startswith(("agents.explainer", "graph"))
            ]
    assert {name for names in seen.values() for name in names} & WRITING == set()
    assert "agents.explainer.tools._costs" in seen
    assert len(seen) > 50
