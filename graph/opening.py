"""Open a book: earlier orders settled, positions marked at the snapshot, locks reviewed."""

from __future__ import annotations

import math
from datetime import datetime

from data.clock import Slots
from data.snapshot import Snapshot
from graph.config import CycleConfig
from graph.context import Opener
from tools.execution.book import Book
from tools.execution.broker import Broker
from tools.execution.ledger import Ledger
from tools.execution.orders import Fill
from tools.execution.settlement import mark_book, settle
from tools.risk.breakers import review_locks


class LedgerOpener:
    """Opens the ledger's book, or a new one with the initial cash."""

    def __init__(self, ledger: Ledger, broker: Broker, config: CycleConfig, slots: Slots) -> None:
        self._ledger, self._broker, self._config, self._slots = ledger, broker, config, slots

    def __call__(self, name: str, snapshot: Snapshot) -> tuple[Book, tuple[Fill, ...]]:
        """The book at `snapshot.as_of`, and fills of earlier cycles' orders that arrived since."""
        book = self._ledger.book(name) or new_book(name, self._config.initial_cash)
        late = self._late_fills(name)
        marks = {s: float(p) for s, p in zip(snapshot.symbols, snapshot.panel.close[-1], strict=True) if math.isfinite(p)}
        marked = mark_book(settle(book, late), marks)
        return review_locks(marked, self._config.limits, snapshot.as_of, self._later(snapshot.as_of)), late

    def _late_fills(self, name: str) -> tuple[Fill, ...]:
        """Fills the venue has by now for orders of cycles that were closed without them."""
        found = (self._broker.query(order.order_id) for order in self._ledger.unfilled(name))
        return tuple(reply.fill for reply in found if reply is not None and reply.fill is not None)

    def _later(self, at: datetime):  # noqa: ANN202
        def later(count: int) -> datetime:
            slot = at
            for _ in range(count):
                slot = self._slots.after(slot)
            return slot

        return later


def new_book(name: str, cash: float) -> Book:
    """A book that holds only cash."""
    return Book(name=name, cash=cash, peak_value=cash, day_start_value=cash)


def recorded_opening(opening: Book, settled: tuple[Fill, ...]) -> Opener:
    """The opener of a replay: the book as the record has it."""
    return lambda _name, _snapshot: (opening, settled)
