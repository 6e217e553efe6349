"""Open a book: earlier orders settled, positions marked at the snapshot, locks reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from data.clock import Slots, slot_text
from data.errors import NotFound
from data.snapshot import Snapshot
from graph.config import CycleConfig
from graph.context import Opener
from tools.execution.book import Book, Lock
from tools.execution.broker import Broker
from tools.execution.executor import collect_late_fills
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.execution.reconcile import differences
from tools.execution.settlement import open_book
from tools.risk.breakers import update_locks

UNRECONCILED = "unreconciled"
"""The rule of the lock on a book that differs from its broker."""


class LedgerOpener:
    """Opens the ledger's book for a cycle."""

    def __init__(self, ledger: Ledger, broker: Broker, config: CycleConfig, slots: Slots) -> None:
        self._ledger, self._broker, self._config, self._slots = ledger, broker, config, slots

    def __call__(self, name: str, cycle_id: str, snapshot: Snapshot) -> tuple[Book, tuple[Fill, ...]]:
        """The book at `snapshot.as_of`, and fills of earlier cycles' orders that arrived since."""
        book = self._ledger.book(name)
        if book is None:
            raise NotFound(f"there is no book {name!r}", "open it before its first cycle")
        late = collect_late_fills(self._ledger, self._broker, cycle_id)
        marks = dict(zip(snapshot.symbols, map(float, snapshot.panel.close[-1]), strict=True))
        opened = open_book(book, late, marks)
        locked = update_locks(opened, self._config.limits, snapshot.as_of, self._slots.after)
        return reconciled(locked, self._broker.positions(), snapshot.as_of), late


def reconciled(book: Book, positions: Mapping[str, float], at: datetime) -> Book:
    """The book, held by a lock where the broker's own count of units differs from it: the venue is the truth.

    A person who has found the reason lifts the lock; the next cycle compares again.
    """
    found = differences(book, positions)
    if not found:
        return book
    detail = ", ".join(f"{d.symbol}: the book has {d.book:g}, the broker {d.broker:g}" for d in found)
    others = tuple(lock for lock in book.locks if lock.rule != UNRECONCILED)
    lock = Lock(rule=UNRECONCILED, since=slot_text(at), until="", detail=detail)
    return book.model_copy(update={"locks": (*others, lock)})


def recorded_opening(opening: Book, settled: tuple[Fill, ...]) -> Opener:
    """The opener of a replay: the book as the record has it."""
    return lambda _name, _cycle_id, _snapshot: (opening, settled)
