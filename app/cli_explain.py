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
    conversation: Annotated[str, typer.Option(help="A name: what was asked under it is remembered.")] = "",
    llm: Annotated[str | None, typer.Option(help='Chat model that writes, such as "openai:gpt-5-mini".')] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question about a decision, from its record; every claim is checked against it."""
    from app import render

    answer = desk_of(home=home).questions.ask(cycle_id, question, book, conversation, llm)
    render.emit(answer.model_dump(mode="json"), as_json, lambda: render.answer(answer))
