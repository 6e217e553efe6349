"""How fast the event-driven engine is, beside others in one process. Run: python -m benchmarks.market.event

The market and the rule of benchmarks.market.vectorised: 100 symbols of 2,520 daily bars, long while SMA(20) > SMA(50),
whole shares, 10 bps a side, signals made beforehand. Ours is one account of shared cash whose every order passes the
brokers' own last gate; backtesting.py and bt run one account a symbol and have no gate. Times are CPU time of the one
process, and the best of some turns, because other work may share the machine.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks.figures import Figure, figure, publish
from benchmarks.market.vectorised import BARS, CASH, RATE_BPS, SLOTS, SYMBOLS, backtesting_final, bt_final
from data.features.spec import Features
from data.history import History
from data.market import FloatArray
from data.panel import Panel
from data.snapshot import Snapshot
from tests.oracles.walks import Walks, walks
from tools.backtest.event.engine import run_events
from tools.backtest.event.moments import moments
from tools.backtest.result import Result
from tools.backtest.rules import Rules
from tools.backtest.tape import Tape
from tools.backtest.taping import tape_of
from tools.market.terms import proportional_terms
from tools.risk.gate.limits import GateLimits

TURNS = 15
RULES = Rules(initial_cash=CASH * SYMBOLS)
GATE = GateLimits()
TERMS = proportional_terms(np.full(SYMBOLS, RATE_BPS))._replace(lot=np.ones(SYMBOLS))


def main() -> None:
    """Measure and publish."""
    warnings.simplefilter("ignore")
    market = walks(SLOTS, SYMBOLS)
    tape = tape_of(market.close, market.open)
    publish("event", [*_side_by_side(market, tape), *_heavier(tape)])


def on_flips(market: Walks) -> FloatArray:
    """Weights (T, S): an equal share or nothing where a signal changes, NaN elsewhere."""
    flips = np.diff(market.signal, axis=0, prepend=np.int8(0)) != 0
    return np.where(flips, market.signal / SYMBOLS, np.nan)


def _side_by_side(market: Walks, tape: Tape) -> list[Figure]:
    rows, idle = on_flips(market), np.full(tape.close.shape, np.nan)
    calls = {
        "gated": lambda: _run(tape, rows, GATE), "bare": lambda: _run(tape, rows, None),
        "idle": lambda: _run(tape, idle, GATE),
    }  # fmt: skip
    result = calls["gated"]()
    sent = result.trades.slot.size + len(result.refused)
    took = _best(calls, TURNS)
    theirs, others = _cpu(lambda: backtesting_final(market)), _cpu(lambda: bt_final(market))
    what = f"{SYMBOLS} symbols x {SLOTS} bars, {sent} orders, {len(result.refused)} refused, CPU time of one process"
    best = f"best of {TURNS} turns, {what}"
    return [
        figure("event-driven, last gate on", BARS / took["gated"] / 1e3, "k bars/s", best),
        figure("event-driven, no gate", BARS / took["bare"] / 1e3, "k bars/s", best),
        figure("event-driven, no orders", BARS / took["idle"] / 1e3, "k bars/s", best),
        figure(
            "an order through the gate", 1e6 * (took["gated"] - took["idle"]) / sent, "us", f"over no orders, {best}"
        ),
        figure("backtesting.py, single runs with statistics", BARS / theirs / 1e3, "k bars/s", what),
        figure("bt, single runs", BARS / others / 1e3, "k bars/s", what),
        figure("event-driven over backtesting.py", theirs / took["gated"], "times", best),
        figure("event-driven over bt", others / took["gated"], "times", best),
    ]


def _heavier(tape: Tape) -> list[Figure]:
    """Every symbol rebalanced at every bar; and a strategy that looks at a snapshot of every slot."""
    daily = np.full(tape.close.shape, 0.95 / SYMBOLS)
    history = _history(tape)

    def look(snapshot: Snapshot) -> dict[str, float]:
        closes = snapshot.panel.close[-2:]
        if len(closes) == 2 and len(snapshot.panel.times) % 21 == 0:
            return dict.fromkeys(snapshot.symbols, 0.95 / SYMBOLS)
        return {}

    calls = {
        "daily": lambda: _run(tape, daily, GATE),
        "snapshots": lambda: run_events(tape, look, TERMS, RULES, moments=moments(history), gate=GATE),
    }
    result = calls["daily"]()
    took = _best(calls, 5)
    sent = result.trades.slot.size + len(result.refused)
    what = f"best of 5 turns, {SYMBOLS} symbols x {SLOTS} bars, last gate on, CPU time"
    return [
        figure(
            "every symbol rebalanced at every bar", BARS / took["daily"] / 1e3, "k bars/s", f"{what}, {sent} orders"
        ),
        figure("an order of those, all told", 1e6 * took["daily"] / sent, "us", f"{what}, {sent} orders"),
        figure("a snapshot of every slot", BARS / took["snapshots"] / 1e3, "k bars/s", f"{what}, rebalanced every 21"),
    ]


def _run(tape: Tape, rows: FloatArray, gate: GateLimits | None) -> Result:
    def row(slot: int) -> FloatArray:
        return rows[slot]

    return run_events(tape, row, TERMS, RULES, gate=gate)


def _cpu(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def _best(calls: dict[str, Callable[[], Result]], turns: int) -> dict[str, float]:
    """The shortest CPU time of each call, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(turns):
        for name, call in calls.items():
            times[name].append(_cpu(call))
    return {name: min(found) for name, found in times.items()}


def _history(tape: Tape) -> History:
    """The tape's bars as a history without features."""
    panel = Panel(
        tape.instruments, tape.times, tape.open, np.maximum(tape.open, tape.close), np.minimum(tape.open, tape.close),
        tape.close, tape.volume, np.zeros(tape.close.shape, dtype=np.int64), np.zeros(SYMBOLS, dtype=np.bool_),
    )  # fmt: skip
    none = Features((), np.empty((SLOTS, SYMBOLS, 0)), (), np.empty((SLOTS, 0)))
    return History("walks", panel, none, tape.open, np.ones(tape.close.shape, dtype=np.bool_), "walks", {})


if __name__ == "__main__":
    main()
