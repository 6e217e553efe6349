"""The golden runs: every shipped strategy on two fixed windows, its statistics and the hash of its orders.

A change of either is a change of what the desk would have done. Where it is meant, write the new ones deliberately:

    python -m tests.tools.backtest.golden_runs
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data.arrays import features_from, panel_from
from data.builder import LakeSnapshots
from data.clock import Slots, slot_text, to_datetime
from data.history import History
from data.lake.lake import Lake
from data.sources.protocol import Source
from data.sources.sample import SampleSource
from data.sources.simulated import SimulatedSource
from tools.backtest.event.engine import run_events
from tools.backtest.event.moments import moments
from tools.backtest.metrics import summary
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.shipped import SHIPPED
from tools.backtest.taping import tape_from_history
from tools.market.costs import CostModel
from tools.market.terms import terms_of
from tools.risk.gate.limits import GateLimits

GOLDENS = Path(__file__).parent / "goldens"
SLOTS = 750
DIGITS = 10
"""Significant digits of a statistic."""


@dataclass(frozen=True)
class Window:
    """`SLOTS` slots from `first` on; `begin` is where the data begin that features look back to."""

    source: Source
    begin: datetime
    first: datetime


def windows() -> dict[str, Window]:
    """The simulated market of seed 7 after two years of warm-up, and the real closes of the nineties."""
    simulated = SimulatedSource(seed=7, end="2019-12-31")
    return {
        "simulated": Window(simulated, datetime(2015, 1, 1, tzinfo=UTC), datetime(2017, 1, 3, tzinfo=UTC)),
        "sample": Window(SampleSource(), datetime(1990, 1, 1, tzinfo=UTC), datetime(1992, 1, 2, tzinfo=UTC)),
    }


def history_of(window: Window, root: Path) -> History:
    """The history of a window, computed from a lake of its own."""
    slots = Slots(window.source.calendar)
    last = to_datetime(slots.between(window.first, datetime(2019, 12, 31, tzinfo=UTC))[SLOTS - 1])
    whole = LakeSnapshots(window.source, Lake(root), slots).history(window.begin, last)
    first = len(whole.panel.times) - SLOTS
    return replace(
        whole, panel=panel_from(whole.panel, first), features=features_from(whole.features, first),
        fill=whole.fill[first:], ready=whole.ready[first:],
    )  # fmt: skip


def run(history: History, name: str) -> Result:
    """A shipped strategy at the desk's costs, filled at the next open, through the last gate."""
    tape = tape_from_history(history)
    terms = terms_of(tape.instruments, CostModel())
    return run_events(tape, SHIPPED[name], terms, Rules(), moments=moments(history), gate=GateLimits())


def told(result: Result) -> dict[str, float | str]:
    """What is kept of a run: statistics to DIGITS digits, how many orders the gate refused, and the order hash."""
    figures = {name: float(f"{value:.{DIGITS}g}") for name, value in summary(result, 252.0).items()}
    return {**figures, "refused": float(len(result.refused)), "order_hash": result.order_hash()}


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """A line for each statistic that changed: name, old -> new."""
    return [
        f"{name}: {old.get(name, 'absent')} -> {new.get(name, 'absent')}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def golden(source: str) -> dict[str, dict[str, float | str]]:
    """What is committed for a source, by strategy; empty where nothing is."""
    path = GOLDENS / f"{source}.json"
    return json.loads(path.read_text(encoding="utf-8"))["strategies"] if path.is_file() else {}


def main() -> None:
    """Run everything and write what it gives, telling what changed."""
    GOLDENS.mkdir(exist_ok=True)
    for source, window in windows().items():
        with tempfile.TemporaryDirectory() as root:
            history = history_of(window, Path(root))
        new = {name: told(run(history, name)) for name in SHIPPED}
        for name, figures in new.items():
            for line in difference(golden(source).get(name, {}), figures):
                sys.stdout.write(f"{source} {name} {line}\n")
        ends = [slot_text(to_datetime(time)) for time in (history.panel.times[0], history.panel.times[-1])]
        kept = {
            "from": ends[0],
            "to": ends[1],
            "slots": SLOTS,
            "symbols": len(history.panel.symbols),
            "strategies": new,
        }
        text = json.dumps(kept, indent=1, sort_keys=True)
        (GOLDENS / f"{source}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
