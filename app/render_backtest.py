"""What backtests print: progress with the time that is left, and the figures beside their baselines."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from app.render import console, say
from tools.backtest.words import figure_name, figure_text

if TYPE_CHECKING:
    from app.backtesting.kept import Kept
    from tools.backtest.lookahead import LookaheadReport


@contextmanager
def steps(what: str, quiet: bool) -> Generator[Callable[[int, int], None]]:
    """A bar with the time that is left; told (done, all)."""
    if quiet:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def backtest_report(kept: Kept) -> None:
    """Figures in one screen, and where the rest is."""
    told = kept.summary
    label = "SIMULATED · " if told["simulated"] else ""
    say(f"\n{label}{told['strategy']} on {told['source']}, {told['from'][:10]} to {told['to'][:10]}, "
        f"{told['slots']} slots")  # fmt: skip
    console.print(_table(told["figures"]))
    if told["at_costs"]:
        console.print(_table(told["at_costs"], title="The same decisions at other costs"))
    if "leakage" in told:
        _leakage(told["leakage"])
    for name, count in told["counts"].items():
        say(f"{name}: {count}")
    for note in told["notes"]:
        say(f"  NOTE: {note}")
    say(f"Order list sha256 {told['order_hash'][:16]}")
    say(f"Report: {kept.report}")


def _leakage(told: dict[str, Any]) -> None:
    """The run and its twin without a chat model, by part; what may be claimed stands among the notes."""
    columns = {
        f"{name}{which}": figures[key]
        for name, figures in told["parts"].items()
        for which, key in (("", "run"), (", llm off", "llm_off"))
        if figures[key]
    }
    console.print(_table(columns, title=f"With {told['model']} and without, by its knowledge cutoff"))
    for name, figures in told["parts"].items():
        spoke, fell = figures["cycles_llm_spoke"], figures["cycles_llm_fell_back"]
        say(f"{name}: {figures['cycles']} cycles, the model spoke in {spoke} and was done without in {fell}")


def lookahead_report(report: LookaheadReport) -> None:
    """Every leak, the first by slot on top."""
    compared = f"{report.compared:,} numbers in {report.cuts} shortened runs"
    if not report.leaks:
        say(f"{report.strategy}: nothing changed once the future was known ({compared}).")
        say("  NOTE: this finds what depends on later data; it cannot find what its author learned from it.")
        return
    first = report.leaks[0]
    say(f"{report.strategy} sees the future: {first.kind} {first.name!r} leaks first, at {first.slot} ({compared}).")
    for leak in report.leaks:
        where = f" of {leak.symbol}" if leak.symbol and leak.symbol != leak.name else ""
        say(
            f"  {leak.kind} {leak.name}{where} at {leak.slot}: {leak.with_future:.6g} with the future, "
            f"{leak.without:.6g} with the data up to {leak.known_until}"
        )


def _table(columns: dict[str, dict[str, float]], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("", *columns):
        table.add_column(name, justify="left" if not name else "right")
    for figure in dict.fromkeys(f for figures in columns.values() for f in figures):
        table.add_row(figure_name(figure), *(figure_text(figure, figures.get(figure)) for figures in columns.values()))
    return table
