"""The nodes of the explain graph. State is plain JSON; the parts they work with are the run's context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime
from pydantic import ValidationError

from agents.explainer.answer import Answer
from agents.explainer.case import Case
from agents.explainer.checker import Unproven
from agents.explainer.conversation import MOST_TURNS, Turn, resolve, turn
from agents.explainer.explain import explain
from agents.explainer.narrator import Call, Narrator
from agents.explainer.proofs import Said, prove
from agents.explainer.sentence import cited_text
from agents.explainer.tools import Fact, tools_of
from data.errors import InputError, NotFound, SourceUnavailable

TRIES = 2
"""Times that a model may write: once, and once more with the checker's complaints."""


class ExplainInput(TypedDict):
    """What starts it."""

    question: str


class ExplainState(ExplainInput):
    """What flows from node to node, and what a conversation keeps: plain JSON."""

    turns: NotRequired[list[Turn]]
    """recall keeps it, answer and written_answer add to it: what was asked before."""
    resolved: str
    """recall: the question with what it takes from earlier turns written out."""
    calls: list[dict[str, Any]]
    """plan: the look-ups that the model wants."""
    facts: list[Fact]
    """look_up: what they gave."""
    sentences: list[dict[str, Any]]
    """write: the model's sentences with their citations."""
    tries: int
    """write: how often the model has written."""
    complaints: list[dict[str, str]]
    """check: claims that the record does not prove."""
    failure: str
    """plan, write, check: why the written answer is given instead."""
    answer: dict[str, Any]
    """answer, written_answer: agents.explainer.answer.Answer as JSON."""


@dataclass(frozen=True, slots=True)
class ExplainContext:
    """The parts of one run. `narrator` is None where no chat model is asked."""

    case: Case
    narrator: Narrator | None = None


_Runtime = Runtime[ExplainContext]


def recall(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """Write out what the question takes from the conversation; forget what was under way."""
    turns = state.get("turns", [])[-MOST_TURNS:]
    resolved = resolve(state["question"], turns, runtime.context.case.facts())
    return {"turns": turns, "resolved": resolved, "calls": [], "facts": [], "sentences": [], "tries": 0,
            "complaints": [], "failure": ""}  # fmt: skip


def plan(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """Ask the model what to look up."""
    case, narrator = runtime.context.case, _narrator(runtime)
    symbols = sorted(case.facts().symbols)
    return _or_failure(
        lambda: {"calls": [c.model_dump() for c in narrator.plan(state["resolved"], tools_of(case), symbols)]}
    )


def look_up(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """Make the look-ups; one that a tool refuses gives nothing."""
    tools = tools_of(runtime.context.case)
    found: dict[str, Any] = {}
    for call in (Call.model_validate(c) for c in state["calls"]):
        given = {name: value for name, value in call.model_dump(exclude={"tool"}).items() if value is not None}
        wanted = {name: value for name, value in given.items() if name in tools[call.tool].args}
        try:
            facts: list[Fact] = tools[call.tool].invoke(wanted)
        except (ValidationError, NotFound, InputError):
            continue
        found |= {str(fact["path"]): fact["value"] for fact in facts}
    return {"facts": [{"path": path, "value": value} for path, value in found.items()]}


def write(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """Ask the model for sentences; a second time with what could not be proven of the first."""
    narrator, complaints = _narrator(runtime), [Unproven(**c) for c in state["complaints"]]
    tries = state["tries"] + 1

    def written() -> dict[str, Any]:
        said = narrator.write(state["resolved"], state["facts"], complaints)
        return {"sentences": [{"text": s.text, "citations": list(s.citations)} for s in said], "tries": tries}

    return _or_failure(written)


def check(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """Prove every claim of the sentences against the record."""
    found = [u for unproven in prove(_said(state), runtime.context.case.facts()) for u in unproven]
    complaints = [{"claim": u.claim, "citation": u.citation, "why": u.why} for u in found]
    failure = f"{len(found)} claims of the model could not be proven" if found and state["tries"] >= TRIES else ""
    return {"complaints": complaints, "failure": failure}


def answer(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """The model's sentences, all of them proven, with their citations."""
    facts, tell = runtime.context.case.facts(), get_stream_writer()
    lines = [cited_text(s.text, s.citations, facts) for s in _said(state)]
    for line in lines:
        tell({"sentence": line})
    cites = dict.fromkeys(facts.written(c) for s in _said(state) for c in s.citations)
    given = Answer(text="\n".join(lines), kind="narrated", citations=tuple(cites))
    return _answered(state, given, runtime)


def written_answer(state: ExplainState, runtime: _Runtime) -> dict[str, Any]:
    """The desk's own answer; where a model was to give one, with the reason why it did not."""
    case, tell = runtime.context.case, get_stream_writer()
    given = explain(case.record, state["resolved"], case.archive)
    for line in given.text.splitlines():
        tell({"sentence": line})
    return _answered(state, given.model_copy(update={"note": state["failure"]}), runtime)


def after_recall(_: ExplainState, runtime: _Runtime) -> Literal["plan", "written_answer"]:
    """With a model, or without."""
    return "plan" if runtime.context.narrator is not None else "written_answer"


def after_plan(state: ExplainState) -> Literal["look_up", "written_answer"]:
    """On, unless the model failed."""
    return "written_answer" if state["failure"] else "look_up"


def after_write(state: ExplainState) -> Literal["check", "written_answer"]:
    """On, unless the model failed."""
    return "written_answer" if state["failure"] else "check"


def after_check(state: ExplainState) -> Literal["answer", "write", "written_answer"]:
    """Proven; or once more; or the desk's own answer."""
    if state["failure"]:
        return "written_answer"
    return "write" if state["complaints"] else "answer"


def _said(state: ExplainState) -> list[Said]:
    return [Said(str(s["text"]), tuple(s["citations"])) for s in state["sentences"]]


def _narrator(runtime: _Runtime) -> Narrator:
    if runtime.context.narrator is None:
        raise InputError("no chat model is configured", "pass --llm")
    return runtime.context.narrator


def _or_failure(step: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a step with a model gives; where the model gives nothing, why."""
    try:
        return step()
    except SourceUnavailable as down:
        return {"failure": down.message}


def _answered(state: ExplainState, given: Answer, runtime: _Runtime) -> dict[str, Any]:
    last = turn(state["question"], state["resolved"], given.text, runtime.context.case.facts())
    return {"answer": given.model_dump(mode="json"), "turns": [*state.get("turns", []), last][-MOST_TURNS:]}
