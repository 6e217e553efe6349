"""How long a person waits: `bullpen --help`, a first cycle, a warm cycle, a replay. Run: python -m benchmarks.cycle"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.desk import Desk
from app.settings import load_settings
from benchmarks.figures import Figure, figure, median_seconds, publish

START = "2023-03-15"
WARM_CYCLES = 15


def main() -> None:
    """Measure and publish."""
    publish("cycle", [_help(), *_cycles()])


def _help() -> Figure:
    command = [str(Path(sys.executable).parent / "bullpen"), "--help"]
    subprocess.run(command, capture_output=True, check=True)
    seconds = median_seconds(lambda: subprocess.run(command, capture_output=True, check=True), 9)
    return figure("cold start of bullpen --help", seconds, "s", "median of 9 fresh processes")


def _cycles() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        command = [str(Path(sys.executable).parent / "bullpen"), "cycle", "--as-of", START]
        environment = {**os.environ, "BULLPEN_HOME": home}
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True, env=environment)
        first = time.perf_counter() - start
        again = median_seconds(lambda: subprocess.run(command[:2], capture_output=True, check=True, env=environment), 3)
        desk = Desk(load_settings(home=Path(home), source="simulated"))
        desk.cycle()
        warm: list[float] = []
        for _ in range(WARM_CYCLES):
            start = time.perf_counter()
            outcome = desk.cycle()
            warm.append(time.perf_counter() - start)
        replay = median_seconds(lambda: desk.replay(outcome.cycle_id), 5)
    what = "60 simulated symbols, 10 years of daily bars, no LLM"
    return [
        figure("first cycle in an empty home", first, "s", f"one fresh process, {what}"),
        figure("next cycle in a fresh process", again, "s", f"median of 3, {what}"),
        figure("warm cycle inside the process", statistics.median(warm), "s", f"median of {WARM_CYCLES}, {what}"),
        figure("slowest warm cycle inside the process", max(warm), "s", f"of {WARM_CYCLES}, {what}"),
        figure("replay inside the process", replay, "s", f"median of 5, {what}"),
    ]


if __name__ == "__main__":
    main()
