"""A process killed at any instant and started again loses no order and doubles none."""

import sqlite3
from contextlib import suppress

import pytest
from miniature_desk import NAMES, SLOT, Kill, in_child, killed, outcome_of, paper, run_cycle, run_in_child

from data.errors import InputError
from tools.execution.ledger import Ledger
from tools.execution.reconcile import differences

POINTS = ("decided", "before_mark", "marked", "before_note", "noted", "before_close", "after_close")
SENDS = tuple((name, nth) for name in ("before_send", "after_send") for nth in (1, 2, 4))


def outcome(home):
    """What an undisturbed observer finds afterwards: venue's order count, positions, book, record."""
    ledger, broker = Ledger(home / "desk.sqlite"), paper(home)
    with sqlite3.connect(home / "venue.sqlite") as venue:
        orders = venue.execute("SELECT count(*) FROM orders").fetchone()[0]
    found = orders, broker.positions(), ledger.book("b"), ledger.record(f"cy-{SLOT}"), ledger.open_orders("b")
    ledger.close()
    broker.close()
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    home = tmp_path_factory.mktemp("undisturbed")
    run_cycle(home)
    return outcome(home)


@pytest.mark.parametrize(("name", "nth"), [(p, 1) for p in POINTS] + list(SENDS))
def test_nothing_is_lost_or_doubled_by_a_kill(tmp_path, undisturbed, name, nth):
    assert killed(run_in_child(lambda: run_cycle(tmp_path, checkpoint=Kill(name, nth))))
    assert run_in_child(lambda: run_cycle(tmp_path)) == 0
    assert outcome(tmp_path) == undisturbed
    orders, positions, book, _, still_open = undisturbed
    assert orders == len(positions) == len(NAMES)
    assert differences(book, positions) == still_open == ()


def test_kill_after_kill_still_ends_in_one_set_of_orders(tmp_path, undisturbed):
    for name in ("decided", "marked", "after_send", "before_send", "before_note", "before_close"):
        run_in_child(lambda name=name: run_cycle(tmp_path, checkpoint=Kill(name)))
    assert run_in_child(lambda: run_cycle(tmp_path)) == 0
    assert outcome(tmp_path) == undisturbed


def naive_cycle(home, checkpoint):
    """The control: posts every order, then notes that it did, with no intent and no id."""
    with sqlite3.connect(home / "naive.sqlite", isolation_level=None) as venue:
        venue.execute("CREATE TABLE IF NOT EXISTS orders (symbol TEXT)")
        for symbol in NAMES:
            venue.execute("INSERT INTO orders VALUES (?)", (symbol,))
            checkpoint("after_send")
        return venue.execute("SELECT count(*) FROM orders").fetchone()[0]


def test_the_naive_way_doubles_on_the_same_kill(tmp_path):
    assert killed(run_in_child(lambda: naive_cycle(tmp_path, Kill("after_send", 2))))
    assert naive_cycle(tmp_path, lambda name: None) == len(NAMES) + 2


def test_running_a_done_slot_again_changes_nothing(tmp_path, undisturbed):
    run_cycle(tmp_path)
    assert run_cycle(tmp_path) == outcome(tmp_path)[2]
    assert outcome(tmp_path) == undisturbed


def test_processes_that_run_the_same_slot_at_once_make_one_set_of_orders(tmp_path, undisturbed):
    Ledger(tmp_path / "desk.sqlite").close()

    def contender():
        with suppress(InputError):  # one that finds the slot decided by another may be refused, never half-way
            run_cycle(tmp_path)

    children = [in_child(contender) for _ in range(3)]
    assert [outcome_of(pid) for pid in children] == [0, 0, 0]
    assert run_in_child(lambda: run_cycle(tmp_path)) == 0
    assert outcome(tmp_path) == undisturbed
