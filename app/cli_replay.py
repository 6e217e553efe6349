"""The past again: a cycle replayed, run without something, or compared with another."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli_options import AsJson, BookName, Cycle, Home, desk_of

commands = typer.Typer(rich_markup_mode=None)

Without = Annotated[
    list[str] | None,
    typer.Option(
        help="Leave something out (repeatable): an agent, features:<group>, clamp:<limit>, or prior=<name> for another."
    ),
]


@commands.command()
def replay(
    cycle_id: Cycle = "latest",
    without: Without = None,
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run a recorded cycle again and compare it byte for byte; or say what it would have been without something."""
    from app import render, render_replay

    replays = desk_of(home=home).replays
    if without:
        found = replays.without(cycle_id, without, book)
        render.emit(found.as_json(), as_json, lambda: render_replay.counterfactual(found))
        return
    result = replays.replay(cycle_id, book)
    render.emit(result.as_json(), as_json, lambda: render_replay.replay(result))
    if not result.identical:
        raise typer.Exit(1)


@commands.command()
def diff(
    one: Annotated[str, typer.Argument(help='Cycle id, the beginning of one, "latest" or "previous".')] = "previous",
    two: Annotated[str, typer.Argument(help="The other.")] = "latest",
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed from one cycle to another (the last two of a book), and why, by its effect on the weights."""
    from app import render, render_replay

    found = desk_of(home=home).replays.diff(one, two, book)
    render.emit(found.as_json(), as_json, lambda: render_replay.diff(found))
