"""An agent's node: ask it for its View; whatever goes wrong inside it, a hang too, becomes a recorded abstention."""

from __future__ import annotations

from typing import Any, Protocol

from langgraph.runtime import Runtime

from agents.view import abstain
from data.errors import DeadlinePassed, NotFound, StorageFailed
from data.redaction import told
from graph.context import CycleContext
from graph.state import CycleState


class OpinionNode(Protocol):
    """What LangGraph calls: the state, and the runtime by name."""

    def __call__(self, state: CycleState, *, runtime: Runtime[CycleContext]) -> dict[str, Any]:
        """The view, as an update of the state."""
        ...


def opinion_node(name: str) -> OpinionNode:
    """The node of agent `name`; it writes one view."""

    def node(state: CycleState, *, runtime: Runtime[CycleContext]) -> dict[str, Any]:
        agent, deadline = runtime.context.agents[name], runtime.context.deadline
        snapshot = runtime.context.snapshots.again(state["snapshot"])
        try:
            view = deadline.keep(name, "opinion", lambda: agent.view(snapshot))
        except (StorageFailed, NotFound):  # the desk itself is broken: a full disk, a replay without its answers
            raise
        except DeadlinePassed as late:
            view = abstain(name, agent.kind, late.message)
        except Exception as error:  # noqa: BLE001 - the boundary of an agent: any fault of its is an abstention
            view = abstain(name, agent.kind, told(error))
        return {"views": (view,)}

    node.__name__ = name
    return node
