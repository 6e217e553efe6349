"""Orders over a line that fails: `python -m tests.chaos.venue_faults --fault hang --orders 1000`.

Each fault strikes most of what is handed in and some of what is asked. When the line is in order again the next cycle
asks after everything; then the ledger must say of every order what the venue's own file says.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from tests.chaos.exactly_once import SCRATCH
from tests.chaos.judge import Judgement, judged
from tests.chaos.line_to_venue import HttpBroker, VenueProcess, control
from tests.chaos.stages import Place
from tests.chaos.toy_desk import BOOK, open_desk
from tools.execution.brokers.base import RecordedGate
from tools.execution.executor import collect_late_fills, execute
from tools.execution.settlement import close_book, open_book
from tools.execution.sizing import orders_for

FAULTS = ("lost", "reply_lost", "5xx", "hang", "reset")
SHARE, ASKED_SHARE = 0.6, 0.2
A_CYCLE = 20
"""Orders of one cycle."""
NAMES = tuple(f"S{n:02}" for n in range(A_CYCLE))
PRICES = dict.fromkeys(NAMES, 100.0)


class Line(NamedTuple):
    """How long a hang lasts and how long a desk waits for an answer (s)."""

    hang_s: float = 0.3
    timeout_s: float = 0.1


class Found(NamedTuple):
    fault: str
    orders: int
    struck: int
    """Times that an order was handed in and the line failed."""
    lost: int
    doubled: int
    wrong: int
    """Orders with a wrong state at the end, and books that differ from the venue."""
    sent_again: int
    amiss: tuple


def run(fault, orders, line, workers, seed, venue, file):
    """`orders` in all, at `workers` desks that work side by side."""
    homes = [Path(tempfile.mkdtemp(dir=SCRATCH)) for _ in range(workers)]
    places = [Place(home, venue.port, f"{fault}-{seed}-{n}", "sync", line.timeout_s) for n, home in enumerate(homes)]
    each = -(-orders // workers)
    children = [_forked(place, lambda p=place, n=n: _trade(p, fault, each, line, seed + n))
                for n, place in enumerate(places)]  # fmt: skip
    for pid, place in children:
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise AssertionError((place.home / "error.txt").read_text())
    nothing = Judgement([], {}, 0.0, {})
    judgements = [judged(place, file, nothing, exact=False) for place in places]
    struck = sum(json.loads((home / "struck.json").read_text()) for home in homes)
    for home in homes:
        shutil.rmtree(home)
    amiss = tuple(what for j in judgements for what in (*j.wrong_states, *j.unlike))
    return Found(fault, each * workers, struck, sum(j.lost for j in judgements), sum(j.doubled for j in judgements),
                 len(amiss), sum(j.sent_again for j in judgements), amiss)  # fmt: skip


def _trade(place, fault, orders, line, seed):
    """Cycle after cycle over the bad line, and one over a good one."""
    control(place.port, place.account, "fault", kind=fault, share=SHARE, asked_share=ASKED_SHARE,
            hang_s=line.hang_s, seed=seed)  # fmt: skip
    ledger, broker = open_desk(place.home), HttpBroker(RecordedGate(), place.port, place.account, place.timeout_s)
    for number in range(-(-orders // A_CYCLE)):
        _cycle(ledger, broker, number, NAMES[: min(A_CYCLE, orders - number * A_CYCLE)])
    control(place.port, place.account, "fault")
    time.sleep(line.hang_s)  # what hangs in the line arrives at last
    broker = HttpBroker(RecordedGate(), place.port, place.account)
    for number in (9998, 9999):  # one that hears of everything, and one that books what the first withdrew
        _cycle(ledger, broker, number, ())
    (place.home / "struck.json").write_text(json.dumps(_faults(place)))


def _cycle(ledger, broker, number, names):
    """Buy one unit of each name; start and restart are the same call."""
    slot = f"{number:04d}"
    cycle_id = f"cy-{slot}"
    ledger.open_cycle(BOOK, slot, cycle_id)
    late = collect_late_fills(ledger, broker, cycle_id)
    opening = open_book(ledger.book(BOOK), late, PRICES)
    weights = opening.weights() | {n: opening.weights().get(n, 0.0) + 101.0 / opening.net_asset_value for n in names}
    orders = orders_for(weights, opening, slot) if names else ()
    ledger.commit_decision(cycle_id, "{}", orders)
    execute(orders, ledger=ledger, broker=broker, cycle_id=cycle_id, halted=lambda: False)
    fills = ledger.fills(cycle_id)
    ledger.close_cycle(cycle_id, close_book(opening, fills), fills, slot.encode())


def _faults(place):
    return sum(kind == "struck" for _, kind, _ in control(place.port, place.account, "events"))


def _forked(place, work):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - the harness tells what a desk ended with
            (place.home / "error.txt").write_text(traceback.format_exc())
        finally:
            os._exit(code)
    return pid, place


def main():
    """The command line: one JSON line a fault; ends with 1 where anything is amiss."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos.venue_faults", description=__doc__)
    asked.add_argument("--fault", choices=FAULTS)
    asked.add_argument("--orders", type=int, default=100)
    asked.add_argument("--workers", type=int, default=4)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--hang-s", type=float, default=Line().hang_s)
    asked.add_argument("--timeout-s", type=float, default=Line().timeout_s)
    given = asked.parse_args()
    found = campaign([given.fault] if given.fault else FAULTS, given.orders, Line(given.hang_s, given.timeout_s),
                     given.workers, given.seed)  # fmt: skip
    for one in found:
        sys.stdout.write(f"{json.dumps(one._asdict())}\n")
    return int(any(one.lost or one.doubled or one.wrong for one in found))


def campaign(faults, orders, line, workers, seed=0):
    """Each fault at one venue."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "venue.sqlite"
        venue = VenueProcess(file)
        try:
            return [run(fault, orders, line, workers, seed, venue, file) for fault in faults]
        finally:
            venue.kill()


if __name__ == "__main__":
    sys.exit(main())
