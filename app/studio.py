"""The graphs as LangGraph Studio and `langgraph dev` serve them (langgraph.json names this file).

The parts of a desk (lake, ledger, venue) cannot come over HTTP, so a served graph makes them from the settings
(`BULLPEN_HOME` and the rest of the environment), in the node that runs the desk's own graph as a subgraph:

    open -> cycle [ ingest -> ... -> record ]            explain [ recall -> ... -> answer ]

The server keeps the checkpoints and asks the person; the desk's ledger keeps the book, and gives exactly-once. A cycle
that was begun here is answered here: `bullpen approve` knows only the desk's own checkpoints.
"""

from __future__ import annotations

from typing import Any, TypedDict, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from app.desk import Desk
from app.settings import load_settings
from app.tracing import TraceTags, tracers
from graph.cycle import build_cycle
from graph.explain import build_explain


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
                context = desk.market.context(start["book"], start["slot"])
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
    with Desk(load_settings()).taken_up(state.get("as_of")) as (start, _):
        return {"slot": start["slot"], "cycle_id": start["cycle_id"]}


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
