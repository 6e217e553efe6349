"""The commands about local traces: `bullpen traces show | search | prune`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.cli_options import AsJson, BookName, Cycle, Home, desk_of

commands = typer.Typer(help="Where time went, from the local traces.", no_args_is_help=True, rich_markup_mode=None)


@commands.command()
def show(cycle_id: Cycle = "latest", book: BookName = None, home: Home = None, as_json: AsJson = False) -> None:
    """Show the runs of a cycle as a tree with durations."""
    from app import render
    from app.render_traces import tree

    branches = desk_of(home=home).traces.show(cycle_id, book)
    render.emit([b.as_json() for b in branches], as_json, lambda: tree(branches))


@commands.command()
def search(
    text: Annotated[str, typer.Argument(help="Words in the name, the error or the summary of a run.")] = "",
    node: Annotated[str, typer.Option(help="Only runs of this node.")] = "",
    errors: Annotated[bool, typer.Option("--errors", help="Only runs that failed.")] = False,
    slower_than: Annotated[float, typer.Option(help="Only runs that took more than this many seconds.")] = 0.0,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.")] = 50,
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Find runs by their words, their node, their errors or their duration."""
    from app import render
    from app.render_traces import found
    from app.trace_store import Wanted

    wanted = Wanted(text=text, node=node, errors=errors, slower_than_s=slower_than, limit=limit)
    runs = desk_of(home=home).traces.search(wanted, book)
    render.emit([asdict(run) for run in runs], as_json, lambda: found(runs))


@commands.command()
def prune(
    keep_days: Annotated[
        float | None, typer.Option(help="Remove traces of cycles that ran before so many days.")
    ] = None,
    keep_cycles: Annotated[
        int | None, typer.Option(help="Remove all but the traces of the newest so many cycles.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Remove old traces; records, orders and checkpoints are not touched."""
    from app import render
    from app.render_traces import pruned

    gone = desk_of(home=home).traces.prune(keep_days, keep_cycles)
    render.emit({"cycles_removed": gone}, as_json, lambda: pruned(gone))
