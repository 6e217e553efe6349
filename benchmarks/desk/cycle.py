"""What a warm cycle without a chat model takes at 143 and at 1,430 symbols. Run: python -m benchmarks.desk.cycle"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.desk.market import SESSIONS, a_desk, write_market
from benchmarks.figures import Figure, figure, publish

FEW, MANY = 143, 1_430
CYCLES = {FEW: 15, MANY: 5}
WARMING = 2


def main() -> None:
    """Measure and publish."""
    few, orders_few = _warm(FEW)
    many, orders_many = _warm(MANY)
    what = f"{SESSIONS} sessions of made-up daily bars, the lake brought up to date, paper fills, record written"
    found: list[Figure] = [
        figure(f"warm cycle, {FEW} symbols", statistics.median(few), "s",
               f"median of {len(few)}, {orders_few} orders a cycle, {what}"),
        figure(f"slowest warm cycle, {FEW} symbols", max(few), "s", f"of {len(few)}"),
        figure(f"warm cycle, {MANY} symbols", statistics.median(many), "s",
               f"median of {len(many)}, {orders_many} orders a cycle, {what}"),
        figure(f"warm cycle, {MANY} symbols over {FEW}", statistics.median(many) / statistics.median(few), "times",
               "of the two medians"),
    ]  # fmt: skip
    publish("desk_cycle", found)


def _warm(symbols: int) -> tuple[list[float], int]:
    """Seconds of each cycle inside one process, and the median number of its orders."""
    count = CYCLES[symbols]
    with tempfile.TemporaryDirectory() as folder:
        days = write_market(Path(folder) / "market", symbols)[-count - WARMING - 2 : -2]
        desk, times, orders = a_desk(Path(folder) / "home", Path(folder) / "market"), list[float](), list[int]()
        for number, day in enumerate(days):
            start = time.perf_counter()
            record = desk.cycle(day).record
            if number >= WARMING and record is not None:
                times.append(time.perf_counter() - start)
                orders.append(len(record.orders))
    return times, int(statistics.median(orders))


if __name__ == "__main__":
    main()
