"""A training report as files and as words: JSON for machines, Markdown for people and the command line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.errors import StorageFailed
from rl.training.intervals import Estimate
from rl.training.report import GOOD_SHARPE, AgentLine, TrainingReport

JSON, MARKDOWN = "report.json", "report.md"
NOTES = (
    "Intervals are over seeds: what another training run would give on these same dates. The dates themselves are one"
    " draw: over three years a Sharpe ratio has a standard error of about 0.6 whatever the number of seeds.",
    "Agents and baselines pay the same costs. No seed was picked.",
)


def write_training_report(folder: Path, report: TrainingReport) -> None:
    """Write `report.json` and `report.md` into `folder`, each whole or not at all; StorageFailed where the disk fails.

    What is not a number (an interval over one seed) is null in the JSON file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(folder / JSON, json.dumps(as_json(report), indent=1, sort_keys=True, allow_nan=False) + "\n")
        _put(folder / MARKDOWN, markdown(report))
    except OSError as error:
        raise StorageFailed(f"the training report could not be written: {error.strerror}", "check --home") from error


def as_json(report: TrainingReport) -> dict[str, Any]:
    """The report as plain values, with what follows from it."""
    found: dict[str, Any] = _plain(asdict(report))
    return found | {
        "gap": report.gap,
        "worst_loss": report.worst_loss.symbol,
        "deepest_drawdown": report.deepest.symbol,
        "degenerate": {agent.symbol: list(agent.flags) for agent in report.degenerate},
    }


def markdown(report: TrainingReport) -> str:
    """The whole report: the summary, then a line for each agent."""
    rows = [_agent_row(agent) for agent in sorted(report.agents, key=lambda agent: -agent.sharpe.value)]
    head = ["agent", "Sharpe", "return", "drawdown", "turnover a year", "mean position", "degenerate"]
    return summary(report) + "\n## Agents\n\n" + table(head, rows)


def summary(report: TrainingReport) -> str:
    """All but the agents' own lines, as Markdown that also reads as plain text."""
    worst, deepest = report.worst_loss, report.deepest
    lines = [
        f"Sharpe of an agent (interquartile mean): {estimated(report.sharpe)}",
        f"Sharpe of all agents together: {estimated(report.together)}",
        f"Agents with a Sharpe above {GOOD_SHARPE}: {report.share_good:.0%}",
        f"Worst loss: {worst.symbol} {worst.total_return:.1%}",
        f"Deepest drawdown: {deepest.symbol} {deepest.max_drawdown:.1%}",
        f"Turnover of a sleeve a year: {sum(a.turnover for a in report.agents) / len(report.agents):.1f}",
        f"Gap, seen less {report.part}, Sharpe of the median agent: {report.gap:.2f}",
        f"Degenerate agents: {len(report.degenerate)} of {len(report.agents)}{_kinds(report)}",
    ]
    return "\n".join(
        [
            f"# Symbol agents on {report.part} dates\n",
            f"{len(report.agents)} agents, {report.bars} bars, {report.seeds} seeds.\n",
            *(f"- {line}" for line in lines),
            "\n## Beside baselines\n",
            _baselines(report),
            "## Seen, selected on, unseen\n",
            _parts(report),
            "## Actions, mean probability\n",
            table(list(report.actions), [[f"{odds:.1%}" for odds in report.actions.values()]]),
            *(f"* {note}" for note in NOTES),
            "",
        ]
    )


def estimated(found: Estimate) -> str:
    """A figure with its interval, where it has one."""
    if math.isnan(found.low):
        return f"{found.value:.2f}"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are padded, so that it reads as text too; the first is left-aligned."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = [("-" * w if i == 0 else "-" * (w - 1) + ":") for i, w in enumerate(widths)]
    return "\n".join([line(head), line(rule), *(line(row) for row in rows)]) + "\n"


def _agent_row(agent: AgentLine) -> list[str]:
    return [
        agent.symbol, estimated(agent.sharpe), f"{agent.total_return:.1%}", f"{agent.max_drawdown:.1%}",
        f"{agent.turnover:.1f}", f"{agent.mean_position:.2f}", ", ".join(agent.flags),
    ]  # fmt: skip


def _baselines(report: TrainingReport) -> str:
    median = report.parts[report.part]["agent_sharpe"]
    rows = [["agents", f"{report.together.value:.2f}", f"{median:.2f}", f"{report.share_good:.0%}"]]
    for name, found in report.baselines.items():
        rows.append([name, f"{found['sharpe']:.2f}", f"{found['agent_sharpe']:.2f}", f"{found['share_good']:.0%}"])
    return table(["", "Sharpe, together", "Sharpe, median symbol", f"above {GOOD_SHARPE}"], rows)


def _parts(report: TrainingReport) -> str:
    names = {
        "agent_sharpe": "median agent", "held_agent_sharpe": "its symbol held", "together_sharpe": "agents together",
        "held_together_sharpe": "equal weight",
    }  # fmt: skip
    rows = [[said, *(f"{found[key]:.2f}" for found in report.parts.values())] for key, said in names.items()]
    return table(["Sharpe", *report.parts], rows)


def _kinds(report: TrainingReport) -> str:
    counts: Mapping[str, int] = {
        flag: sum(flag in agent.flags for agent in report.degenerate)
        for flag in sorted({flag for agent in report.degenerate for flag in agent.flags})
    }
    return f" ({', '.join(f'{flag} {count}' for flag, count in counts.items())})" if counts else ""


def _plain(value: Any) -> Any:
    """The same with None for what is not a number."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _put(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
