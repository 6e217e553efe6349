"""Exactly once under 5,000 kills and failing lines, and a desk without it. Run: python -m benchmarks.desk.chaos"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.figures import Figure, figure, publish
from tests.chaos.kills import AMISS

KILLS, NAIVE_KILLS, PROCESSES, CAMPAIGNS = 5_000, 600, 2, 10
ORDERS, WORKERS = 1_000, 25
HANG_S, TIMEOUT_S = 30.0, 1.0


def main() -> None:
    """Run the campaigns of tests/chaos and publish their table."""
    share = KILLS // (2 * CAMPAIGNS)
    ours = _side_by_side(
        ["--kills", str(share), "--which", which, "--seed", str(1_000_000 * (2 * n + k))]
        for n in range(CAMPAIGNS)
        for k, which in enumerate(("named", "random"))
    )
    naive = _side_by_side([["--kills", str(NAIVE_KILLS), "--naive"]])
    publish("desk_chaos", [*_kills(ours), *_naive(naive), *_lines()])


def _side_by_side(arguments: Any) -> list[dict[str, Any]]:
    """The sums of campaigns, PROCESSES at a time."""
    command = [sys.executable, "-m", "tests.chaos.kills", "--json"]
    waiting, found = [[*command, *given] for given in arguments], list[dict[str, Any]]()
    while waiting:
        now, waiting = waiting[:PROCESSES], waiting[PROCESSES:]
        started = [subprocess.Popen(one, stdout=subprocess.PIPE, text=True) for one in now]
        for process in started:
            lines = process.communicate()[0].splitlines()
            if process.returncode not in (0, AMISS):
                sys.exit(f"the harness itself failed: {' '.join(process.args[1:])}")
            found.append(json.loads(lines[-1]))
            sys.stdout.write("".join(f"{line}\n" for line in lines[:-1] if found[-1]["unclean"]))
            sys.stdout.write(f"{_total(found, 'kills')} kills, {_total(found, 'unclean')} trials with anything amiss\n")
            sys.stdout.flush()
    return found


def _total(sums: list[dict[str, Any]], what: str) -> int:
    return sum(one[what] for one in sums)


def _kills(sums: list[dict[str, Any]]) -> list[Figure]:
    how = (
        f"{_total(sums, 'trials')} trials with {_total(sums, 'orders')} orders at a venue of another process; half the"
        " first kills at named instants, half at random times; each durability; a line that fails, a venue that is"
        " killed and checkpoints that are lost in every eighth trial"
    )
    found = [
        figure("kills", _total(sums, "kills"), "kills", how),
        figure("orders lost", _total(sums, "lost"), "orders", how),
        figure("orders doubled", _total(sums, "doubled"), "orders", how),
        figure("trials with any record, state, position or cash amiss", _total(sums, "unclean"), "trials", how),
    ]
    groups = sorted({key for one in sums for key in one["by"]})
    for key in groups:
        of = [one["by"].get(key, {}) for one in sums]
        note = f"{sum(o.get('lost', 0) for o in of)} lost, {sum(o.get('doubled', 0) for o in of)} doubled"
        found.append(figure(f"kills, {key}", sum(o.get("kills", 0) for o in of), "kills", note))
    return found


def _naive(sums: list[dict[str, Any]]) -> list[Figure]:
    found: list[Figure] = []
    for durability in ("sync", "async", "exit"):
        of = sums[0]["by"][f"durability {durability}"]
        note = f"the naive control, a node that posts without ledger and ids: {of['kills']} kills, {of['lost']} lost"
        found.append(figure(f"orders doubled without a ledger, {durability}", of["doubled"], "orders", note))
    return found


def _lines() -> list[Figure]:
    command = [
        sys.executable, "-m", "tests.chaos.venue_faults", "--orders", str(ORDERS), "--workers", str(WORKERS),
        "--hang-s", str(HANG_S), "--timeout-s", str(TIMEOUT_S),
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found: list[Figure] = []
    for line in map(json.loads, done.stdout.splitlines()):
        note = (
            f"{line['orders']} orders, {line['struck']} failures as one was handed in, {line['sent_again']}"
            f" arrived again under their id; {line['lost']} lost, {line['wrong']} wrong end states"
        )
        found.append(figure(f"orders doubled, fault {line['fault']}", line["doubled"], "orders", note))
    return found


if __name__ == "__main__":
    main()
