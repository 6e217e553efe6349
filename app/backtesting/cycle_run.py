"""The cycle as its own backtest: the very graph, ledger and paper venue of the desk, slot by slot over the past.

A run has a home of its own, so that neither the desk's book nor its kill switch is touched; it shares the desk's lake
and policies. Slots that are done are never run again: an interrupted backtest goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.desk import Desk
from app.settings import Settings
from app.stores import Stores
from data.clock import parse_slot, slot_text, to_datetime, to_datetime64
from data.errors import InputError, OutOfRange
from data.lake.lake import Lake
from graph.record import CycleRecord
from rl.store import SHIPPED, PolicyStore
from tools.backtest.result import Result, Trades
from tools.execution.orders import Fill

if TYPE_CHECKING:
    from app.runtime import Market

Progress = Callable[[int, int], None]
"""(slots done, slots in all)."""


@dataclass(frozen=True)
class RunStores(Stores):
    """A run's own ledger, venue and checkpoints, on the lake and the policies of the desk at `desk_home`."""

    desk_home: Path

    @cached_property
    def lake(self) -> Lake:
        """The desk's lake."""
        return Lake(self.desk_home / "lake")

    @cached_property
    def policies(self) -> PolicyStore:
        """The desk's policies."""
        return PolicyStore((self.desk_home / "policies", SHIPPED))


class BacktestDesk(Desk):
    """The desk, with what it writes kept in `run_home`. Nobody is there to approve, so nobody is asked.

    Whatever venue the book's settings name, its past is traded on paper."""

    def __init__(self, settings: Settings, run_home: Path) -> None:
        super().__init__(settings.model_copy(update={"approval": "never", "venue": "paper", "live": False}))
        self._run_home = run_home

    @property
    def _home(self) -> Path:
        return self._run_home

    @cached_property
    def _stores(self) -> Stores:
        self._run_home.mkdir(parents=True, exist_ok=True)
        return RunStores(self._run_home, self.settings.home)

    @cached_property
    def market(self) -> Market:
        """As Desk's; what its chat model uses up counts to the day of the slot: a run is the same on any day."""
        return replace(super().market, spending_day=lambda slot: slot[:10])

    def without_llm(self, run_home: Path) -> BacktestDesk:
        """The same desk, in another home, with no chat model."""
        return BacktestDesk(self.settings.model_copy(update={"llm": "none", "mask": False}), run_home)


def run_cycles(desk: Desk, start: str, end: str, progress: Progress) -> tuple[Result, tuple[CycleRecord, ...]]:
    """Run the cycle at every slot from `start` to `end` (ISO) and put the records together.

    OutOfRange where there are fewer than three slots.
    """
    slots = desk.market.slots.between(parse_slot(start), parse_slot(end))
    if slots.size < 3:
        raise OutOfRange(f"there are {slots.size} slots from {start} to {end}", "choose a longer window")
    records: list[CycleRecord] = []
    for n, slot in enumerate(slots):
        outcome = desk.cycle(slot_text(to_datetime(slot)))
        if outcome.record is None:
            raise InputError(f"cycle {outcome.cycle_id} waits for a person", "a backtest needs approval: never")
        records.append(outcome.record)
        progress(n + 1, int(slots.size))
    return result_of(records), tuple(records)


def result_of(records: Sequence[CycleRecord]) -> Result:
    """The account as the books of consecutive records show it, at the close of each slot."""
    times = np.array([to_datetime64(parse_slot(record.slot)) for record in records])
    symbols = tuple(sorted({s for r in records for s in (*r.verdict.weights, *r.opening.positions)} - {"CASH"}))
    units = np.zeros((len(records), len(symbols)))
    for t, record in enumerate(records):
        for symbol, position in record.opening.positions.items():
            units[t, symbols.index(symbol)] = position.quantity
    return Result(
        symbols,
        times,
        np.array([r.opening.net_asset_value for r in records]),
        np.array([r.opening.cash for r in records]),
        units,
        _trades([f for r in records for f in (*r.settled, *r.fills)], times, symbols),
    )


def _trades(fills: Sequence[Fill], times: np.ndarray, symbols: tuple[str, ...]) -> Trades:
    """Fills up to the last slot; each belongs to the first slot at or after the instant of its price."""
    moments = np.array([to_datetime64(parse_slot(f.bar_time)) for f in fills], dtype="datetime64[ns]")
    rows = np.searchsorted(times, moments, side="left")
    made = [(int(row), f) for row, f in zip(rows, fills, strict=True) if row < times.size]
    return Trades(
        np.array([row for row, _ in made], dtype=np.int64),
        np.array([symbols.index(f.symbol) for _, f in made], dtype=np.int64),
        np.array([f.quantity if f.side == "buy" else -f.quantity for _, f in made], dtype=np.float64),
        np.array([f.price for _, f in made], dtype=np.float64),
        np.array([f.cost for _, f in made], dtype=np.float64),
        np.ones(len(made)),
    )
