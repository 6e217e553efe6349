"""Recorded cycles run again."""

from __future__ import annotations

import typer

from app.cli_options import AsJson, BookName, Cycle, Home, desk_of

commands = typer.Typer(rich_markup_mode=None)


@commands.command()
def replay(cycle_id: Cycle = "latest", book: BookName = None, home: Home = None, as_json: AsJson = False) -> None:
    """Run a recorded cycle again and compare it byte for byte."""
    from app import render

    result = desk_of(home=home).replay(cycle_id, book)
    render.emit(result.as_json(), as_json, lambda: render.replay(result))
    if not result.identical:
        raise typer.Exit(1)
