"""The commands about rewards: `bullpen rewards analyze`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli_options import AsJson, DataPath, Frequency, Home, Seed, Source, Symbols, desk_of

commands = typer.Typer(name="rewards", help="What agents are rewarded for.", rich_markup_mode=None)

Reward = Annotated[str, typer.Argument(help="default, reference, the name of a preset, or a YAML file of its fields.")]


@commands.callback()
def rewards() -> None:
    """What agents are rewarded for."""


@commands.command()
def analyze(
    reward: Reward = "default",
    source: Source = None,
    path: DataPath = None,
    symbols: Symbols = None,
    seed: Seed = None,
    frequency: Frequency = None,
    bars: Annotated[int, typer.Option(help="How many of the last bars are acted over.", min=2)] = 1000,
    agent_seed: Annotated[int, typer.Option(help="Seed of the random actions.")] = 0,
    policy: Annotated[bool, typer.Option("--policy/--no-policy", help="Ask the policy in use too.")] = True,
    out: Annotated[Path | None, typer.Option(help="Folder for page and figures [default: in the home].")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Size, noise, likeness and dominance of a reward's components, when acting at random, holding, and by policy."""
    from app import render
    from app.render_backtest import steps
    from app.render_rewards import rewards_report
    from app.rewards import RewardOrder, analyze_rewards, read_reward

    read_reward(reward)
    desk = desk_of(source=source, path=path, symbols=symbols, seed=seed, frequency=frequency, home=home)
    folder = out or desk.settings.home / "rewards" / Path(reward).stem
    order = RewardOrder(reward, bars, agent_seed, policy)
    with steps("ways of acting", quiet=as_json) as progress:
        report = analyze_rewards(desk.market, order, folder, progress)
    render.emit(report, as_json, lambda: rewards_report(report))
