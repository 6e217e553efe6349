"""Kill a desk again and again: `python -m tests.chaos.kills --seed N --point X`, or a whole campaign.

Each trial prints its line; the arguments it begins with replay it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(
        threads, "1"
    )  # read when the libraries are loaded: a process is forked while it has one thread

from tests.chaos.exactly_once import DURABILITIES, FAULTS, Ground, Trial  # noqa: E402
from tests.chaos.points import NAMED, OF_CHECKPOINTS, RANDOM  # noqa: E402
from tests.postgres import BINARIES, Server  # noqa: E402

FAULTY = 8
"""Each so many trials of a campaign, the line fails beside the kill."""
AMISS = 3
"""The exit code that tells of a trial; 1 is a failure of the harness itself."""
NAIVE_POINTS = ("before_send", "after_send", *OF_CHECKPOINTS)


class Sums(NamedTuple):
    """What a campaign came to."""

    trials: int
    kills: int
    orders: int
    lost: int
    doubled: int
    unclean: int
    """Trials with anything at all amiss."""
    by: dict
    """(point or fault or durability) -> kills, lost, doubled."""


def campaign(kills, first_seed, which="named", naive=False):
    """Trials until there were that many kills: every named point in turn, or random times, each durability, faults."""
    names = {"named": NAIVE_POINTS if naive else NAMED, "random": (RANDOM,)}[which]
    left, seed = kills, first_seed
    while left > 0:
        number = seed - first_seed
        fault = FAULTS[number // FAULTY % len(FAULTS)] if number % FAULTY == FAULTY - 1 and not naive else "none"
        durability = DURABILITIES[(number + number // len(names)) % len(DURABILITIES)]
        left -= yield Trial(seed, names[number % len(names)], durability, fault, naive)
        seed += 1


def run_campaign(ground, trials, say):
    """Run what `campaign` gives; the sums."""
    sums, by = Counter(), {}
    trial = next(trials, None)
    while trial is not None:
        try:
            outcome = ground.run(trial)
        except AssertionError as error:
            raise AssertionError(f"{trial}: {error}") from error
        found = outcome.judgement
        figures = Counter(kills=outcome.kills, lost=found.lost, doubled=found.doubled)
        sums.update(trials=1, orders=len(found.orders), unclean=int(not found.clean), **figures)
        for key in (f"point {trial.point}", f"durability {trial.durability}", f"fault {trial.fault}"):
            by.setdefault(key, Counter()).update(figures)
        say(_line(outcome))
        try:
            trial = trials.send(outcome.kills)
        except StopIteration:
            trial = None
    return Sums(*(sums[name] for name in Sums._fields[:-1]), {key: dict(value) for key, value in sorted(by.items())})


def _line(outcome):
    found = outcome.judgement
    text = (
        f"{outcome.trial}: {outcome.kills} kills, {len(found.orders)} orders, {found.lost} lost,"
        f" {found.doubled} doubled, {found.sent_again} sent again, {outcome.seconds:.2f} s"
    )
    return text + "".join(f"\n    {what}" for what in (*found.wrong_states, *found.unlike))


def main():
    """The command line; ends with AMISS where anything was lost, doubled or otherwise amiss."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos.kills", description=__doc__)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--point", choices=(*NAMED, RANDOM))
    asked.add_argument("--durability", choices=DURABILITIES, default="sync")
    asked.add_argument("--fault", choices=("none", *FAULTS), default="none")
    asked.add_argument("--naive", action="store_true")
    asked.add_argument("--kills", type=int, default=1, help="without --point: how many, from --seed on")
    asked.add_argument("--which", choices=("named", "random"), default="named")
    asked.add_argument("--json", action="store_true", help="the sums as JSON, on the last line")
    asked.add_argument("--postgres", action="store_true", help="ledger and checkpoints at a server of its own")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server() if given.postgres else nullcontext() as server:
        ground = Ground(folder, server)
        try:
            if given.point:
                trial = Trial(given.seed, given.point, given.durability, given.fault, given.naive)
                sums = run_campaign(ground, _once(trial), _say)
            else:
                sums = run_campaign(ground, campaign(given.kills, given.seed, given.which, given.naive), _say)
        finally:
            ground.close()
    _say(
        json.dumps(sums._asdict())
        if given.json
        else f"{sums.trials} trials, {sums.kills} kills, {sums.orders} orders, {sums.lost} lost, {sums.doubled}"
        f" doubled, {sums.unclean} trials with anything amiss"
    )
    return AMISS if sums.unclean else 0


@contextmanager
def _server():
    """A Postgres server, stopped with the block."""
    folder = Path(tempfile.mkdtemp(prefix="bullpen-postgres-"))
    server = Server(BINARIES[-1], folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _once(trial):
    yield trial


def _say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
