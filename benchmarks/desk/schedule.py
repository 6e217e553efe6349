"""One cycle a slot over more than 10,000 triggers. Run: python -m benchmarks.desk.schedule"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, figure, publish

if TYPE_CHECKING:
    from tests.races import Outcome

SECONDS, KILLS = 120.0, 40


def main() -> None:
    """Run the race of tests/races.py over hours and publish."""
    from tests.races import race

    with tempfile.TemporaryDirectory() as folder:
        found = race(Path(folder) / "scheduling" / "schedules.sqlite", Path(folder), "1h", SECONDS, KILLS)
    publish("desk_schedule", figures(found))


def figures(found: Outcome) -> list[Figure]:
    """What was counted; every zero is a promise."""
    how = (
        f"two scheduler processes on one SQLite store and one ledger, four books on NYSE, FX-week and crypto slots from"
        f" March to November 2024 (both changes of the clock), clocks that jump by up to 3 h to and fro,"
        f" {found.kills} SIGKILLs with restarts, one slot in fifty late and one in fifty failing"
    )
    return [
        figure("triggers", found.triggers, "triggers", f"each slot before both, and again after a fault; {how}"),
        figure("slots", found.slots, "slots", how),
        figure("cycles run to their end", found.done, "cycles", how),
        figure("slots passed over by run_once", found.skipped, "slots", how),
        figure("slots that failed", found.failed, "slots", "as they were made to"),
        figure("slots without an outcome", found.without_outcome, "slots", how),
        figure("cycles of the ledger without a done slot", found.cycles_without_slot, "cycles", how),
        figure("done slots without a cycle of the ledger", found.slots_without_cycle, "slots", how),
        figure("overlapping runs of one book", found.overlaps, "pairs", how),
        figure("most runs of one slot, killed ones included", found.most_runs_of_a_slot, "runs", how),
    ]


if __name__ == "__main__":
    main()
