"""The graphs as LangGraph Studio and `langgraph dev` serve them (langgraph.json names this file).

A cycle's parts (lake, ledger, venue) cannot come over HTTP, so the served graph makes them from the settings
(`BULLPEN_HOME` and the rest of the environment), in the node that runs the desk's own graph as a subgraph:

    open -> cycle [ ingest -> ... -> record ]

The server keeps the checkpoints and asks the person; the desk's ledger keeps the book, and gives exactly-once. A cycle
that was begun here is answered here: `bullpen approve` knows only the desk's own checkpoints.
"""

from __future__ import annotations

from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from app.desk import Desk
from app.settings import load_settings
from app.tracing import TraceTags, tracers
from graph.cycle import build_cycle


class StudioInput(TypedDict, total=False):
    """What a person fills in."""

    as_of: str
    """Date or ISO time of the slot; absent or "": the book's next, or its unfinished one."""


class StudioState(StudioInput, total=False):
    """What flows in the served graph: plain JSON, for it crosses HTTP."""

    slot: str
    """open: ISO UTC; a resumed run stays at it."""
    cycle_id: str
    """open: the cycle's id in the desk's journal."""
    record: dict[str, Any]
    """cycle: the CycleRecord."""


StudioGraph = CompiledStateGraph[StudioState, None, StudioInput, StudioState]


def cycle() -> StudioGraph:
    """The cycle of the desk that the environment names."""
    inner = build_cycle()

    def run_cycle(state: StudioState, config: RunnableConfig) -> dict[str, Any]:
        """Run the desk's graph, or go on with it after a person's answer."""
        desk = Desk(load_settings())
        with desk.taken_up(state.get("slot")) as (start, begun):
            if begun != "done":
                context = desk.market.context(start["book"], start["slot"])
                tags = TraceTags(start["cycle_id"], start["book"], context.source, desk.market.policies.ids())
                with tracers(desk.stores.traces, tags, remote=False) as callbacks:
                    traced = merge_configs(config, {"callbacks": callbacks})
                    inner.invoke(start, traced, context=context, durability="sync")
        return {"record": desk.record(start["cycle_id"]).model_dump(mode="json")}

    builder = StateGraph(StudioState, input_schema=StudioInput)
    builder.add_node("open", open_slot)
    builder.add_node("cycle", run_cycle)
    builder.add_edge(START, "open")
    builder.add_edge("open", "cycle")
    builder.add_edge("cycle", END)
    return builder.compile(name="cycle")


def open_slot(state: StudioState) -> dict[str, Any]:
    """Take the slot up in the ledger."""
    with Desk(load_settings()).taken_up(state.get("as_of")) as (start, _):
        return {"slot": start["slot"], "cycle_id": start["cycle_id"]}
