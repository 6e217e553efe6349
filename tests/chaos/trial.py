"""One trial of the kill switch: a desk in one process, a person's halt in another, the venue as the judge.

A trial is (seed, node, fault, naive): the same four replay it. The desk runs one slot in peace, so that it has
positions and orders at rest, and begins the next. Inside `node` the venue is told of the trip, turns bad where the
fault is its own, and the halt is thrown; what the desk was doing goes on, or is stopped until the halt is over.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import app.halting
import app.kill_switch
from app.desk import Desk
from app.settings import load_settings
from tests.chaos.line_to_venue import HttpBroker, call, control
from tests.chaos.toy_desk import BOOK, EARLIER, NODES, SLOT, SYMBOLS, inside, run_slot
from tools.execution.book import Book
from tools.risk.gate.gate import Gate
from tools.risk.gate.limits import GateLimits
from tools.risk.kill_switch import withdrawal
from tools.risk.kill_switch.halt import HALT_FILE

FAULTS = ("none", "429", "500", "disk_full", "hung", "pnl_raises")
NO_NEW_AFTER_S = 1.0
ALL_CANCELLED_WITHIN_S = 5.0
LONGEST_S = 60.0
BY_HAND = 3
"""Orders at rest that a person put in at the venue: no ledger knows of them."""


class Trial(NamedTuple):
    seed: int
    node: str
    fault: str
    naive: bool = False

    def __str__(self):
        return f"seed {self.seed}, {self.node}, {self.fault}{', naive' if self.naive else ''}"


class Outcome(NamedTuple):
    """Times are seconds after the trip by the venue's clock."""

    trial: Trial
    last_new_s: float
    """When the last order arrived; 0 where none did after the trip."""
    last_cancel_s: float
    open_orders: int
    """Orders that were open when the trip came, or arrived later."""
    left_open: int
    """Orders that are open when all is over."""
    new_after_halt: int
    """Orders that arrived after the halt had returned."""
    new_late: int
    """Orders that arrived more than NO_NEW_AFTER_S after the trip."""

    @property
    def in_order(self):
        return self.new_after_halt == 0 and self.left_open == 0

    @property
    def in_time(self):
        return self.in_order and self.new_late == 0 and self.last_cancel_s <= ALL_CANCELLED_WITHIN_S


def trials(count, seed=0, naive=False):
    """All pairs of node and fault in turn, with seeds of their own."""
    pairs = [(node, fault) for node in NODES for fault in FAULTS]
    random.Random(seed).shuffle(pairs)
    return [Trial(seed + n, *pairs[n % len(pairs)], naive) for n in range(count)]


def run(trial, port, grace_s=withdrawal.GRACE_S):
    """The trial from its beginning to its end."""
    chance = random.Random(trial.seed)
    account = f"t{trial.seed}{'n' if trial.naive else ''}-{os.getpid()}-{time.monotonic_ns()}"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        desk, entered = _forked(lambda say: _desk(trial, home, port, account, random.Random(trial.seed + 1), say))
        _heard(entered, desk)
        if trial.fault == "hung":
            os.kill(desk, signal.SIGSTOP)
        fault = trial.fault if trial.fault in ("429", "500") else ""
        control(port, account, "trip", fault=fault, for_s=chance.uniform(0.3, 2.5), seed=trial.seed)
        person, _ = _forked(lambda say: _halt(trial, home, port, account, grace_s))
        _ended(person)
        if trial.naive:
            time.sleep(NO_NEW_AFTER_S + 0.2)
        control(port, account, "halted")
        if trial.fault == "hung":
            os.kill(desk, signal.SIGCONT)
        _ended(desk)
        control(port, account, "over")
        return judged(trial, control(port, account, "events"))


def judged(trial, events):
    """What the venue saw, in plain lines."""
    trip = next(t for t, kind, _ in events if kind == "trip")
    halted = next(t for t, kind, _ in events if kind == "halted")
    new = [(t, name) for t, kind, name in events if kind == "new"]
    gone = {name: t for t, kind, name in events if kind in ("cancelled", "filled")}
    cancels = [t for t, kind, _ in events if kind == "cancelled" and t > trip]
    return Outcome(
        trial,
        last_new_s=max((t - trip for t, _ in new if t > trip), default=0.0),
        last_cancel_s=max((t - trip for t in cancels), default=0.0),
        open_orders=sum(gone.get(name, trip + 1.0) > trip and name not in _filled_at_once(events) for _, name in new),
        left_open=sum(name not in gone for _, name in new),
        new_after_halt=sum(t > halted for t, _ in new),
        new_late=sum(t > trip + NO_NEW_AFTER_S for t, _ in new),
    )


def _filled_at_once(events):
    return {name for _, kind, name in events if kind == "filled"}


def _desk(trial, home, port, account, chance, say):
    """The desk's process: a slot in peace, then the one in which the switch is thrown."""
    run_slot(home, port, account, EARLIER)
    for n in range(BY_HAND):
        by_hand = {"id": f"by-hand-{n}", "symbol": SYMBOLS[5], "side": "buy", "quantity": 10.0, "rests": True}
        call(port, "POST", f"/{account}/orders", by_hand)
    nth = chance.randrange(1, 11)

    def entered():
        _spoil(trial)
        say()
        time.sleep(chance.choice((0.0, chance.uniform(0.0, 0.05), chance.uniform(0.0, 1.2))))

    seen = 0

    def crash_point(name):
        nonlocal seen
        seen += name == "before_send"
        if name == "before_send" and seen == nth:
            entered()

    if trial.node == "execution":
        run_slot(home, port, account, SLOT, naive=trial.naive, crash_point=crash_point)
    else:
        inside(trial.node, entered)
        run_slot(home, port, account, SLOT, naive=trial.naive)


def _halt(trial, home, port, account, grace_s):
    """The person's process. Against a naive desk it can only create the file."""
    _spoil(trial)
    if trial.naive:
        (home / HALT_FILE).touch()
        return
    shut = Gate(GateLimits(), halted=lambda: True)
    app.halting.DeskHands.venue = lambda _self, _book: HttpBroker(shut, port, account)
    sweep = app.kill_switch.withdraw_all
    app.kill_switch.withdraw_all = lambda *args, **given: sweep(*args, grace_s=grace_s, **given)
    Desk(load_settings(home=home, book=BOOK)).halt(f"trial: {trial}", "harness")


def _spoil(trial):
    """The faults that are inside a process."""
    if trial.fault == "disk_full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    if trial.fault == "pnl_raises":
        Book.net_asset_value = property(_no_value)


def _no_value(_book):
    raise RuntimeError("the source of profit and loss is gone")


def _forked(work):
    """`work(say)` in a process of its own; its id, and the end of a pipe on which `say` is heard."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)
        code = 1
        try:
            work(lambda: os.write(writes, b"."))
            code = 0
        finally:
            os._exit(code)
    os.close(writes)
    return pid, reads


def _heard(reads, pid):
    """Wait for the word; it is an error of the harness where the process ends without one."""
    word = os.read(reads, 1)
    if not word:
        os.waitpid(pid, 0)
        raise AssertionError("the desk ended before the node was reached")


def _ended(pid):
    """Wait for a process to end; one that does not is killed, and that is an error of the harness."""
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("a process did not end")
