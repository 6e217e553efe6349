"""The whole machine on one screen.

    ingest -> [ analysts | specialists | policy agents ] -> meta_controller -> risk_check
                                                                  |-> approval -> execution -> record
                                                                  |-> execution -> record
                                                                  |-> record                    (halted)

Impure: ingest (reads the lake, opens the book), execution (sends), record (writes). All between is arithmetic.
"""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph.context import CycleContext
from graph.nodes.approval import approval
from graph.nodes.execution import execution
from graph.nodes.ingest import ingest
from graph.nodes.meta_controller import meta_controller
from graph.nodes.opinion import opinion_node
from graph.nodes.record import record
from graph.nodes.risk_check import risk_check
from graph.routing import after_approval, after_risk_check
from graph.state import CycleInput, CycleState

OPINIONS = {
    "news_analyst": "news",
    "social_analyst": "social",
    "macro_analyst": "macro",
    "momentum_specialist": "momentum",
    "mean_reversion_specialist": "mean_reversion",
    "risk_specialist": "risk",
    "policy_agents": "policy",
}
"""Node -> agent; all of them run in parallel on the same snapshot."""

CycleGraph = CompiledStateGraph[CycleState, CycleContext, CycleInput, CycleState]


def build_cycle(checkpointer: BaseCheckpointSaver[str] | None = None) -> CycleGraph:
    """The compiled cycle; the parts it works with come in as the run's context."""
    builder = _up_to_the_verdict()
    builder.add_node("approval", approval)
    builder.add_node("execution", execution)
    builder.add_node("record", record)
    builder.add_conditional_edges("risk_check", after_risk_check)
    builder.add_conditional_edges("approval", after_approval)
    builder.add_edge("execution", "record")
    builder.add_edge("record", END)
    return builder.compile(checkpointer=checkpointer, name="cycle")


def build_decision() -> CycleGraph:
    """The cycle's own nodes up to the verdict, and no further: nobody is asked, nothing is sent or recorded."""
    builder = _up_to_the_verdict()
    builder.add_edge("risk_check", END)
    return builder.compile(name="decision")


def _up_to_the_verdict() -> StateGraph[CycleState, CycleContext, CycleInput, CycleState]:
    builder = StateGraph(CycleState, context_schema=CycleContext, input_schema=CycleInput)
    builder.add_node("ingest", ingest)
    builder.add_node("meta_controller", meta_controller)
    builder.add_node("risk_check", risk_check)
    for node, agent in OPINIONS.items():
        builder.add_node(node, opinion_node(agent))
        builder.add_edge("ingest", node)
    builder.add_edge(START, "ingest")
    builder.add_edge(list(OPINIONS), "meta_controller")
    builder.add_edge("meta_controller", "risk_check")
    return builder
