"""How fast the vectorised engine is, beside other engines. Run: python -m benchmarks.market.vectorised

vectorbt, backtesting.py and bt get the same cent prices and the same ready-made signals: long while SMA(20) > SMA(50),
one account a symbol, whole shares, 10 bps a side. Times are the best of some turns, because other work may share the
machine. What runs in a process of its own says so; that process is this file with a name behind it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from data.market import FloatArray
from tests.oracles.walks import Walks, average, walks
from tools.backtest.rules import Rules, SimulatedFill
from tools.backtest.vectorised.signals import run_signals

SLOTS, SYMBOLS, SETS = 2520, 100, 100
BARS = SLOTS * SYMBOLS
CASH, RATE_BPS = 100_000.0, 10.0
TURNS = 25
COLD = ("empty compile cache", "empty compile cache, processor time", "compiled before")


def main() -> None:
    """Measure and publish; as a process of its own, print what it measured."""
    if len(sys.argv) > 1 and sys.argv[1] in CHILDREN:
        sys.stdout.write(json.dumps(CHILDREN[sys.argv[1]]()))
        return
    from benchmarks.figures import publish

    publish("vectorised", [*_side_by_side(), *_shared(), *_many_columns(), *_cold()])


def ours(market: Walks, columns: Any, fill: SimulatedFill = "same_close") -> FloatArray:
    """Equity (T, C) of the vectorised engine."""
    rules = Rules(fill=fill, sizing="fill", initial_cash=CASH)
    return run_signals(market.close, market.open, market.signal, columns, rules, rate_bps=RATE_BPS, lot=1.0).equity


class VectorBt:
    """vectorbt, given entries and exits made beforehand."""

    def __init__(self, market: Walks, columns: Any) -> None:
        import vectorbt

        self._library = vectorbt
        changes = np.diff(market.signal, axis=0, prepend=np.zeros((1, market.signal.shape[1]), dtype=np.int8))
        self._close, self._in, self._out = market.close[:, columns], changes > 0, changes < 0

    def run(self) -> Any:
        """Orders only; its value is computed when it is asked for."""
        return self._library.Portfolio.from_signals(
            self._close, self._in, self._out, price=self._close, size=np.inf, fees=RATE_BPS * 1e-4, init_cash=CASH,
            size_granularity=1.0, freq="1D",
        )  # fmt: skip

    def equity(self) -> FloatArray:
        """Orders, then equity (T, C)."""
        return self.run().value().to_numpy()


def backtesting_final(market: Walks) -> FloatArray:
    """Equity at the end (S,) of backtesting.py, one run a symbol, filled at the next open."""
    import backtesting
    import pandas as pd

    class Follow(backtesting.Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            now, before = self.data.Signal[-1], self.data.Signal[-2]
            if now > before:
                self.buy()
            elif now < before:
                self.position.close()

    out = np.empty(SYMBOLS)
    days = pd.date_range("2014-01-01", periods=SLOTS)
    for s in range(SYMBOLS):
        o, c = market.open[:, s], market.close[:, s]
        bars = pd.DataFrame(
            {"Open": o, "High": np.maximum(o, c), "Low": np.minimum(o, c), "Close": c, "Volume": 1.0,
             "Signal": market.signal[:, s].astype(float)}, index=days,
        )  # fmt: skip
        stats = backtesting.Backtest(bars, Follow, cash=CASH, commission=RATE_BPS * 1e-4).run()
        out[s] = np.asarray(stats["_equity_curve"]["Equity"])[-1]
    return out


def bt_final(market: Walks) -> FloatArray:
    """Equity at the end (S,) of bt, one run a symbol, filled at the same close."""
    import bt
    import pandas as pd

    days, out = pd.date_range("2014-01-01", periods=SLOTS), np.empty(SYMBOLS)
    for s in range(SYMBOLS):
        flips = np.flatnonzero(np.diff(market.signal[:, s], prepend=np.int8(0)))
        rows = pd.DataFrame({"s": market.signal[flips, s].astype(float)}, index=days[flips])
        algos = [bt.algos.RunOnDate(*rows.index), bt.algos.WeighTarget(rows), bt.algos.Rebalance()]
        test = bt.Backtest(
            bt.Strategy("s", algos), pd.DataFrame({"s": market.close[:, s]}, index=days), initial_capital=CASH,
            commissions=lambda quantity, price: abs(quantity) * price * RATE_BPS * 1e-4, progress_bar=False,
        )  # fmt: skip
        bt.run(test)
        out[s] = test.strategy.values.to_numpy()[-1]
    return out


def _side_by_side() -> list[Any]:
    """100 symbols of 2,520 daily bars, every engine in this process, warm."""
    import warnings

    from benchmarks.figures import figure

    warnings.simplefilter("ignore")
    market, columns = walks(SLOTS, SYMBOLS), np.arange(SYMBOLS)
    mine, opened, theirs = ours(market, columns), ours(market, columns, "next_open"), VectorBt(market, columns)
    their_equity = theirs.equity()
    turns = [
        (seconds(lambda: ours(market, columns)), seconds(theirs.run), seconds(theirs.equity)) for _ in range(TURNS)
    ]
    fast, slow, slower = (min(times) for times in zip(*turns, strict=True))
    start = time.perf_counter()
    single, middle = backtesting_final(market), time.perf_counter()
    other, end = bt_final(market), time.perf_counter()
    flips = int((np.diff(market.signal, axis=0, prepend=0) != 0).sum())
    what = f"{SYMBOLS} symbols x {SLOTS} bars, {flips} signal changes, one process, one core"
    warm = f"best of {TURNS} turns, {what}, {os.getloadavg()[0]:.0f} processes running on the machine"
    return [
        figure("vectorised, sleeves with full equity, warm", BARS / fast / 1e6, "M bars/s", warm),
        figure("vectorbt from_signals without equity, warm", BARS / slow / 1e6, "M bars/s", warm),
        figure("vectorbt from_signals with value(), warm", BARS / slower / 1e6, "M bars/s", warm),
        figure("vectorised over vectorbt without equity", slow / fast, "times", warm),
        figure("vectorised over vectorbt with value()", slower / fast, "times", warm),
        figure("backtesting.py, single runs with statistics", BARS / (middle - start) / 1e6, "M bars/s", what),
        figure("bt, single runs", BARS / (end - middle) / 1e6, "M bars/s", what),
        figure("largest difference to vectorbt", _apart(mine, their_equity), "1e-9 of value", "every bar, same close"),
        figure("largest difference to backtesting.py", _apart(opened[-1], single), "1e-9 of value", "end, next open"),
        figure("largest difference to bt", _apart(mine[-1], other), "1e-9 of value", "end, same close"),
    ]


def _shared() -> list[Any]:
    """One account of shared cash, every symbol traded at every slot: the full law, with caps, lots and impact."""
    from benchmarks.figures import figure
    from tests.tools.backtest.random_tapes import plain_tape
    from tools.backtest.vectorised.weights import run_sweep
    from tools.market.terms import proportional_terms

    market, sets = walks(SLOTS, SYMBOLS), 8
    tape = replace(plain_tape(market.close, market.open), volume=np.full(market.close.shape, 1e6))
    cap, lot, impact = np.full(SYMBOLS, 0.1), np.ones(SYMBOLS), np.full(SYMBOLS, 0.5)
    terms = proportional_terms(np.full(SYMBOLS, RATE_BPS))._replace(cap=cap, lot=lot, impact=impact)
    weights = np.random.default_rng(0).dirichlet(np.ones(SYMBOLS), (sets, SLOTS))
    took = [seconds(lambda: run_sweep(tape, weights, terms, Rules())) for _ in range(5)]
    what = f"best of 4, {sets} sets of weights x {SYMBOLS} symbols x {SLOTS} bars, each symbol traded at each bar"
    return [figure("vectorised, shared cash, warm", sets * BARS / min(took[1:]) / 1e6, "M bars/s", what)]


def _apart(mine: FloatArray, theirs: FloatArray) -> float:
    return float(np.abs(mine / theirs - 1.0).max()) * 1e9


def _many_columns() -> list[Any]:
    """100 symbols x 100 pairs of averages, each engine in a process of its own."""
    from benchmarks.figures import figure

    found = []
    columns = SYMBOLS * SETS
    what = f"{SYMBOLS} symbols x {SETS} sets x {SLOTS} bars = {columns * SLOTS / 1e6:.1f} M bars, own process"
    for name, child in (("vectorised", "ours"), ("vectorbt", "vectorbt")):
        told = _child(child)
        found += [
            figure(f"{name}, {columns} columns with full equity", told["rate"], "M bars/s", f"{told['note']}, {what}"),
            figure(f"{name}, {columns} columns, peak memory", told["peak_mb"], "MB", f"whole process, {what}"),
        ]
    return found


def _many() -> tuple[Walks, Any]:
    market = walks(SLOTS, SYMBOLS)
    signal = np.empty((SLOTS, SYMBOLS * SETS), dtype=np.int8)
    pairs = [(fast, slow) for fast in range(5, 55, 5) for slow in range(60, 260, 20)]
    for k, (fast, slow) in enumerate(pairs):
        chosen = slice(k * SYMBOLS, (k + 1) * SYMBOLS)
        signal[:, chosen] = average(market.close, fast) > average(market.close, slow)
    return market._replace(signal=signal), np.tile(np.arange(SYMBOLS), SETS)


def _many_ours() -> dict[str, Any]:
    market, columns = _many()
    ours(market, columns)
    return _told(min(seconds(lambda: ours(market, columns)) for _ in range(9)), "best of 9")


def _many_vectorbt() -> dict[str, Any]:
    theirs = VectorBt(*_many())
    theirs.run()
    return _told(seconds(theirs.equity), "once, warm")


def _told(took: float, note: str) -> dict[str, Any]:
    status = Path("/proc/self/status").read_text()  # ru_maxrss would begin with the peak of the process before exec
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024.0
    return {"rate": BARS * SETS / took / 1e6, "peak_mb": peak, "note": note}


def _first_ours() -> dict[str, Any]:
    return {"end": float(ours(walks(SLOTS, SYMBOLS), np.arange(SYMBOLS))[-1].sum())}


def _first_vectorbt() -> dict[str, Any]:
    return {"end": float(VectorBt(walks(SLOTS, SYMBOLS), np.arange(SYMBOLS)).equity()[-1].sum())}


def _cold() -> list[Any]:
    """First result of a fresh process, its start and imports included, nothing compiled before; then compiled."""
    from benchmarks.figures import figure

    found = []
    for name, child, fresh in (("vectorised", "first_ours", 3), ("vectorbt", "first_vectorbt", 1)):
        turns = [_from_cold(child) for _ in range(fresh)]
        what = f"best of {fresh} fresh processes, start and imports included, {SYMBOLS} symbols x {SLOTS} bars"
        for state, times in zip(COLD, zip(*turns, strict=True), strict=True):
            found.append(figure(f"{name}, first result, {state}", min(times), "s", what))
    return found


def _from_cold(child: str) -> tuple[float, ...]:
    """As COLD: what is busy beside it slows a process, but takes none of its processor time."""
    with tempfile.TemporaryDirectory() as cache:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = seconds(lambda: _child(child, cache))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return wall, processor, seconds(lambda: _child(child, cache))


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _child(name: str, cache: str = "") -> dict[str, Any]:
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": cache} if cache else {})}
    command = [sys.executable, "-m", "benchmarks.market.vectorised", name]
    told = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    return json.loads(told.stdout)


CHILDREN = {
    "ours": _many_ours, "vectorbt": _many_vectorbt, "first_ours": _first_ours, "first_vectorbt": _first_vectorbt,
}  # fmt: skip

if __name__ == "__main__":
    main()
