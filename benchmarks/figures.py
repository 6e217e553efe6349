"""One figure, with where and on what it was measured."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `note` says how it was taken."""

    name: str
    value: float
    unit: str
    note: str
    machine: str
    commit: str


def figure(name: str, value: float, unit: str, note: str) -> Figure:
    """A figure of this machine and commit."""
    return Figure(name, round(value, 4), unit, note, machine(), commit())


def machine() -> str:
    """Processor, cores and Python, without names or paths."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def commit() -> str:
    """The commit measured, with a mark where the tree differs from it in anything but results."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    watched = ["git", "status", "--porcelain", "-uno", "--", ":/", ":(exclude,top)benchmarks/results"]
    dirty = subprocess.run(watched, capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median wall time of `repeats` calls."""
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def with_kept(file: str, taken: list[Figure]) -> list[Figure]:
    """The published figures of a file in their order, those of the same name replaced by what was taken anew."""
    kept = [Figure(**row) for row in json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))]
    anew = {found.name: found for found in taken}
    return [anew.pop(old.name, old) for old in kept] + list(anew.values())


def publish(file: str, figures: list[Figure]) -> None:
    """Print the figures as JSON lines and keep them under benchmarks/results."""
    RESULTS.mkdir(exist_ok=True)
    for found in figures:
        print(json.dumps(asdict(found), sort_keys=True))
    text = json.dumps([asdict(f) for f in figures], indent=1, sort_keys=True)
    (RESULTS / f"{file}.json").write_text(text + "\n", encoding="utf-8")
