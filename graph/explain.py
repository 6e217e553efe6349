"""The second machine on one screen: a question about a record in, a proven answer out. It reads; it writes no decision.

    recall -> plan -> look_up -> write -> check -> answer                (every claim proven)
       |        |                 ^         |-> write                    (once, with the checker's complaints)
       |        |                 '---------'
       '--------'-------------------------> written_answer               (no model, no budget, or twice unproven)

With a model: tools first, answer after. Without one, and whenever it fails, the desk's own written answer.
"""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph.nodes.explaining import (
    ExplainContext,
    ExplainInput,
    ExplainState,
    after_check,
    after_plan,
    after_recall,
    after_write,
    answer,
    check,
    look_up,
    plan,
    recall,
    write,
    written_answer,
)

ExplainGraph = CompiledStateGraph[ExplainState, ExplainContext, ExplainInput, ExplainState]


def build_explain(checkpointer: BaseCheckpointSaver[str] | None = None) -> ExplainGraph:
    """The compiled graph; the record, its archive and the model come in as the run's context."""
    builder = StateGraph(ExplainState, context_schema=ExplainContext, input_schema=ExplainInput)
    for node in (recall, plan, look_up, write, check, answer, written_answer):
        builder.add_node(node.__name__, node)
    builder.add_edge(START, "recall")
    builder.add_conditional_edges("recall", after_recall)
    builder.add_conditional_edges("plan", after_plan)
    builder.add_edge("look_up", "write")
    builder.add_conditional_edges("write", after_write)
    builder.add_conditional_edges("check", after_check)
    builder.add_edge("answer", END)
    builder.add_edge("written_answer", END)
    return builder.compile(checkpointer=checkpointer, name="explain")
