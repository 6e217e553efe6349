"""A running cycle: its nodes by stage, each with a word and an icon, read from the trace as another process works."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from app.trace_store import Run
from ui import jobs, state
from ui.components.words import faults, plain
from ui.jobs import Job
from ui.progress import NODES, OVER, STAGES, NodeState, NodeStatus, moment, node_states

POLL_S = 0.5
LOOKS: dict[NodeStatus, tuple[str, str, str]] = {
    "idle": (":material/radio_button_unchecked:", "gray", "idle"),
    "running": (":material/pending:", "blue", "running"),
    "done": (":material/check_circle:", "green", "done"),
    "abstained": (":material/do_not_disturb_on:", "orange", "abstains"),
    "failed": (":material/error:", "red", "failed"),
    "waiting": (":material/pan_tool:", "violet", "waits for you"),
    "skipped": (":material/remove_circle_outline:", "gray", "not needed"),
    "stopped": (":material/stop_circle:", "red", "stopped"),
}
"""Status -> icon, colour, word: colour never stands alone."""


def show(job: Job, alive: bool) -> None:
    """The nodes of the job's cycle; while it is `alive`, they are read again and again."""
    watch(job, alive, _nodes)


def watch(job: Job, alive: bool, draw: Callable[[Job, bool], None]) -> None:
    """Draw a job; while it is `alive`, draw it every POLL_S, and when it has ended draw the whole page anew, once.

    `alive` is as the page found it in this run of its script, so that the page and what is drawn here agree.
    """
    draws = itertools.count()

    def tick() -> None:
        if next(draws) > 0 and not jobs.is_alive(job):
            st.rerun()
        with faults():
            draw(job, alive)

    with st.container():  # a place of its own: what the page draws below never moves into it
        st.fragment(tick, run_every=POLL_S if alive else None)()


def _nodes(job: Job, alive: bool) -> None:
    cycle_id = cycle_of(job)
    runs = state.desk().trace(cycle_id) if cycle_id else ()
    if not alive and not runs:
        return  # it failed before the first node: the fault says why
    now = datetime.now(UTC)
    nodes = node_states(runs, alive, now)
    _headline(job, alive, nodes, now)
    _stages(nodes)


def cycle_of(job: Job) -> str | None:
    """The cycle a job works on; None until its process has opened it."""
    if job.kind != "cycle":
        return job.arguments[0]
    told = jobs.answer(job)
    if told is not None:
        return str(told["cycle_id"])
    begun = moment(job.started_at)
    mine = [e for e in state.unfinished() if e.book == job.book and _began_after(state.desk().trace(e.cycle_id), begun)]
    return mine[-1].cycle_id if mine else None


def _began_after(runs: tuple[Run, ...], begun: datetime) -> bool:
    return any(moment(run.started_at) >= begun for run in runs)


def _headline(job: Job, alive: bool, nodes: tuple[NodeState, ...], now: datetime) -> None:
    over = sum(node.status in OVER for node in nodes)
    if not alive:
        st.progress(over / len(NODES), text=f"{over} of {len(NODES)} nodes are through")
        return
    elapsed = (now - moment(job.started_at)).total_seconds()
    busy = [node.label for node in nodes if node.status == "running"]
    doing = ", ".join(busy) or ("opening the desk" if over == 0 else "between nodes")
    st.progress(over / len(NODES), text=f"{over} of {len(NODES)} nodes are through · {elapsed:.0f} s · now: {doing}")


def _stages(nodes: tuple[NodeState, ...]) -> None:
    by_name = {node.node: node for node in nodes}
    columns = st.columns([5, 10, 7, 5], border=True)
    for column, (stage, names) in zip(columns, STAGES, strict=True):
        lines = [f"**{stage}**", *(_line(by_name[name]) for name in names)]
        column.markdown("  \n".join(lines))


def _line(node: NodeState) -> str:
    icon, colour, word = LOOKS[node.status]
    took = "" if node.elapsed_s is None else f" {_seconds(node.elapsed_s)}"
    said = f" · {plain(node.said)}" if node.said else ""
    return f":{colour}[{icon}] {node.label} · :{colour}[{word}]:small[:gray[{took}{said}]]"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1.0 else f"{seconds:.1f} s"
