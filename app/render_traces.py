"""Traces in words: a tree with durations, and what a search found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from app.render import console, say
from app.trace_store import Run
from app.traces import Branch


def tree(branches: Sequence[Branch]) -> None:
    """The runs of a cycle, indented below the run that called them."""
    table = _table("run", "took", "state", "says")
    for branch in branches:
        table.add_row("  " * len(branch.ancestors) + branch.run.name, *_told(branch.run))
    console.print(table)


def found(runs: Sequence[Run]) -> None:
    """The runs a search found."""
    if not runs:
        say("No run is like that.")
        return
    table = _table("cycle", "run", "began", "took", "state", "says")
    for run in runs:
        table.add_row(run.cycle_id, run.name, run.started_at[:19], *_told(run))
    console.print(table)


def pruned(cycles: int) -> None:
    """What pruning came to."""
    say(f"The traces of {cycles} cycles are removed; their records are not touched.")


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name == "took" else "left", no_wrap=name != "says", overflow="fold")
    return table


def _told(run: Run) -> tuple[str, str, str]:
    took = "" if run.took_s is None else f"{1000.0 * run.took_s:,.0f} ms"
    return took, run.outcome, run.summary if run.outcome == "waited" else run.error or run.summary
