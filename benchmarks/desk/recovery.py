"""From a SIGKILL in a cycle to the finished cycle, imports aside. Run: python -m benchmarks.desk.recovery"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.desk.market import a_desk, write_market
from benchmarks.figures import figure, publish

SYMBOLS, CYCLES, SEED = 143, 100, 0
FIRST_CYCLE = """
import json, sys
from pathlib import Path
from benchmarks.desk.market import a_desk
a_desk(Path(sys.argv[1]), Path(sys.argv[2])).cycle(sys.argv[3])
print(json.dumps(sorted(sys.modules)))
"""


def main() -> None:
    """Kill each cycle once at a random time; finish it in a process forked from one that knows all modules."""
    with tempfile.TemporaryDirectory() as folder:
        home, market = Path(folder) / "home", Path(folder) / "market"
        days = write_market(market, SYMBOLS)[-CYCLES - 4 : -2]
        _import_all(home, market, days[0])
        whole = _seconds(home, market, days[1], None)[0]
        chance, taken = random.Random(SEED), list[float]()
        for day in days[2:]:
            killed = _seconds(home, market, day, chance.uniform(0.0, whole))[1]
            seconds, code = _seconds(home, market, day, None)
            if code:
                raise SystemExit(f"the cycle of {day} did not finish after a kill")
            if killed == -signal.SIGKILL:
                taken.append(seconds)
    note = (
        f"{len(taken)} kills at random times, {SYMBOLS} symbols; a fresh process, forked, opens ledger, checkpoints and"
        f" lake anew; an undisturbed one takes {whole:.2f} s"
    )
    publish("desk_recovery", [
        figure("kill to finished cycle, median", statistics.median(taken), "s", note),
        figure("kill to finished cycle, p99", statistics.quantiles(taken, n=100, method="inclusive")[98], "s", note),
        figure("kill to finished cycle, worst", max(taken), "s", note),
    ])  # fmt: skip


def _import_all(home: Path, market: Path, day: str) -> None:
    """Run the first cycle elsewhere, and import here what it imported: no thread starts in this process."""
    command = [sys.executable, "-c", FIRST_CYCLE, str(home), str(market), day]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in json.loads(done.stdout.splitlines()[-1]):
        with suppress(ImportError):
            importlib.import_module(name)


def _seconds(home: Path, market: Path, day: str, kill_after_s: float | None) -> tuple[float, int]:
    """How long a forked process was at the cycle, and its exit code (negative for a signal)."""
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            a_desk(home, market).cycle(day)
            code = 0
        finally:
            os._exit(code)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return time.perf_counter() - start, code


if __name__ == "__main__":
    main()
