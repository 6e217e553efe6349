"""The commands about LangSmith: `bullpen langsmith dataset | evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli_options import AsJson, BookName, Home, desk_of

commands = typer.Typer(help="Past cycles as data sets, and judged.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Name of the data set.")]
From = Annotated[str, typer.Option("--from", help="First date of slots (ISO).")]
To = Annotated[str, typer.Option("--to", help="Last date of slots (ISO).")]


@commands.command()
def dataset(
    name: Name, book: BookName = None, start: From = "", end: To = "", home: Home = None, as_json: AsJson = False
) -> None:
    """Keep past cycles as examples of a LangSmith data set; a cycle that is there already is not added again."""
    from app import render
    from app.render_langsmith import dataset as words

    report = desk_of(home=home).traces.langsmith.dataset(name, book, start, end)
    render.emit(report.as_json(), as_json, lambda: words(report))


@commands.command()
def evaluate(
    name: Name = "local",
    local: Annotated[bool, typer.Option("--local", help="On this home's records; nothing leaves the machine.")] = False,
    book: BookName = None,
    start: From = "",
    end: To = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run the cycles of a data set again and judge schema, grounding and agreement with the record."""
    from app import render
    from app.render_langsmith import evaluation as words

    report = desk_of(home=home).traces.langsmith.evaluate(name, local, book, start, end)
    render.emit(report.as_json(), as_json, lambda: words(report))
    if report.faults:
        raise typer.Exit(1)
