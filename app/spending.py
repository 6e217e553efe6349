"""What chat models have used up, kept so that no crash loses it and no two processes pass a limit together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    func,
    insert,
    select,
    update,
)

from agents.budget import Budget, Spend, Usage
from data.errors import BudgetSpent
from tools.execution.database import WORDS, Database

METADATA = MetaData()
CALLS = Table(
    "chat_calls",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("book", WORDS, nullable=False),
    Column("cycle_id", WORDS, nullable=False),
    Column("day", WORDS, nullable=False),
    Column("model", WORDS, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),
    Column("settled", Boolean, nullable=False),
    Index("chat_calls_of_cycle", "book", "cycle_id"),
    Index("chat_calls_of_day", "book", "day"),
)
"""One row a call: what it may use at most until it is settled, then what it used; `micros` are millionths of money."""


class Spending:
    """The calls of all books that share a store (a SQLite file, or Postgres by URL)."""

    def __init__(self, where: Path | str) -> None:
        self._database = Database(where, METADATA, name="spending")

    def purse(self, budget: Budget, book: str, cycle_id: str, day: Callable[[], str]) -> BookPurse:
        """The purse of one cycle; `day` names the day that a call made now counts to."""
        return BookPurse(self, budget, book, cycle_id, day)

    def spent(self, book: str, cycle_id: str = "", day: str = "") -> Spend:
        """What a book has used up, reservations among it: in all, or in a cycle, or on a day."""
        which = [CALLS.c.book == book]
        which += [CALLS.c.cycle_id == cycle_id] if cycle_id else []
        which += [CALLS.c.day == day] if day else []
        ((tokens, micros),) = self._database.rows(_sums().where(*which))
        return Spend(int(tokens), int(micros))

    def reserve(self, budget: Budget, model: str, most: Usage, book: str, cycle_id: str, day: str) -> int:
        """Hold back `most`, in the transaction that has found it within the limits; BudgetSpent where it is not."""
        wanted = budget.spend(model, most)
        fields = {"book": book, "cycle_id": cycle_id, "day": day, "model": model}
        with self._database.transaction() as db:

            def with_it(column: ColumnElement[str], value: str) -> Spend:
                tokens, micros = db.execute(_sums().where(CALLS.c.book == book, column == value)).one()
                return Spend(int(tokens) + wanted.tokens, int(micros) + wanted.micros)

            over = budget.over(with_it(CALLS.c.cycle_id, cycle_id), with_it(CALLS.c.day, day))
            if over:
                raise BudgetSpent(f"budget: the {over} do not allow another call", "raise the book's budget")
            row = insert(CALLS).values(**fields, tokens=wanted.tokens, micros=wanted.micros, settled=False)
            return int(db.execute(row.returning(CALLS.c.id)).scalar_one())

    def settle(self, reservation: int, spend: Spend | None) -> None:
        """Put what was used in the place of what was held back; None leaves that as it is."""
        used = {} if spend is None else {"tokens": spend.tokens, "micros": spend.micros}
        with self._database.transaction() as db:
            db.execute(update(CALLS).where(CALLS.c.id == reservation).values(settled=True, **used))


@dataclass(frozen=True, slots=True)
class BookPurse:
    """A Purse (see agents.budget) over the store."""

    spending: Spending
    budget: Budget
    book: str
    cycle_id: str
    day: Callable[[], str]

    def reserve(self, model: str, most: Usage) -> int:
        """See Purse."""
        return self.spending.reserve(self.budget, model, most, self.book, self.cycle_id, self.day())

    def settle(self, reservation: int, model: str, used: Usage | None) -> None:
        """See Purse."""
        self.spending.settle(reservation, None if used is None else self.budget.spend(model, used))


def _sums() -> Select[int, int]:
    """Tokens and money of the calls that match."""
    return select(func.coalesce(func.sum(CALLS.c.tokens), 0), func.coalesce(func.sum(CALLS.c.micros), 0))
