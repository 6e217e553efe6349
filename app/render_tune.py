"""What a search prints: its trials, best first, and what the number of them means for the figure."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from app.render import console, say

SHOWN = 12
"""Trials on one screen; the rest are in the table on disk."""


def search_report(report: dict[str, Any]) -> None:
    """Trials, where the table is, and how to train with the best."""
    label = "SIMULATED · " if report["source"] == "simulated" else ""
    failed = sum(bool(trial["error"]) for trial in report["trials"])
    say(f"\n{label}{report['source']}, {report['method']} search: {len(report['trials'])} trials, {failed} failed")
    table = Table(box=None, pad_edge=False)
    for column in ("trial", "held-out Sharpe", "trained", "settings"):
        table.add_column(column, justify="left" if column == "settings" else "right")
    for trial in report["trials"][:SHOWN]:
        figure = "" if trial["figure"] is None else f"{trial['figure']:.3f}"
        settings = trial["error"] or ", ".join(f"{name}={_short(value)}" for name, value in trial["params"].items())
        table.add_row(str(trial["number"]), figure, f"{trial['fraction']:.0%}", settings)
    console.print(table)
    say(
        f"  NOTE: the best of {report['compared']} compared (figures' sd {report['figure_sd']:.3f}) flatters itself; "
        "unseen dates were not looked at."
    )
    say(f"Table: {report['folder']}/search.json")
    say(f"Train with it: bullpen train --preset {report['preset']}")


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
