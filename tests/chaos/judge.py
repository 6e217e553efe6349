"""What became of a desk's orders, by the venue's own file; and whether the desk's ledger says the same."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import NamedTuple

from tests.chaos.line_to_venue import DEPOSIT
from tests.chaos.toy_desk import BOOK
from tools.execution.ledger import Ledger
from tools.execution.reconcile import differences

CENT = 1e-6
"""Account currency within which two sums of money are the same."""


class Judgement(NamedTuple):
    """Orders are told apart by symbol, side and quantity; `lost` and `doubled` are counted against the undisturbed."""

    orders: list
    """(id, symbol, side, quantity, state, executions) by the venue's file, in the order in which they arrived."""
    positions: dict
    spent: float
    records: dict
    """Slot -> the record's bytes as text, and the book as its last cycle left it under "book"."""
    lost: int = 0
    doubled: int = 0
    sent_again: int = 0
    """Orders that arrived more than once under one id."""
    wrong_states: tuple = ()
    """Orders whose state in the ledger is not the venue's."""
    unlike: tuple = ()
    """What else differs: from the undisturbed desk, or between book and venue."""

    @property
    def clean(self):
        return (self.lost, self.doubled, self.wrong_states, self.unlike) == (0, 0, (), ())


def judged(place, file, peace=None, exact=True):
    """A desk's end, compared with `peace`.

    `exact`: nothing may differ, ids, states, executions and records among it. Otherwise (the line failed, so that an
    order may have been given up, and said so) ledger and venue must agree, and no order may be there twice.
    """
    found = _found(place, file)
    if peace is None:
        return found
    if not exact:
        return found._replace(**_agreement(place, found))
    want, have = _counted(peace), _counted(found)
    names = [n for n in ("orders", "records", "positions", "spent") if getattr(found, n) != getattr(peace, n)]
    return found._replace(lost=(want - have).total(), doubled=(have - want).total(), unlike=tuple(names))


def _found(place, file):
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        orders = db.execute(
            "SELECT id, symbol, side, quantity, state FROM orders WHERE account = ? ORDER BY rowid", (place.account,)
        ).fetchall()
        told = db.execute(
            "SELECT id, n, quantity, price FROM executions WHERE account = ? ORDER BY id, n", (place.account,)
        ).fetchall()
        again = db.execute(
            "SELECT count(*) FROM events WHERE account = ? AND kind = 'again'", (place.account,)
        ).fetchone()[0]
    executions = {name: [(q, p) for n, _, q, p in told if n == name] for name, *_ in orders}
    positions, spent = Counter(), 0.0
    for name, symbol, side, *_ in orders:
        for quantity, price in executions[name]:
            signed = quantity if side == "buy" else -quantity
            positions[symbol] += signed
            spent += signed * price
    orders = [(*order, executions[order[0]]) for order in orders]
    return Judgement(orders, dict(positions), spent, _records(place), sent_again=again)


def _records(place):
    if not (place.database or (place.home / "desk.sqlite").exists()):
        return {}
    ledger = Ledger(place.database or place.home / "desk.sqlite")
    records = {cycle.slot: ledger.record(cycle.cycle_id).decode() for cycle in ledger.cycles(BOOK)}
    book = ledger.book(BOOK).model_dump_json()
    ledger.close()
    return records | {"book": book}


def _counted(judgement):
    """How often each order is there; a naive desk's ids say nothing."""
    return Counter((symbol, side, quantity) for _, symbol, side, quantity, *_ in judgement.orders)


def _agreement(place, found):
    """Ledger against venue, order by order and in sum."""
    ledger = Ledger(place.database or place.home / "desk.sqlite")
    intents = [i for cycle in ledger.cycles(BOOK) for i in ledger.intents(cycle.cycle_id)]
    book = ledger.book(BOOK)
    ledger.close()
    there = {name: (state, sum(q for q, _ in executions)) for name, _, _, _, state, executions in found.orders}
    here = {i.order.order_id: (i.state, i.filled) for i in intents}
    wrong = tuple(
        f"{name}: {here[name]} here, {there.get(name)} there" for name in here if not _alike(name, here, there)
    )
    money = book.cash - (DEPOSIT - found.spent)
    unlike = (
        *map(str, differences(book, found.positions)),
        *([f"cash differs by {money}"] if abs(money) > CENT else []),
    )
    return {
        "lost": sum(units > 0.0 and name not in there for name, (_, units) in here.items()),
        "doubled": len(found.orders) - len(there) + len(set(there) - set(here)),
        "wrong_states": wrong,
        "unlike": unlike,
    }


def _alike(name, here, there):
    """Whether an order is in one state here and there; what never arrived has to be given up here."""
    state, units = here[name]
    if name not in there:
        return state in ("cancelled", "rejected") and units == 0.0
    return state == there[name][0] and abs(units - there[name][1]) <= CENT
