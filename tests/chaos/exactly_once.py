"""One trial of exactly-once: a desk that is killed and started again until its work is done, and a venue as the judge.

A trial is (seed, point, durability, fault, naive): the same five replay it. All else is drawn from the seed: which
passing of the point kills the process, whether what is started again is killed too, when a fault strikes. Desks are
forked from a warm process of one thread.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import traceback
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceUnavailable
from tests.chaos.judge import Judgement, judged
from tests.chaos.line_to_venue import VenueProcess, control
from tests.chaos.points import OF_REPLACEMENTS, RANDOM, Points
from tests.chaos.stages import BOOK_STAGES, NAIVE_STAGES, REPLACEMENT_STAGES, SETTLING, Place

DURABILITIES = ("sync", "async", "exit")
OF_THE_LINE = ("lost", "reply_lost", "5xx", "hang", "reset", "mixed")
OF_THE_TELLING = ("dropped", "twice", "reversed")
"""The venue tells none of an order's executions, each twice, or the last one first."""
FAULTS = (*OF_THE_LINE, *OF_THE_TELLING, "venue_killed", "checkpoints_lost")
EXACT = ("none", "checkpoints_lost")
"""With these the desk must come to the very records of one that nobody disturbed."""
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
AGAIN = 0.6
"""How often a process that was started again is killed again."""
MOST_KILLS, MOST_STARTS, LONGEST_S = 6, 200, 60.0
FAULT_SHARE, HANG_S, TIMEOUT_S = 0.25, 0.3, 0.1
"""How many calls a fault strikes; how long a hang lasts, and how long a desk waits (s)."""
TRY_AGAIN = 3
"""What a desk's process ends with where the venue could not be reached."""


class Trial(NamedTuple):
    seed: int
    point: str
    durability: str = "sync"
    fault: str = "none"
    naive: bool = False

    def __str__(self):
        text = f"--seed {self.seed} --point {self.point} --durability {self.durability} --fault {self.fault}"
        return text + (" --naive" if self.naive else "")

    @property
    def stages(self):
        if self.naive:
            return NAIVE_STAGES
        return REPLACEMENT_STAGES if self.point in OF_REPLACEMENTS else BOOK_STAGES


class Outcome(NamedTuple):
    trial: Trial
    kills: int
    seconds: float
    judgement: Judgement


class Peace(NamedTuple):
    """What the same work comes to when nobody disturbs it."""

    seen: list
    """For each stage, how often each instant was passed."""
    seconds: list
    judgement: Judgement


class Ground:
    """A venue, and what undisturbed desks come to there."""

    def __init__(self, folder, server=None):
        self._server = server
        self._file = Path(folder) / "venue.sqlite"
        self.venue = VenueProcess(self._file)
        self._peace = {}
        self._accounts = 0
        self._warm()

    def close(self):
        self.venue.kill()

    def _warm(self):
        """Load, in this process, all that a desk loads when it first runs; no thread may be left over."""
        with self._place(Trial(0, RANDOM)) as place:
            for stage in (*BOOK_STAGES, *NAIVE_STAGES):
                stage(place, Points())
        gc.collect()
        gc.freeze()
        until = time.monotonic() + 5.0
        while _threads() and time.monotonic() < until:
            time.sleep(0.01)
        if _threads():
            raise AssertionError(f"{_threads()} are left over: a fork of this process would be broken")

    def peace(self, trial):
        """Of the trial's stages under its durability; taken twice, for the first is slower."""
        key = (trial.stages, trial.durability)
        if key not in self._peace:
            for _ in range(2):
                with self._place(trial) as place:
                    seen, seconds = zip(*(self._in_peace(place, stage) for stage in trial.stages), strict=True)
                    self._peace[key] = Peace(seen, seconds, judged(place, self._file))
        return self._peace[key]

    def run(self, trial):
        """The trial, from its beginning to its end."""
        peace, chance, began = self.peace(trial), random.Random(repr(trial)), time.monotonic()
        with self._place(trial) as place:
            kills = self._disturbed(trial, place, peace, chance)
            if trial.fault not in EXACT:
                control(place.port, place.account, "fault")
                time.sleep(HANG_S)  # what hangs in the line arrives at last
                self._settle(place, peace)
            found = judged(place, self._file, peace.judgement, exact=trial.fault in EXACT)
        return Outcome(trial, kills, time.monotonic() - began, found)

    def _disturbed(self, trial, place, peace, chance):
        """All stages, with kills; returns how many there were."""
        where = _drawn(trial.point, peace, chance)
        kills = 0
        if trial.fault in OF_THE_LINE:
            control(place.port, place.account, "fault", kind=trial.fault, share=FAULT_SHARE, hang_s=HANG_S,
                    asked_share=FAULT_SHARE / 2, seed=trial.seed)  # fmt: skip
        if trial.fault in OF_THE_TELLING:
            control(place.port, place.account, "fault", tells=trial.fault)
        for number, stage in enumerate(trial.stages):
            at, code = where if where[0] == number else None, None
            for _ in range(MOST_STARTS):
                by_hand = at is not None and at[1] == RANDOM
                points = Points(*at[1:]) if at and not by_hand else Points()
                after_s = at[2] if by_hand else None
                venue_dies = trial.fault == "venue_killed" and chance.random() < 0.5
                code = self._start(place, stage, points, after_s, chance.uniform(0, 0.1) if venue_dies else None)
                if code == 0:
                    break
                kills += code == -signal.SIGKILL
                if trial.fault == "checkpoints_lost":
                    _lose_checkpoints(place)
                again = code == -signal.SIGKILL and kills < MOST_KILLS and chance.random() < AGAIN
                at = (number, RANDOM, chance.uniform(0.0, peace.seconds[number])) if again else None
            else:
                raise AssertionError(f"{trial}: it never ended")
        return kills

    def _start(self, place, stage, points, after_s, venue_dies_s):
        """One process of the desk; its exit code, negative for a signal."""
        pid = os.fork()
        if pid == 0:
            _child(place, stage, points)
        if after_s is not None:
            _pause(pid, after_s)
            os.kill(pid, signal.SIGKILL)
        if venue_dies_s is not None:
            _pause(pid, venue_dies_s)
            self.venue.kill()
            time.sleep(0.02)
            self.venue.start()
        if not _pause(pid, LONGEST_S):
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("a desk hangs")
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code not in (0, TRY_AGAIN, -signal.SIGKILL):
            raise AssertionError((place.home / "error.txt").read_text())
        return code

    def _finish(self, place, stage):
        for _ in range(MOST_STARTS):
            if self._start(place, stage, Points(), None, None) == 0:
                return
        raise AssertionError("it never ended")

    def _settle(self, place, peace):
        """Cycles until desk and venue agree."""
        for stage in SETTLING:
            self._finish(place, stage)
            if judged(place, self._file, peace.judgement, exact=False).clean:
                return

    def _in_peace(self, place, stage):
        began = time.monotonic()
        self._finish(place, stage)
        return json.loads((place.home / "seen.json").read_text()), time.monotonic() - began

    @contextmanager
    def _place(self, trial):
        """A home and an account of their own, for one desk."""
        self._accounts += 1
        home = Path(tempfile.mkdtemp(dir=SCRATCH))
        account, timeout_s = f"a{os.getpid()}-{self._accounts}", 2.0 if trial.fault in EXACT else TIMEOUT_S
        try:
            with nullcontext("") if self._server is None else self._server.database() as url:
                yield Place(home, self.venue.port, account, trial.durability, timeout_s, url)
        finally:
            shutil.rmtree(home)


def _lose_checkpoints(place):
    """The ledger alone is left."""
    for file in place.home.glob("checkpoints.sqlite*"):
        file.unlink()


def _threads():
    """Names of all threads of this process but the first; the allocator's own knows of forks."""
    tasks = [Path(f"/proc/self/task/{task}/comm").read_text().strip() for task in os.listdir("/proc/self/task")]
    return [name for name in tasks if not name.startswith("jemalloc")][1:]


def _drawn(point, peace, chance):
    """(stage, name, nth) of the passing that kills, or (stage, "random", seconds) where the point is never passed."""
    passings = [(number, n + 1) for number, seen in enumerate(peace.seen) for n in range(seen.get(point, 0))]
    if not passings:
        at = chance.uniform(0.0, sum(peace.seconds))
        for number, seconds in enumerate(peace.seconds):
            if at <= seconds or number == len(peace.seconds) - 1:
                return number, RANDOM, at
            at -= seconds
    number, nth = chance.choice(passings)
    return number, point, nth


def _pause(pid, seconds):
    """Wait, but not for a process that has ended (it stays to be asked for its exit code); whether it has."""
    until = time.monotonic() + seconds
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= until:
            return False
        time.sleep(min(0.001, max(0.0, until - time.monotonic())))
    return True


def _child(place, stage, points):
    """The desk's process."""
    code = 1
    try:
        assert threading.active_count() == 1
        stage(place, points)
        (place.home / "seen.json").write_text(json.dumps(points.seen))
        code = 0
    except SourceUnavailable:
        code = TRY_AGAIN
    except BaseException:  # noqa: BLE001 - the harness tells what a desk ended with
        (place.home / "error.txt").write_text(traceback.format_exc())
    finally:
        os._exit(code)
