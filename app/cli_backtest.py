"""The commands about the past: `bullpen backtest` and `bullpen lookahead`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import AsJson, AssetClass, Config, DataPath, Frequency, Home, Seed, Source, Symbols, desk_of

commands = typer.Typer(rich_markup_mode=None)

Strategy = Annotated[
    str, typer.Argument(help="A shipped strategy, my_file.py:MyStrategy, or `cycle` for the desk itself.")
]
From = Annotated[str, typer.Option("--from", help="First date [default: as soon as every feature is known].")]
To = Annotated[str, typer.Option("--to", help="Last date [default: the last of the data].")]


@commands.command()
def backtest(
    strategy: Strategy,
    start: From = "",
    end: To = "",
    source: Source = None,
    path: DataPath = None,
    asset_class: AssetClass = None,
    symbols: Symbols = None,
    seed: Seed = None,
    frequency: Frequency = None,
    fill: Annotated[str, typer.Option(help="next_open, next_close, or same_close for comparison.")] = "next_open",
    costs: Annotated[
        str, typer.Option(help="default, size (impact and participation too), listed, none, or basis points a side.")
    ] = "default",
    engine: Annotated[str, typer.Option(help="event, or vectorised (needs --no-risk).")] = "event",
    cash: Annotated[float, typer.Option(help="Cash at the start, account currency.")] = 1_000_000.0,
    risk: Annotated[bool, typer.Option("--risk/--no-risk", help="Risk check and last gate before every order.")] = True,
    conditions: Annotated[
        Path | None, typer.Option(help="YAML with actions, currencies and rates (configs/conditions.yaml).")
    ] = None,
    llm: Annotated[
        str | None, typer.Option(help="Chat model of the cycle's analysts; a twin without it is run beside.")
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Hide names and dates from the chat model.")] = False,
    knowledge_cutoff: Annotated[
        str, typer.Option(help="Last day the chat model has read of; before it nothing counts as its skill.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run [default: in the home, under backtests].")
    ] = None,
    config: Config = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Trade a strategy, or the desk itself, over the past; Parquet, JSON and an HTML report come out."""
    from app import render
    from app.backtesting.conditions_file import read_conditions
    from app.backtesting.request import BacktestRequest
    from app.render_backtest import backtest_report, steps

    desk = desk_of(
        source=source, path=path, asset_class=asset_class, symbols=symbols, seed=seed, frequency=frequency,
        config=config, home=home, llm=llm, mask=mask or None,
    )  # fmt: skip
    request = BacktestRequest(
        strategy, start, end, fill, costs, engine, cash, risk, read_conditions(conditions), knowledge_cutoff
    )
    with steps("slots", quiet=as_json) as progress:
        kept = desk.backtest(request, out, progress)
    render.emit(
        {**kept.summary, "folder": str(kept.folder)}, as_json, lambda: backtest_report(kept)
    )  # fmt: skip


@commands.command()
def lookahead(
    strategy: Strategy,
    start: From = "",
    end: To = "",
    source: Source = None,
    path: DataPath = None,
    asset_class: AssetClass = None,
    symbols: Symbols = None,
    seed: Seed = None,
    frequency: Frequency = None,
    cuts: Annotated[int, typer.Option(help="How many shortened runs are compared.", min=1, max=200)] = 8,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Does a strategy see the future? Names the first feature that does; exit code 1 where one is found."""
    from dataclasses import asdict

    from app import render
    from app.render_backtest import lookahead_report, steps

    desk = desk_of(
        source=source, path=path, asset_class=asset_class, symbols=symbols, seed=seed, frequency=frequency, home=home
    )
    with steps("shortened runs", quiet=as_json) as progress:
        report = desk.lookahead(strategy, start, end, cuts, progress)
    render.emit(asdict(report), as_json, lambda: lookahead_report(report))
    if report.leaks:
        raise typer.Exit(1)
