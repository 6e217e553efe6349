"""How far a cycle has come: the state of each node of the graph, read from the local trace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from app.trace_store import Run
from graph.cycle import OPINIONS

NodeStatus = Literal["idle", "running", "done", "abstained", "failed", "waiting", "skipped", "stopped"]

STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Data", ("ingest",)),
    ("Opinions", tuple(OPINIONS)),
    ("Decision", ("meta_controller", "risk_check", "approval")),
    ("Action", ("execution", "record")),
)
"""The nodes of the cycle in the order in which a person reads them."""

NODES: tuple[str, ...] = tuple(node for _, nodes in STAGES for node in nodes)
OVER = ("done", "abstained", "skipped")

_SPOKE = re.compile(r"\d+ opinions")


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node: what it is doing, for how long it has (seconds), and what it said."""

    node: str
    status: NodeStatus
    elapsed_s: float | None = None
    said: str = ""

    @property
    def label(self) -> str:
        """The node's name for people."""
        return self.node.replace("_", " ").capitalize()


def node_states(runs: Sequence[Run], alive: bool, now: datetime) -> tuple[NodeState, ...]:
    """Every node in the order of STAGES; `alive` says whether a process is working on the cycle at `now` (UTC)."""
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda r: r.started_at):
        if run.name in NODES:
            newest[run.name] = run
    finished = "record" in newest and bool(newest["record"].ended_at) and not newest["record"].error
    return tuple(_state(node, newest.get(node), alive, finished, now) for node in NODES)


def _state(node: str, run: Run | None, alive: bool, finished: bool, now: datetime) -> NodeState:
    if run is None:
        return NodeState(node, "skipped" if finished else "idle")
    if not run.ended_at and not alive:
        return NodeState(node, "stopped")
    elapsed = ((moment(run.ended_at) if run.ended_at else now) - moment(run.started_at)).total_seconds()
    match run.outcome:
        case "not ended":
            return NodeState(node, "running", elapsed)
        case "waited":
            return NodeState(node, "waiting", elapsed)
        case "failed":
            return NodeState(node, "failed", elapsed, run.error)
        case "done":
            said = run.summary.partition(": ")[2] if node in OPINIONS else ""
            abstained = said and not _SPOKE.fullmatch(said)
            return NodeState(node, "abstained" if abstained else "done", elapsed, said)


def moment(text: str) -> datetime:
    """An instant of the trace; one without a zone is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
