"""The commands that search for settings: `bullpen tune symbol-agents`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import AsJson, DataPath, Frequency, Home, Seed, Source, Symbols, desk_of

commands = typer.Typer(name="tune", help="Search for better settings.", rich_markup_mode=None)


@commands.callback()
def tune() -> None:
    """Search for better settings."""


@commands.command(name="symbol-agents")
def symbol_agents(
    trials: Annotated[int, typer.Option(help="How many settings are tried.", min=1, max=10_000)] = 20,
    method: Annotated[str, typer.Option("--search", help="random, grid or optuna.")] = "random",
    space: Annotated[
        Path | None, typer.Option("--space", help="YAML of the space [default: configs/tune/symbol_agents.yaml].")
    ] = None,
    source: Source = None,
    path: DataPath = None,
    symbols: Symbols = None,
    seed: Seed = None,
    frequency: Frequency = None,
    search_seed: Annotated[int, typer.Option(help="Seed of the draws and of each training.")] = 0,
    workers: Annotated[int, typer.Option(help="Trials side by side.", min=1, max=1024)] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a search that was stopped or killed.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the search [default: in the home, under tune].")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Try settings of the symbol agents on held-out dates; the worse are stopped early, the best becomes a preset."""
    from app import render
    from app.render_tune import search_report
    from app.tuning import TuneOrder, check_order, tune_symbol_agents

    order = TuneOrder(space, trials, method, search_seed, workers, resume)
    check_order(order)
    desk = desk_of(source=source, path=path, symbols=symbols, seed=seed, frequency=frequency, home=home)
    folder = out or desk.settings.home / "tune" / f"symbol-agents-{desk.settings.source}-{method}"
    report = tune_symbol_agents(desk.market, order, folder)
    render.emit(report, as_json, lambda: search_report(report))
