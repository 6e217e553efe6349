"""Differing bytes of 1,000 replays over processes. Run: python -m benchmarks.desk.replays"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, figure, publish

ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"},
    {"PYTHONHASHSEED": "42", "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "4242", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "4"},
    {"PYTHONHASHSEED": "random", "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"},
)
FORKS = 10
"""Processes in each environment, each of which replays every record once."""
AT_ONCE = 2


def main() -> None:
    """Make the records, replay them, publish."""
    from tests.pasts import carried, make, replay_in, results

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        home = folder / "home"
        ids = make(home)
        homes = (home, carried(home, folder / "another machine" / "home"))
        started, found = time.perf_counter(), list[dict[str, Any]]()
        for first in range(0, len(ENVIRONMENTS), AT_ONCE):
            running = [
                replay_in(homes[k % 2], ids, FORKS, folder / f"folder {k}", **environment)
                for k, environment in list(enumerate(ENVIRONMENTS))[first : first + AT_ONCE]
            ]
            found += [one for process in running for one in results(process)]
        publish("desk_replays", _figures(ids, found, time.perf_counter() - started))


def _figures(ids: list[str], found: list[dict[str, Any]], seconds: float) -> list[Figure]:
    differing = sum(one["differing"] for one in found)
    sys.stdout.write("".join(f"{one['cycle_id']} differs at {one['at']}\n" for one in found if one["differing"]))
    what = (
        f"{len(found)} replays of {len(ids)} records (first cycles, halts, locks, refused orders, edits, rejections, a "
        "chat model's answers, things switched off, hourly and real bars, 2 to 60 symbols)"
    )
    where = f"{len(ENVIRONMENTS)} environments of hash seed and threads, each in a folder of its own, two homes"
    return [
        figure("differing bytes of replays", float(differing), "bytes", f"{what}; {where}"),
        figure("replays", float(len(found)), "replays", what),
        figure("records replayed", float(len(ids)), "records", "each of another book, date, seed or setting"),
        figure("processes", float(len({one["pid"] for one in found})), "processes", where),
        figure(
            "replays a second", len(found) / seconds, "1/s", f"{AT_ONCE} processes at once, imports of each included"
        ),
    ]


if __name__ == "__main__":
    main()
