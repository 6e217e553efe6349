"""The command that learns: `bullpen train`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli_options import AsJson, DataPath, Frequency, Home, Seed, Source, Symbols, desk_of

commands = typer.Typer(rich_markup_mode=None)

What = Annotated[str, typer.Argument(help="all, symbol-agents or meta-controller.")]


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
    desk = desk_of(source=source, path=path, seed=seed, symbols=symbols, frequency=frequency, home=home)
    with render.training(quiet=as_json) as progress:
        report = desk.train(order, progress, command=_said(sys.argv[1:]))
    render.emit(report, as_json, lambda: render.training_report(report))


def _said(arguments: list[str]) -> str:
    """The command as anyone can type it again: without where this desk lives and how it prints."""
    kept = [a for n, a in enumerate(arguments) if "--home" not in (a, arguments[n - 1] if n else "") and a != "--json"]
    return " ".join(["bullpen", *(a for a in kept if not a.startswith("--home="))])
