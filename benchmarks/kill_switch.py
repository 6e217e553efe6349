"""How fast the kill switch works when everything else fails. Run: python -m benchmarks.kill_switch"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure, publish
from tools.risk.kill_switch.halt import HALT_FILE

TRIALS = 100
NAIVE = 30
SEED = 0
COMMANDS = 9


def main() -> None:
    """Run the trials of tests/chaos and publish."""
    from tests.chaos.line_to_venue import venue_process
    from tests.chaos.trial import run, trials

    with venue_process() as port:
        kept = [_told(run(trial, port)) for trial in trials(TRIALS, SEED)]
        naive = [_told(run(trial, port)) for trial in trials(NAIVE, SEED, naive=True)]
    publish("kill_switch", [*_overall(kept, naive), *_by_fault(kept), _from_the_command_line()])


def _told(outcome: Any) -> Any:
    print(f"{outcome.trial}: last new {outcome.last_new_s:.3f} s, last cancel {outcome.last_cancel_s:.3f} s, "
          f"{outcome.open_orders} open, {outcome.left_open} left, {outcome.new_late} late", flush=True)  # fmt: skip
    return outcome


def _overall(kept: list[Any], naive: list[Any]) -> list[Figure]:
    how = (
        f"{len(kept)} trials, seeds {SEED} to {SEED + len(kept) - 1}, over 13 nodes of the cycle and 6 faults; times by"
        " the venue's clock from the trip, which comes before the halt is asked for; the venue fails for 0.3 to 2.5 s"
    )
    unfinished = sum(o.left_open > 0 or o.last_cancel_s > 5.0 for o in kept)
    late, left = sum(o.new_late for o in naive), sum(o.left_open for o in naive)
    return [
        figure("trials with a new order later than 1 s", sum(o.new_late > 0 for o in kept), "trials", how),
        figure("trials with an order open after 5 s", unfinished, "trials", how),
        figure("orders open at the trip or after it", sum(o.open_orders for o in kept), "orders", how),
        figure("last new order after the trip, worst", max(o.last_new_s for o in kept), "s", how),
        figure("last cancel after the trip, worst", max(o.last_cancel_s for o in kept), "s", how),
        figure(
            "trials that fail without a kill switch", sum(not o.in_time for o in naive), "trials",
            f"the naive control: the same first {len(naive)} trials at a desk that ignores the switch;"
            f" {late} orders came later than 1 s, {left} stayed open",
        ),
    ]  # fmt: skip


def _by_fault(kept: list[Any]) -> list[Figure]:
    found: list[Figure] = []
    for fault in sorted({o.trial.fault for o in kept}):
        times = sorted(o.last_cancel_s for o in kept if o.trial.fault == fault)
        note = f"worst of {len(times)} trials, median {times[len(times) // 2]:.3f} s"
        found.append(figure(f"last cancel after the trip, fault {fault}", times[-1], "s", note))
    return found


def _from_the_command_line() -> Figure:
    """From the start of `bullpen halt` to the file, which is when nothing leaves any more."""
    command = [str(Path(sys.executable).parent / "bullpen"), "halt"]
    taken: list[float] = []
    for _ in range(COMMANDS):
        with tempfile.TemporaryDirectory() as home:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "BULLPEN_HOME": home})
            while not (Path(home) / HALT_FILE).exists() and process.poll() is None:
                time.sleep(0.002)
            taken.append(time.perf_counter() - start)
            process.wait()
    note = f"median of {COMMANDS} fresh processes, the worst {max(taken):.2f} s; Python's own start is in it"
    return figure("from `bullpen halt` to the file", statistics.median(taken), "s", note)


if __name__ == "__main__":
    main()
