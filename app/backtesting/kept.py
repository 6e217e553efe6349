"""A finished run as it is kept: figures, notes and files, under a name that says what was asked."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from app.backtesting.request import BacktestRequest
from app.code_hash import code_hash
from data.clock import slot_text, to_datetime
from tools.backtest.files import SUMMARY, save
from tools.backtest.metrics import summary
from tools.backtest.report import REPORT, Page, write_report
from tools.backtest.result import Result

ALWAYS = (
    "One path of the past is one draw: the standard error of the Sharpe ratio stands beside it, and does not count how "
    "many other strategies were tried first.",
    "The universe is the source's as it stands today; names that vanished before are missing unless the source has "
    "them (survivorship).",
    "Dividends count only where the source's prices are adjusted for them.",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run and what it is shown beside."""

    name: str
    source: str
    simulated: bool
    result: Result
    baselines: Mapping[str, Result]
    at_costs: Mapping[str, Result]
    rules: Mapping[str, Any]
    counts: Mapping[str, int]
    """Such as clamps, halted slots, refused orders."""
    notes: tuple[str, ...]
    leakage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What stands under `leakage` in the summary of a run with a chat model."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a run is, and what its summary says."""

    folder: Path
    report: Path
    summary: dict[str, Any]


def kept_runs(home: Path) -> tuple[str, ...]:
    """The names of the runs kept under a home, the newest first."""
    found = [path for path in (home / "backtests").glob(f"*/{SUMMARY}") if not path.parent.name.startswith(".")]
    return tuple(path.parent.name for path in sorted(found, key=lambda p: (-p.stat().st_mtime, p.parent.name)))


def folder_of(home: Path, request: BacktestRequest, origin: Mapping[str, Any]) -> Path:
    """Where a run is kept by default: a name for people, and eight digits of everything it depends on."""
    everything = {"request": request.as_json(), "origin": dict(origin), "code": code_hash()}
    digest = hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()[:8]
    name = Path(request.strategy.split(":")[0]).stem + (
        "-" + request.strategy.split(":")[1] if ":" in request.strategy else ""
    )
    return home / "backtests" / f"{name}-{digest}"


def keep(folder: Path, request: BacktestRequest, compared: Comparison) -> Kept:
    """Write the run with its report; InputError where `folder` holds other things, StorageFailed on a full disk."""
    figures = {
        "this run": summary(compared.result),
        **{name.replace("_", " "): summary(result) for name, result in compared.baselines.items()},
    }
    at_costs = {name: _short(summary(result)) for name, result in compared.at_costs.items()}
    times = compared.result.times
    told: dict[str, Any] = {
        "strategy": compared.name,
        "source": compared.source,
        "simulated": compared.simulated,
        "from": slot_text(to_datetime(times[0])),
        "to": slot_text(to_datetime(times[-1])),
        "slots": int(times.size),
        "request": request.as_json(),
        "rules": dict(compared.rules),
        "figures": figures,
        "at_costs": at_costs,
        "counts": dict(compared.counts),
        "notes": [*compared.notes, *ALWAYS],
        "code": code_hash(),
        **({"leakage": dict(compared.leakage)} if compared.leakage else {}),
    }
    page = Page(
        title=f"{compared.name} on {compared.source}, {told['from'][:10]} to {told['to'][:10]}",
        label="SIMULATED" if compared.simulated else "",
        result=compared.result,
        figures=figures,
        curves=compared.baselines,
        costs=at_costs,
        rules={**{k: str(v) for k, v in compared.rules.items()}, **{k: str(v) for k, v in compared.counts.items()}},
        notes=(*compared.notes, *ALWAYS),
    )
    save(folder, compared.result, told, extra=partial(write_report, page=page))
    return Kept(folder, folder / REPORT, {**told, "order_hash": compared.result.order_hash()})


def refusals(result: Result) -> dict[str, int]:
    """Orders the last gate refused, by its rule."""
    return {f"refused: {rule}": n for rule, n in sorted(Counter(r.rule for r in result.refused).items())}


def _short(figures: Mapping[str, float]) -> dict[str, float]:
    wanted = ("total_return", "annual_return", "sharpe", "max_drawdown", "costs")
    return {name: figures[name] for name in wanted if name in figures}
