"""What the analysis of a reward prints: one table for each way of acting, and what drowns the rest."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from app.render import console, say

_COLUMNS = ("mean", "sd", "low", "high", "share", "signal_to_noise")


def rewards_report(report: dict[str, Any]) -> None:
    """Figures by component, dominance, and where the page is."""
    settings = report["settings"]
    label = "SIMULATED · " if settings["source"] == "simulated" else ""
    say(f"\n{label}{settings['source']}, the last {settings['bars']} bars")
    for name, found in report["behaviours"].items():
        console.print(_table(name, found))
        for component in found["dominant"]:
            say(f"  NOTE: {component} is {found['figures'][component]['share']:.0%} of the absolute total.")
    say(f"Page: {report['page']}")


def _table(name: str, found: dict[str, Any]) -> Table:
    title = f"{name}: {found['steps']:,} steps, reward {found['reward_mean']:.4f} ± {found['reward_sd']:.4f}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("", *_COLUMNS):
        table.add_column(column.replace("_", " "), justify="left" if not column else "right")
    for component, figures in found["figures"].items():
        if figures["share"] == 0.0:
            continue
        texts = [f"{figures[c]:.1%}" if c == "share" else f"{figures[c]:.4f}" for c in _COLUMNS]
        table.add_row(component, *texts)
    return table
