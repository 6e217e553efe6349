"""Cycles that start by themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli_options import (
    AsJson,
    AssetClass,
    BookName,
    By,
    Config,
    DataPath,
    Frequency,
    Home,
    Seed,
    Source,
    Symbols,
    desk_of,
)
from data.errors import BadConfig

if TYPE_CHECKING:
    from app.scheduling.dispatcher import Told

commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Run the cycles of a book by themselves.")

Name = Annotated[str, typer.Argument(help="Name of the schedule.")]
MISFIRES = ("skip", "run_once", "catch_up")


@commands.command()
def add(
    name: Name,
    offset: Annotated[str, typer.Option(help='How long after each slot, such as "15m".')] = "0",
    grace: Annotated[str, typer.Option(help='How late a slot may begin, such as "6h".')] = "1h",
    misfire: Annotated[str, typer.Option(help="Slots missed by more: skip, run_once or catch_up.")] = "run_once",
    max_failures: Annotated[int, typer.Option(help="Failures in a row that disable it.")] = 3,
    source: Source = None,
    path: DataPath = None,
    asset_class: AssetClass = None,
    book: BookName = None,
    home: Home = None,
    seed: Seed = None,
    symbols: Symbols = None,
    frequency: Frequency = None,
    config: Config = None,
    llm: Annotated[str | None, typer.Option(help='Chat model for the analysts, such as "openai:gpt-5-mini".')] = None,
    approval: Annotated[str | None, typer.Option(help="never, always, when_large or by_rule.")] = None,
    venue: Annotated[str | None, typer.Option(help="paper, alpaca, interactive_brokers or crypto.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Real money; also needs live_account to name the account.")
    ] = False,
    by: By = "cli",
    as_json: AsJson = False,
) -> None:
    """Run a cycle after every slot of the book's calendar, under the settings given here."""
    from app import render, render_schedule
    from app.scheduling.facade import Terms

    if misfire not in MISFIRES:
        raise BadConfig(f"there is no misfire policy {misfire!r}", f"choose {', '.join(MISFIRES)}")
    desk = desk_of(
        source=source, path=path, asset_class=asset_class, book=book, home=home, seed=seed, symbols=symbols,
        frequency=frequency, config=config, llm=llm, approval=approval, venue=venue, live=live,
    )  # fmt: skip
    line = desk.schedules.add(name, Terms(offset, grace, misfire, max_failures), by)
    render.emit(line.as_json(), as_json, lambda: render_schedule.added(line))


@commands.command("list")
def list_(
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 where something needs a person.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Each schedule with its next slot and its last outcome, and whether a scheduler is alive."""
    from app import render, render_schedule

    desk = desk_of(home=home)
    lines, watch = desk.schedules.lines(), desk.schedules.watch()
    told = {"schedules": [line.as_json() for line in lines], **watch.as_json()}
    render.emit(told, as_json, lambda: render_schedule.listed(lines, watch))
    if check and watch.problems:
        raise typer.Exit(1)


@commands.command()
def show(
    name: Name,
    count: Annotated[int, typer.Option(help="Slots, the newest first.")] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What became of a schedule's slots."""
    from app import render, render_schedule

    desk = desk_of(home=home)
    line, history = desk.schedules.line(name), desk.schedules.history(name, count)
    told = {"schedule": line.as_json(), "slots": [trigger.as_json() for trigger in history]}
    render.emit(told, as_json, lambda: render_schedule.history(line, history))


@commands.command()
def remove(name: Name, by: By = "cli", home: Home = None, as_json: AsJson = False) -> None:
    """Forget a schedule; its book, and what became of its slots, stay."""
    from app import render

    desk_of(home=home).schedules.remove(name, by)
    render.emit({"removed": name}, as_json, lambda: render.say(f"Schedule {name} is removed."))


@commands.command()
def enable(name: Name, by: By = "cli", home: Home = None, as_json: AsJson = False) -> None:
    """Run a schedule again from now on, after it was disabled."""
    from app import render, render_schedule

    line = desk_of(home=home).schedules.enable(name, by)
    render.emit(line.as_json(), as_json, lambda: render_schedule.added(line))


@commands.command()
def disable(
    name: Name,
    by: By = "cli",
    why: Annotated[str, typer.Option(help="Why.")] = "disabled by hand",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Begin no cycle of a schedule until somebody enables it."""
    from app import render

    line = desk_of(home=home).schedules.disable(name, by, why)
    render.emit(line.as_json(), as_json, lambda: render.say(f"Schedule {name} is disabled: {why}."))


@commands.command()
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and run nothing.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Run what is due now, and end.")] = False,
    count: Annotated[int, typer.Option(help="With --dry-run: slots to look ahead.")] = 5,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Be the scheduler: run what comes due, until Ctrl-C or SIGTERM, which let a running cycle finish."""
    from app import render, render_schedule

    desk = desk_of(home=home)
    if dry_run:
        found = desk.schedules.preview(count)
        render.emit([each.as_json() for each in found], as_json, lambda: render_schedule.preview(found))
        return

    def tell(told: Told) -> None:
        render.emit(asdict(told) | {"at": told.at.isoformat()}, as_json, lambda: render_schedule.told(told))

    desk.schedules.run(tell, once)
