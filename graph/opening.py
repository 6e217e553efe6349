"""Open a book: earlier orders settled, positions marked at the snapshot, locks reviewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from data.clock import Slots, slot_text
from data.errors import AccountChanged, NotFound
from data.snapshot import Snapshot
from graph.config import CycleConfig
from graph.context import Opener
from tools.execution.book import Book, Lock
from tools.execution.broker import Broker
from tools.execution.executions import Intent
from tools.execution.executor import PATIENCE_S, collect_late_fills
from tools.execution.ledger import Ledger
from tools.execution.line import Line
from tools.execution.orders import Fill
from tools.execution.reconcile import differences
from tools.execution.settlement import open_book
from tools.risk.breakers import update_locks

UNRECONCILED = "unreconciled"
"""The rule of the lock on a book that differs from its broker."""
UNRESOLVED = "unresolved"
"""The rule of the lock on a book with an earlier order whose outcome the broker has not told."""


class LedgerOpener:
    """Opens the ledger's book for a cycle."""

    def __init__(
        self,
        ledger: Ledger,
        broker: Broker,
        config: CycleConfig,
        slots: Slots,
        crash_point: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger, self._broker, self._config, self._slots = ledger, broker, config, slots
        self._crash_point = crash_point

    def __call__(self, name: str, cycle_id: str, snapshot: Snapshot) -> tuple[Book, tuple[Fill, ...]]:
        """The book at `snapshot.as_of`, and fills of earlier cycles' orders that arrived since.

        SourceUnavailable where the broker does not say what it holds: nothing is decided on a guess.
        """
        book = self._ledger.book(name)
        if book is None:
            raise NotFound(f"there is no book {name!r}", "open it before its first cycle")
        late = collect_late_fills(self._ledger, self._broker, cycle_id, checkpoint=self._crash_point)
        marks = dict(zip(snapshot.symbols, map(float, snapshot.panel.close[-1]), strict=True))
        opened = open_book(book, late, marks)
        locked = update_locks(opened, self._config.limits, snapshot.as_of, self._slots.after)
        unresolved = [i for i in self._ledger.open_orders(name) if i.order.time_in_force != "gtc"]
        positions = Line(self._broker, PATIENCE_S).positions()
        return reconciled(locked, positions, snapshot.as_of, unresolved), late

    def verify(self, opening: Book, as_of: datetime) -> None:
        """AccountChanged where the account is no longer what a cycle opened on that has sent nothing yet.

        Between opening and sending a person may think for hours, and meanwhile the kill switch may sell everything.
        """
        working = [i for i in self._ledger.open_orders(opening.name) if i.order.time_in_force != "gtc"]
        now = reconciled(opening, Line(self._broker, PATIENCE_S).positions(), as_of, working)
        locked = {lock.rule: lock.detail for lock in opening.locks if not lock.symbol}
        held = {lock.rule: lock.detail for lock in now.locks if not lock.symbol}
        why = "" if held.get(UNRECONCILED, "") == locked.get(UNRECONCILED, "") else held[UNRECONCILED]
        if working and UNRESOLVED not in locked:
            why = held[UNRESOLVED]
        if why:
            raise AccountChanged(
                f"the account of book {opening.name} has changed since this cycle opened it: {why}",
                "nothing was sent; run the cycle again, and it begins anew",
            )


def reconciled(book: Book, positions: Mapping[str, float], at: datetime, unresolved: Sequence[Intent] = ()) -> Book:
    """The book, held by a lock where the broker's own count of units differs from it: the venue is the truth.

    A person who has found the reason lifts that lock; the next cycle compares again. Earlier orders that are still
    `unresolved` hold the book too, for they may be executed beside whatever is decided now; that lock goes by itself
    once the broker has told what became of them, and their symbols are compared then.
    """
    open_symbols = {intent.order.symbol for intent in unresolved}
    found = [d for d in differences(book, positions) if d.symbol not in open_symbols]
    locks = {lock.rule: lock for lock in book.locks if lock.rule in (UNRECONCILED, UNRESOLVED) and not lock.symbol}
    since = slot_text(at)
    if found:
        detail = ", ".join(f"{d.symbol}: the book has {d.book:g}, the broker {d.broker:g}" for d in found)
        locks[UNRECONCILED] = Lock(rule=UNRECONCILED, since=since, until="", detail=detail)
    locks.pop(UNRESOLVED, None)
    if unresolved:
        detail = ", ".join(f"{i.order.side} {i.order.symbol} is {i.state}" for i in unresolved)
        locks[UNRESOLVED] = Lock(rule=UNRESOLVED, since=since, until="", detail=detail)
    others = tuple(lock for lock in book.locks if lock.rule not in (UNRECONCILED, UNRESOLVED))
    return book.model_copy(update={"locks": (*others, *locks.values())})


def recorded_opening(opening: Book, settled: tuple[Fill, ...]) -> Opener:
    """The opener of a replay: the book as the record has it."""
    return lambda _name, _cycle_id, _snapshot: (opening, settled)
