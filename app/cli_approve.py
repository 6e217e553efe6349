"""Proposals that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli_options import AsJson, Cycle, Home, desk_of

commands = typer.Typer(rich_markup_mode=None)


@commands.command()
def approve(
    cycle_id: Cycle,
    reject: Annotated[bool, typer.Option("--reject", help="Turn the proposal down.")] = False,
    by: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a cycle that waits for a person; without --reject it is accepted."""
    from app import render

    outcome = desk_of(home=home).answer(cycle_id, {"type": "ignore" if reject else "accept", "by": by, "note": note})
    render.emit(outcome.as_json(), as_json, lambda: render.cycle(outcome))
