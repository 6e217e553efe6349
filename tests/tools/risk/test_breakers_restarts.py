"""Locks are in the book's file: no restart lifts one, and each runs out at its own slot."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from risk_market import AS_OF, LOOSE, OFF, book, market, target

from data.clock import slot_text
from tools.execution.book import Position
from tools.execution.ledger import Ledger
from tools.execution.settlement import close_book, open_book
from tools.risk.breakers import update_locks
from tools.risk.check import check

RESTARTS = 100
SPAWNED = (0, 49, 99)
"""Restarts that are whole new processes; the others open the file anew."""
PANEL, TRADABLE = market(), np.ones(5, dtype=bool)
LIMITS = LOOSE.model_copy(
    update={
        "max_drawdown": 0.2, "max_daily_loss": 0.05, "max_weekly_loss": 0.1, "max_position_loss": 0.3,
        "lock_bars": RESTARTS + 1, "weekly_lock_bars": RESTARTS + 2, "stop_lock_bars": RESTARTS + 3,
    }
)  # fmt: skip
STOP_ONLY = LOOSE.model_copy(update={"max_position_loss": 0.3, "stop_lock_bars": RESTARTS + 1})
SPAWN = """
import sys
from pathlib import Path
from test_breakers_restarts import LIMITS, cycle
print(cycle(Path(sys.argv[1]), int(sys.argv[2]), LIMITS))
"""


def slot(n):
    """The n-th slot after the fall."""
    return AS_OF + timedelta(days=n)


def next_day(at):
    return at + timedelta(days=1)


def fallen(limits):
    """A book that lost a quarter since the slot before, most of it in S0, which was sold at half its price."""
    held = book((0.1, 0.5), value=1e6, peak_value=4e6 / 3, day_start_value=4e6 / 3)
    lost = {"S0": Position(quantity=1e5, average_price=2.0)}
    locked = update_locks(held.model_copy(update={"positions": held.positions | lost}), limits, slot(-1), next_day)
    sold = {"cash": held.cash + 1e5, "positions": {"S1": held.positions["S1"]}}
    return locked.model_copy(update=sold)


def cycle(home, n, limits):
    """One cycle of a desk that has just been started, long after prices rose again; its locks and its verdict."""
    ledger, name = Ledger(home / "desk.sqlite"), f"cy-{n}"
    try:
        ledger.open_cycle("b", slot_text(slot(n)), name)
        opened = open_book(ledger.book("b"), (), {"S0": 4.0, "S1": 4.0})
        opened = update_locks(opened, limits, slot(n), next_day)
        verdict = check(target(0.1, 0.1), opened, PANEL, TRADABLE, limits, OFF, slot(n))
        ledger.commit_decision(name, verdict.model_dump_json(), ())
        ledger.close_cycle(name, close_book(opened, ()), (), verdict.model_dump_json().encode())
    finally:
        ledger.close()
    locks = {lock.rule: (lock.symbol, lock.since, lock.until) for lock in opened.locks}
    return locks, verdict.decision, verdict.weights["S0"], len(verdict.reasons)


def spawned(home, n):
    """The same in a process of its own, as the text of what it returns."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", SPAWN, str(home), str(n)], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{here}:{here.parents[2]}", "PATH": ""},
    )  # fmt: skip
    return done.stdout.strip()


def begin(home, limits):
    ledger, fall = Ledger(home / "desk.sqlite"), fallen(limits)
    ledger.create_book(fall)
    ledger.close()
    return {lock.rule: (lock.symbol, lock.since, lock.until) for lock in fall.locks}


def test_no_lock_is_lifted_by_a_hundred_restarts(tmp_path):
    locks = begin(tmp_path, LIMITS)
    assert sorted(locks) == ["max_daily_loss", "max_drawdown", "max_position_loss", "max_weekly_loss"]
    for n in range(RESTARTS):
        if n in SPAWNED:
            assert spawned(tmp_path, n) == str((locks, "halted", 0.0, 3))
        else:
            assert cycle(tmp_path, n, LIMITS) == (locks, "halted", 0.0, 3)
    for n, rule in enumerate(("max_daily_loss", "max_weekly_loss", "max_position_loss"), start=RESTARTS):
        del locks[rule]
        assert cycle(tmp_path, n, LIMITS)[:2] == (locks, "halted")
    ledger = Ledger(tmp_path / "desk.sqlite")
    ledger.release_locks("b")
    ledger.close()
    assert cycle(tmp_path, RESTARTS + 3, LIMITS) == ({}, "approved", pytest.approx(0.1), 0)


def test_a_stop_keeps_its_symbol_out_through_a_hundred_restarts(tmp_path):
    limits = STOP_ONLY.model_copy(update={"max_drawdown": 1.0, "max_daily_loss": 1.0, "max_weekly_loss": 1.0})
    locks = begin(tmp_path, limits)
    assert list(locks) == ["max_position_loss"]
    for n in range(RESTARTS):
        assert cycle(tmp_path, n, limits) == (locks, "reduced", 0.0, 0)
    assert cycle(tmp_path, RESTARTS, limits) == ({}, "approved", pytest.approx(0.1), 0)
