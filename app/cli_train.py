"""The command that learns: `bullpen train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from app.desk import Desk

commands = typer.Typer(rich_markup_mode=None)

What = Annotated[str, typer.Argument(help="all, symbol-agents or meta-controller.")]
Source = Annotated[str | None, typer.Option(help="simulated, sample, files or yahoo [default: simulated].")]
DataPath = Annotated[str | None, typer.Option("--path", help="Folder of Parquet or CSV files (source: files).")]
Seed = Annotated[int | None, typer.Option(help="Seed of the simulated market.")]
Symbols = Annotated[str | None, typer.Option(help="Comma-separated universe [default: all the source has].")]
Frequency = Annotated[str | None, typer.Option(help="Bar frequency: 1d or 1h.")]
Home = Annotated[Path | None, typer.Option(help="Where the desk keeps everything [env: BULLPEN_HOME].")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def _desk(**given: Any) -> Desk:
    from app.desk import Desk
    from app.settings import load_settings

    return Desk(load_settings(**given))


@commands.command()
def train(
    what: What = "all",
    preset: Annotated[str, typer.Option(help="quick, standard, full, or a YAML file.")] = "quick",
    source: Source = None,
    path: DataPath = None,
    seed: Seed = None,
    symbols: Symbols = None,
    frequency: Frequency = None,
    train_seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped or killed.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Stages trained side by side; the bits stay the same.")] = 2,
    track: Annotated[str, typer.Option(help="Comma-separated: jsonl, tensorboard, mlflow, wandb (offline).")] = "",
    promote: Annotated[bool, typer.Option("--promote", help="Put it in use at once, not as challenger.")] = False,
    ship: Annotated[bool, typer.Option("--ship", help="Write into the project's shipped policies.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train symbol agents (PPO) and the meta-controller (SAC) on a source; prints seen beside unseen."""
    from app import render
    from app.training import TrainingOrder

    order = TrainingOrder(what, preset, train_seed, resume, workers, track, promote, ship)
    desk = _desk(source=source, path=path, seed=seed, symbols=symbols, frequency=frequency, home=home)
    with render.training(quiet=as_json) as progress:
        report = desk.train(order, progress, command=_said(sys.argv[1:]))
    render.emit(report, as_json, lambda: render.training_report(report))


def _said(arguments: list[str]) -> str:
    """The command as anyone can type it again: without where this desk lives and how it prints."""
    kept = [a for n, a in enumerate(arguments) if "--home" not in (a, arguments[n - 1] if n else "") and a != "--json"]
    return " ".join(["bullpen", *(a for a in kept if not a.startswith("--home="))])
