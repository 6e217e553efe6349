"""The graphs as LangGraph Studio and `langgraph dev` serve them (langgraph.json names this file).

The parts of a desk (lake, ledger, venue) cannot come over HTTP, so a served graph makes them from the settings
(`BULLPEN_HOME` and the rest of the environment), in the node that runs the desk's own graph as a subgraph:

    open -> cycle [ ingest -> ... -> record ]            explain [ recall -> ... -> answer ]

The server keeps the checkpoints and asks the person; the desk's ledger keeps the book, and gives exactly-once. A cycle
that was begun here is answered here: `bullpen approve` knows only the desk's own checkpoints.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from app.approvals import EXPIRY
from app.desk import Desk
from app.settings import load_settings
from app.tracing import TraceTags, tracers
from data.errors import InputError
from graph.context import CycleContext
from graph.cycle import build_cycle
from graph.explain import build_explain
from graph.record import Approval, digest


class CycleWanted(TypedDict, total=False):
    """What a person fills in to run a cycle."""

    as_of: str
    """Date or ISO time of the slot; absent or "": the book's next, or its unfinished one."""


class ServedCycle(CycleWanted, total=False):
    """What flows in the served cycle: plain JSON, for it crosses HTTP."""

    slot: str
    """open: ISO UTC; a resumed run stays at it."""
    cycle_id: str
    """open: the cycle's id in the desk's journal."""
    begun: str
    """open: digest of the settings and rules that the ledger has the cycle begun under."""
    opened_at: str
    """open: when, ISO UTC by this machine's clock; from here a proposal's time runs."""
    record: dict[str, Any]
    """cycle: the CycleRecord."""


class QuestionAsked(TypedDict, total=False):
    """What a person fills in to ask."""

    question: str
    cycle_id: str
    """A cycle's id, the beginning of one, or "latest", which is also what it is where absent."""


class ServedAnswer(QuestionAsked, total=False):
    """What flows in the served explainer."""

    answer: dict[str, Any]
    """explain: agents.explainer.answer.Answer as JSON."""


def cycle() -> CompiledStateGraph[ServedCycle, None, CycleWanted, ServedCycle]:
    """The cycle of the desk that the environment names."""
    inner = build_cycle()

    def run_cycle(state: ServedCycle, config: RunnableConfig) -> dict[str, Any]:
        """Run the desk's graph, or go on with it after a person's answer."""
        desk = Desk(load_settings())
        with desk.taken_up(state.get("slot")) as (start, begun):
            if begun != "done":
                _refuse_begun_anew(desk, state)
                market = desk.market if begun == "started" else desk.as_started(start["cycle_id"]).market
                context = _on_time(market.context(start["book"], start["slot"]), state)
                tags = TraceTags(start["cycle_id"], start["book"], context.source, desk.market.policies.ids())
                with tracers(desk.stores.traces, tags, remote=False) as callbacks:  # the server traces to LangSmith
                    traced = merge_configs(config, {"callbacks": callbacks})
                    inner.invoke(start, traced, context=context, durability="sync")
        return {"record": desk.record(start["cycle_id"]).model_dump(mode="json")}

    builder = StateGraph(ServedCycle, input_schema=CycleWanted)
    builder.add_node("open", open_slot)
    builder.add_node("cycle", run_cycle)
    builder.add_edge(START, "open")
    builder.add_edge("open", "cycle")
    builder.add_edge("cycle", END)
    return builder.compile(name="cycle")


def open_slot(state: ServedCycle) -> dict[str, Any]:
    """Take the slot up in the ledger."""
    desk = Desk(load_settings())
    with desk.taken_up(state.get("as_of")) as (start, _):
        begun, now = _begun(desk, start["cycle_id"]), _now().isoformat()
        return {"slot": start["slot"], "cycle_id": start["cycle_id"], "begun": begun, "opened_at": now}


def _now() -> datetime:
    return datetime.now(UTC)


def _begun(desk: Desk, cycle_id: str) -> str:
    return digest(desk.stores.ledger.started_with(cycle_id))


def _refuse_begun_anew(desk: Desk, state: ServedCycle) -> None:
    """InputError where the cycle was begun under other settings since: what this thread holds is another proposal's."""
    cycle_id = state.get("cycle_id", "")
    if state.get("begun", "") not in ("", _begun(desk, cycle_id)):
        raise InputError(f"cycle {cycle_id} was begun under other settings meanwhile", "run it in a new thread")


def _on_time(context: CycleContext, state: ServedCycle) -> CycleContext:
    """The context, rejecting a proposal that nobody has answered in time: whatever is said now comes too late."""
    minutes, opened = context.config.ask_when.expires_minutes, state.get("opened_at")
    if minutes is None or not opened:
        return context
    if _now() < datetime.fromisoformat(opened) + timedelta(minutes=minutes):
        return context
    note = f"nobody answered within {minutes:g} minutes"
    late = Approval(required=True, answer="rejected", by=EXPIRY, note=note)
    return replace(context, approver=lambda _cycle_id, _verdict: late)


def explain() -> CompiledStateGraph[ServedAnswer, None, QuestionAsked, ServedAnswer]:
    """Questions about the past cycles of that desk; a thread is a conversation."""
    inner = build_explain(cast(Any, True))  # its own checkpoints, which the threads of the server keep from run to run

    def answer_question(state: ServedAnswer, config: RunnableConfig) -> dict[str, Any]:
        """Run the desk's explain graph on a record."""
        desk = Desk(load_settings())
        context = desk.questions.context(desk.record(state.get("cycle_id") or "latest"))
        asked = {"question": state.get("question") or "what changed?"}
        return {"answer": inner.invoke(cast(Any, asked), config, context=context)["answer"]}

    builder = StateGraph(ServedAnswer, input_schema=QuestionAsked)
    builder.add_node("explain", answer_question)
    builder.add_edge(START, "explain")
    builder.add_edge("explain", END)
    return builder.compile(name="explain")
