"""The kill switch of a home: thrown first, then everything open withdrawn, then everything held sold where asked.

Nothing here needs a market, a model or a cycle that works, and a fault in one book does not keep the others waiting.
What could not be done is said; the switch stays on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from data.errors import BullpenError, StorageFailed
from data.redaction import Redactor, told
from tools.execution.broker import Broker
from tools.execution.executor import withdraw_open_orders
from tools.execution.ledger import Ledger
from tools.risk.kill_switch.audit import append_audit
from tools.risk.kill_switch.halt import HaltState, halt, read_halt
from tools.risk.kill_switch.withdrawal import PATIENCE_S, withdraw_all

T = TypeVar("T")

BOOKS_AT_ONCE = 8
"""Books whose venues are asked at the same time."""


class Hands(Protocol):
    """What the switch needs of the desk."""

    def books(self) -> tuple[str, ...]:
        """Books that may have orders open or positions."""
        ...

    def ledger(self) -> Ledger:
        """The ledger; it may fail."""
        ...

    def venue(self, book: str) -> Broker | None:
        """The book's venue, for withdrawing: it sends nothing and needs no market. None where it never traded."""
        ...

    def flatten(self, book: str, switch: HaltState) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Close what the book holds: the symbols that were sent, and why others were not."""
        ...


@dataclass(frozen=True, slots=True)
class HaltReport:
    """What throwing the switch did."""

    switch: HaltState
    withdrawn: tuple[str, ...] = ()
    """Ids of orders that are over, whatever they were before."""
    left_open: tuple[str, ...] = ()
    """Ids of orders that may still be open."""
    unsure: tuple[str, ...] = ()
    """Books whose venue did not confirm that nothing is open; "*" where it is unknown which books there are."""
    flattened: tuple[str, ...] = ()
    """Symbols for which a reducing order was sent."""
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every venue said that nothing is open any more."""
        return not self.left_open and not self.unsure

    def as_json(self) -> dict[str, Any]:
        """The switch's state and the report, in one mapping."""
        report = {name: list(value) for name, value in asdict(self).items() if name != "switch"}
        return asdict(self.switch) | report | {"complete": self.complete}


@dataclass(slots=True)
class _Done:
    """What was done for one book."""

    withdrawn: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()
    certain: bool = False
    flattened: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list[str])


class KillSwitch:
    """One home's switch."""

    def __init__(
        self,
        home: Path,
        hands: Hands,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`clock` gives seconds that never go back; a venue that does not answer is given up after `patience_s`."""
        self._home, self._hands, self._clock, self._sleep, self._patience_s = home, hands, clock, sleep, patience_s

    def throw(self, reason: str, by: str, flatten: bool = False) -> HaltReport:
        """Switch trading off, withdraw, and sell where asked; each act leaves its audit line.

        StorageFailed, once all the rest is done, where the switch itself could not be put on the disk.
        """
        problems: list[str] = []
        self._attempt(problems, lambda: halt(self._home, reason, by, datetime.now(UTC)))
        switch = read_halt(self._home)
        books = self._attempt(problems, self._hands.books)
        with ThreadPoolExecutor(BOOKS_AT_ONCE) as pool:
            done = list(pool.map(lambda book: self._book(book, switch, flatten), books or ()))
        report = HaltReport(
            switch=switch,
            withdrawn=tuple(order for d in done for order in d[1].withdrawn),
            left_open=tuple(order for d in done for order in d[1].left_open),
            unsure=("*",) if books is None else tuple(d[0] for d in done if not d[1].certain),
            flattened=tuple(symbol for d in done for symbol in d[1].flattened),
            problems=(*problems, *(problem for d in done for problem in d[1].problems)),
        )
        return self._recorded(report, by, flatten)

    def _recorded(self, report: HaltReport, by: str, flatten: bool) -> HaltReport:
        """The audit line of what was done; a failure to write it is one more problem."""
        problems: list[str] = []
        line = {
            "act": "flatten" if flatten else "withdraw", "by": by, "at": report.switch.since,
            "withdrawn": str(len(report.withdrawn)), "left_open": " ".join(report.left_open),
            "unsure": " ".join(report.unsure), "flattened": " ".join(report.flattened),
        }  # fmt: skip
        self._attempt(problems, lambda: append_audit(self._home, line))
        if not report.switch.on:
            raise StorageFailed(
                f"the kill switch is not on the disk; {len(report.withdrawn)} orders were withdrawn all the same",
                "stop the desk's processes, then create the file HALT in its home",
            )
        return replace(report, problems=(*report.problems, *problems))

    def _book(self, book: str, switch: HaltState, flatten: bool) -> tuple[str, _Done]:
        done = _Done()
        self._attempt(done.problems, lambda: self._withdraw(book, done))
        if flatten:
            sent = self._attempt(done.problems, lambda: self._hands.flatten(book, switch))
            if sent is not None:
                done.flattened = sent[0]
                done.problems += sent[1]
        return book, done

    def _withdraw(self, book: str, done: _Done) -> None:
        """By the venue's list and by ours; then the ledger learns what became of its own."""
        venue = self._hands.venue(book)
        if venue is None:
            done.certain = True
            return
        ours = self._attempt(done.problems, lambda: self._hands.ledger().open_orders(book))
        known = [intent.order.order_id for intent in ours or ()]
        swept = withdraw_all(venue, known, clock=self._clock, sleep=self._sleep, patience_s=self._patience_s)
        done.withdrawn, done.left_open, done.certain = swept.cancelled, swept.left, swept.certain
        done.problems += swept.problems
        if ours:
            ledger = self._hands.ledger()
            self._attempt(done.problems, lambda: withdraw_open_orders(ledger, venue, book, sleep=self._sleep))

    def _attempt(self, problems: list[str], act: Callable[[], T]) -> T | None:
        """The result, or None with the reason noted: whatever fails, the rest is still done."""
        try:
            return act()
        except BullpenError as error:
            problems.append(Redactor().text(str(error)))
        except Exception as error:  # noqa: BLE001 - the kill switch goes on with what still works
            problems.append(told(error))
        return None
