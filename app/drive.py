"""Drive one run of the cycle graph: from the start, from its checkpoint, or from a person's answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from app.tracing import TraceTags, tracers
from data.errors import AccountChanged, NotFound
from graph.agent_inbox import refuse_another
from graph.catch_up import catch_up
from graph.checkpoint import storage_errors
from graph.cycle import CycleGraph
from graph.state import CycleInput

if TYPE_CHECKING:
    from app.runtime import Market
    from app.stores import Stores

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")


def thread_of(book: str, slot: str) -> str:
    """LangGraph's thread: one a cycle."""
    return f"{book}:{slot}"


def drive(
    market: Market,
    stores: Stores,
    start: CycleInput,
    response: dict[str, Any] | None,
    on_node: Callable[[str, str], None] | None,
) -> dict[str, Any] | None:
    """Run until the cycle is done (None) or waits for a person (the request, in agent-inbox's form).

    A cycle that was cut off goes on from its last checkpoint, or from its stored decision where that is further:
    resuming is the start path.
    """
    graph = stores.machine
    tags = TraceTags(start["cycle_id"], start["book"], market.source.name, market.policies.ids())
    thread = thread_of(start["book"], start["slot"])
    with storage_errors(), _anew_where_the_account_changed(stores, thread), tracers(stores.traces, tags) as callbacks:
        config = cast(RunnableConfig, tags.config() | {"configurable": {"thread_id": thread}, "callbacks": callbacks})
        stores.checkpointer.begin(thread)
        catch_up(graph, config, start, stores.ledger)
        given = _entry(graph, config, start, response)
        stream = graph.stream(
            given,
            config,
            context=market.context(start["book"], start["slot"]),
            stream_mode="updates",
            durability="sync",
        )
        with closing(cast(Generator[Mapping[str, Any]], stream)) as updates:
            for node, wrote in chain.from_iterable(update.items() for update in updates):
                if node == "__interrupt__":
                    return _request(wrote)
                if on_node is not None:
                    on_node(node, _said(wrote))
    if response is not None:
        from app.langsmith.feedback import feedback

        feedback(stores.traces, start["cycle_id"], graph.get_state(config).values["approval"])
    return None


@contextmanager
def _anew_where_the_account_changed(stores: Stores, thread: str) -> Generator[None]:
    """A cycle that has sent nothing, and may not, drops its checkpoints: run again, it opens the book as it is."""
    try:
        yield
    except AccountChanged:
        stores.forget(thread)
        raise


class Asked(NamedTuple):
    """A question to a person, and when the graph stopped to ask it (UTC)."""

    request: dict[str, Any]
    at: datetime


def asked(stores: Stores, book: str, slot: str) -> Asked | None:
    """What a cycle waits for, by its checkpoint; None where it waits for nobody."""
    config = cast(RunnableConfig, {"configurable": {"thread_id": thread_of(book, slot)}})
    with storage_errors():
        state = stores.machine.get_state(config)
    if not state.interrupts or state.created_at is None:
        return None
    return Asked(_request(state.interrupts), datetime.fromisoformat(state.created_at).astimezone(UTC))


def _entry(graph: CycleGraph, config: RunnableConfig, start: CycleInput, response: dict[str, Any] | None) -> Any:
    """What to feed the graph: a person's answer, nothing (go on from the checkpoint), or a fresh start."""
    state = graph.get_state(config)
    if response is not None and not state.interrupts:
        raise NotFound(f"cycle {start['cycle_id']} waits for nobody any more", "see `bullpen journal`")
    if response is not None:
        refuse_another(response, _request(state.interrupts))
        return Command(resume=response)
    return None if state.next else start


def _request(wrote: Any) -> dict[str, Any]:
    (first, *_) = wrote
    return dict(first.value)


def _said(wrote: Any) -> str:
    """One line on what a node wrote."""
    if not isinstance(wrote, Mapping):
        return ""
    match wrote:
        case {"views": (view, *_)}:
            spoke = f"abstains: {view.reason}" if view.abstained else f"{len(view.opinions)} opinions"
            return "; ".join((spoke, *(flag for flag in view.flags if flag.startswith("llm_fallback"))))
        case {"snapshot": ref}:
            return f"data as of {ref.as_of}"
        case {"allocation": allocation}:
            return f"{allocation.fallback_chain[-1].name}, cash {allocation.weights['CASH']:.1%}"
        case {"verdict": verdict}:
            return f"{verdict.decision}, {len(verdict.clamps)} clamps"
        case {"fills": fills, "orders": orders}:
            return f"{len(orders)} orders, {len(fills)} fills"
        case {"record_sha256": sha}:
            return f"sha256 {sha[:16]}"
        case _:
            return ""
