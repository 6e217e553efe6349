"""Traces in words: a tree with durations, and what a search found; a line a run, never cut."""

from __future__ import annotations

from collections.abc import Sequence

from app.render import say
from app.trace_store import Run
from app.traces import Branch


def tree(branches: Sequence[Branch]) -> None:
    """The runs of a cycle, indented below the run that called them."""
    width = max(2 * len(branch.ancestors) + len(branch.run.name) for branch in branches)
    for branch in branches:
        name = "  " * len(branch.ancestors) + branch.run.name
        say(f"{name:<{width}}  {_told(branch.run)}")


def found(runs: Sequence[Run]) -> None:
    """The runs a search found."""
    if not runs:
        say("No run is like that.")
        return
    width = max(len(run.name) for run in runs)
    for run in runs:
        say(f"{run.cycle_id}  {run.started_at[:19]}  {run.name:<{width}}  {_told(run)}")


def pruned(cycles: int) -> None:
    """What pruning came to."""
    say(f"The traces of {cycles} cycles are removed; their records are not touched.")


def _told(run: Run) -> str:
    took = "" if run.took_s is None else f"{1000.0 * run.took_s:,.0f} ms"
    return f"{took:>10}  {run.outcome:<9}  {run.summary if run.outcome == 'waited' else run.error or run.summary}"
