"""Questions about decisions."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli_options import AsJson, BookName, Cycle, Home, desk_of

commands = typer.Typer(rich_markup_mode=None)


@commands.command()
def explain(
    cycle_id: Cycle = "latest",
    question: Annotated[str, typer.Argument(help='Such as "why did NOVA shrink?".')] = "what changed?",
    book: BookName = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question about a decision, from its record alone; every number is checked against it."""
    from app import render

    answer = desk_of(home=home).explain(cycle_id, question, book)
    render.emit(answer.model_dump(mode="json"), as_json, lambda: render.answer(answer))
