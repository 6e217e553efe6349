"""The ledger: cycles, frozen decisions, order intents, fills, books and records, in a SQLite file or in Postgres.

What makes effects happen once: a cycle is one row a (book, slot); a decision and its intents are stored in one
transaction before the first send; the closing book and the record appear in one transaction that ends the cycle.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Select

from data.errors import ExecutionRefused, InputError, NotFound
from tools.execution import cycles, executions
from tools.execution import statements as sql
from tools.execution.book import Book
from tools.execution.broker import Answer
from tools.execution.database import Database
from tools.execution.executions import Dispute, Intent
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.schema import METADATA, VERSION, CycleState, CycleStatus, checked, sha256
from tools.execution.states import TERMINAL
from tools.execution.upgrades import UPGRADES
from tools.risk.breakers import lift_locks


class Ledger:
    """Every method is one transaction; StorageFailed means that nothing was changed."""

    def __init__(self, where: Path | str) -> None:
        """Open or create, in a file or at a Postgres URL; CorruptFile where the store is not what was written."""
        self._database = Database(where, METADATA, name="desk", version=VERSION, upgrades=UPGRADES)

    def close(self) -> None:
        """Let go of the store."""
        self._database.close()

    @contextmanager
    def alone(self, book: str) -> Generator[None]:
        """One process at a time for a book; SourceUnavailable for the others. The system lets go after a kill."""
        with self._database.alone(book, what=f"book {book!r}"):
            yield

    # --- cycles -----------------------------------------------------------------------------------------------

    def open_cycle(
        self, book: str, slot: str, cycle_id: str, started_with: Mapping[str, Any] | None = None
    ) -> CycleStatus:
        """Insert the cycle of (book, slot), or take up the one that is there; returns its status, never "abandoned".

        A cycle of another slot that has not decided anything is abandoned. InputError where another has orders under
        way, where a later slot is done, or where the book has changed since this cycle first began.
        """
        with self._database.transaction() as db:
            found = db.scalar(sql.CYCLE_OF_SLOT, {"book": book, "slot": slot})
            if found not in (None, cycle_id):
                raise InputError(f"slot {slot} of book {book} belongs to cycle {found}", "use that id")
            if found is not None:
                cycle = cycles.cycle_state(db, cycle_id)
                if cycle.status in ("decided", "done"):
                    return cycle.status
                cycles.refuse_a_changed_book(db, cycle)
            else:
                cycles.refuse_the_past(db, book, slot)
                cycles.insert_cycle(db, cycle_id, book, slot)
            cycles.refuse_while_orders_are_under_way(db, book)
            settings = None if started_with is None else json.dumps(dict(started_with), sort_keys=True)
            db.execute(sql.ABANDON, {"of": book})
            db.execute(sql.START, {"cycle": cycle_id, "settings": settings})
            return "started"

    def cycles(self, book: str | None = None, status: CycleStatus | None = None) -> tuple[CycleState, ...]:
        """All cycles (of a book) (in that status), oldest slot first."""
        statement = sql.ALL_CYCLES if status is None else sql.CYCLES_THAT_ARE
        values = {"book": book} | ({} if status is None else {"status": status})
        return tuple(CycleState(*row) for row in self._database.rows(statement, values))

    def cycles_at_hand(self, book: str, slot: str = "") -> tuple[CycleState, ...]:
        """What a book's next cycle depends on, oldest slot first: the unfinished cycles, the last one that is done, and
        the one of `slot`, however many there were."""
        rows = self._database.rows(sql.CYCLES_AT_HAND, {"book": book, "slot": slot})
        return tuple(CycleState(*row) for row in rows)

    def knows(self, cycle_id: str) -> bool:
        """Whether a cycle was ever opened."""
        return bool(self._database.rows(cycles.CYCLE_BY_ID, {"cycle_id": cycle_id}))

    def book_version(self, book: str) -> int:
        """How often a book was changed; 0 where it has only its deposit, or not even that."""
        return int(self._database.rows(cycles.VERSION, {"book": book})[0][0] or 0)

    def cycle(self, cycle_id: str) -> CycleState:
        """One cycle; NotFound where it was never opened."""
        return cycles.cycle_from(self._database.rows(cycles.CYCLE_BY_ID, {"cycle_id": cycle_id}), cycle_id)

    def cycle_of(self, order_id: str) -> CycleState:
        """The cycle that decided an order; NotFound where it was never intended."""
        rows = self._database.rows(sql.CYCLE_OF_ORDER, {"order_id": order_id})
        if not rows:
            raise NotFound(f"order {order_id} was never intended", "commit its decision first")
        return CycleState(*rows[0])

    def latest_done(self, book: str | None = None) -> str:
        """The id of the cycle that was finished last; NotFound where none was."""
        rows = self._database.rows(sql.LATEST_DONE, {"book": book})
        if not rows:
            raise NotFound("no cycle is done", "run `bullpen cycle` first")
        return str(rows[0][0])

    def started_with(self, cycle_id: str) -> dict[str, Any] | None:
        """The settings that `open_cycle` was given last before the cycle decided, or None."""
        rows = self._database.rows(sql.STARTED_WITH, {"cycle_id": cycle_id})
        return json.loads(rows[0][0]) if rows and rows[0][0] is not None else None

    # --- decisions and orders -----------------------------------------------------------------------------------

    def commit_decision(self, cycle_id: str, payload: str, orders: Sequence[Order]) -> bool:
        """Freeze a decision with its intents; False where the very same was stored before.

        InputError where the cycle has decided otherwise, was abandoned, or its book has changed since it began.
        """
        with self._database.transaction() as db:
            cycle = cycles.cycle_state(db, cycle_id)
            if cycle.status == "abandoned":
                raise InputError(f"cycle {cycle_id} was abandoned for another slot", "run it again")
            if cycle.status != "started":
                cycles.verify_decision(db, cycle_id, payload, orders)
                return False
            cycles.refuse_a_changed_book(db, cycle)
            cycles.insert_decision(db, cycle_id, payload, orders)
            return True

    def decision(self, cycle_id: str) -> str | None:
        """The frozen decision, or None; CorruptFile where it is not what was written."""
        rows = self._database.rows(sql.DECISION, {"cycle_id": cycle_id})
        if not rows:
            return None
        return checked(str(rows[0][0]).encode(), rows[0][1], f"the decision of {cycle_id}").decode()

    def intents(self, cycle_id: str) -> tuple[Intent, ...]:
        """All orders of a cycle in the order in which they are sent, replacements last."""
        return self._intents(sql.INTENTS_OF_CYCLE, {"cycle_id": cycle_id})

    def intent(self, order_id: str) -> Intent:
        """One order and how far it got; NotFound where it was never intended."""
        return executions.only_intent(self._database.rows(executions.INTENT_BY_ID, {"order_id": order_id}), order_id)

    def pending(self, cycle_id: str) -> tuple[Intent, ...]:
        """Those of `intents` whose outcome is still open; the kill switch's are nobody else's to send."""
        return tuple(i for i in self.intents(cycle_id) if i.state not in TERMINAL and i.parent != i.order.order_id)

    def open_orders(self, book: str | None = None) -> tuple[Intent, ...]:
        """Orders of all cycles (of a book) whose outcome is still open, oldest first."""
        return self._intents(sql.OPEN_INTENTS, {"book": book})

    def lately_cancelled(self, book: str) -> tuple[Intent, ...]:
        """Cancelled orders of finished cycles for which the broker has answered fewer than LATE_ANSWERS times since: a
        late execution may still be reported."""
        return self._intents(sql.LATELY_CANCELLED, {"book": book})

    def start_sending(self, cycle_id: str) -> None:
        """Mark what is only intended as sent: from here on only the broker knows."""
        with self._database.transaction() as db:
            db.execute(sql.START_SENDING, {"cycle": cycle_id})

    def mark(self, order_id: str, state: OrderState) -> None:
        """Move an intent on; InputError where its present state does not allow that."""
        with self._database.transaction() as db:
            executions.set_state(db, order_id, state)

    def add_replacement(self, parent_id: str, child: Order) -> None:
        """Store an order for the rest of a cancelled one; the same child again changes nothing.

        InputError where the parent is not cancelled or its cycle is over, where the child is of another symbol or
        side, or where it is larger than what is left of its parent.
        """
        with self._database.transaction() as db:
            parent = executions.intent_of(db, parent_id)
            known = db.scalar(sql.CHILD, {"parent": parent_id})
            if known is not None and Order.model_validate_json(known) == child:
                return
            if parent.state != "cancelled" or known is not None:
                why = f"is {parent.state}" if known is None else "was replaced before"
                raise InputError(f"order {parent_id} {why}; it cannot be replaced", "cancel it first, replace it once")
            executions.refuse_another_trade(parent, child)
            cycle = CycleState(*db.execute(sql.CYCLE_OF_ORDER, {"order_id": parent_id}).one())
            if cycle.status != "decided":
                raise InputError(
                    f"cycle {cycle.cycle_id} is {cycle.status}; order {parent_id} cannot be replaced", "decide anew"
                )
            place = cycles.last_position(db, cycle.cycle_id) + 1
            cycles.insert_intents(db, [cycles.intent_row(cycle.cycle_id, place, child, parent_id)])

    def add_halt_orders(self, book: str, orders: Sequence[Order]) -> str:
        """Store what the kill switch is about to send to close a book's positions, beside its last decided cycle, whose
        id is returned. Each is its own parent, for it belongs to no decision. The same orders again change nothing.

        NotFound where no cycle of the book has decided anything.
        """
        with self._database.transaction() as db:
            cycle_id = cycles.last_decided(db, book)
            cycles.insert_halt_orders(db, cycle_id, orders)
            return cycle_id

    def note(self, outcomes: Mapping[str, Answer]) -> None:
        """Store what the broker said of several orders: new executions, and the states they make.

        The same answers again, or older ones, change nothing. InputError where a state contradicts the ledger: then
        nothing was stored. ExecutionRefused where an execution does (an overfill, another symbol, one that changed or
        vanished): all else was stored, the execution is kept as a dispute, and it is raised the first time only.
        """
        if not outcomes:
            return
        with self._database.transaction() as db:
            refused = executions.note_answers(db, outcomes)
        if refused:
            first = refused[0]
            raise ExecutionRefused(
                f"{first.symbol}: execution {first.execution_id!r} of order {first.order_id}: {first.reason}",
                first.symbol,
                "compare book and broker, mend the position, then settle the dispute",
            )

    def disputes(self, book: str) -> tuple[Dispute, ...]:
        """Executions of a book's orders that were refused and are not settled, oldest first."""
        rows = self._database.rows(sql.DISPUTES_OF_BOOK, {"book": book})
        found = [(Fill.model_validate_json(payload), reason) for payload, reason in rows]
        return tuple(Dispute(f.order_id, f.execution_id, f.symbol, f.signed_quantity, why) for f, why in found)

    def settle_disputes(self, book: str) -> None:
        """A person has brought book and broker together: orders may be sent again, and the disputed ones are over."""
        with self._database.transaction() as db:
            db.execute(sql.END_DISPUTED, {"book": book})
            db.execute(sql.SETTLE, {"book": book})

    def fills(self, cycle_id: str) -> tuple[Fill, ...]:
        """Executions of a cycle's orders, in the order in which those were sent, each order's oldest first."""
        rows = self._database.rows(sql.FILLS_OF_CYCLE, {"cycle_id": cycle_id})
        return tuple(Fill.model_validate_json(row[0]) for row in rows)

    def claim_late_fills(self, cycle_id: str) -> tuple[Fill, ...]:
        """Executions of done cycles of the book that no done cycle has booked: this cycle books them, oldest first.

        Asked again, the same cycle gets them again, so that a restart loses none and books none twice.
        """
        with self._database.transaction() as db:
            book = cycles.cycle_state(db, cycle_id).book
            rows = db.execute(sql.LATE_FILLS, {"book": book, "cycle_id": cycle_id}).all()
            if rows:
                db.execute(executions.BOOK_FILL, [{"fill": row[0], "by": cycle_id} for row in rows])
        return tuple(Fill.model_validate_json(row[1]) for row in rows)

    # --- books and records --------------------------------------------------------------------------------------

    def create_book(self, book: Book) -> None:
        """Store a new book with its deposit; InputError where the name is taken."""
        with self._database.transaction() as db:
            if db.execute(sql.BOOK, {"name": book.name}).first() is not None:
                raise InputError(f"book {book.name} exists already", "choose another name")
            cycles.insert_book(db, book, 0, None)

    def book(self, name: str) -> Book | None:
        """The book as its last cycle, or the person who lifted its locks, left it."""
        rows = self._database.rows(sql.BOOK, {"name": name})
        return Book.model_validate_json(rows[0][0]) if rows else None

    def release_locks(self, name: str) -> Book:
        """Lift the breakers of a book, for a person; losses count from the present value on.

        NotFound for an unknown book; InputError while a cycle of it has orders under way.
        """
        with self._database.transaction() as db:
            found = db.execute(sql.BOOK, {"name": name}).first()
            if found is None:
                raise NotFound(f"there is no book {name!r}", "list cycles with `bullpen journal`")
            cycles.refuse_while_orders_are_under_way(db, name)
            lifted = lift_locks(Book.model_validate_json(found[0]))
            cycles.insert_book(db, lifted, found[1] + 1, None)
            return lifted

    def close_cycle(self, cycle_id: str, closing: Book, fills: Sequence[Fill], record: bytes) -> None:
        """End a cycle: its fills are booked, its closing book and its record stored, all or nothing.

        The same record again changes nothing. InputError where the cycle ended with another record, was abandoned, or
        its book has changed since it began.
        """
        with self._database.transaction() as db:
            cycle = cycles.cycle_state(db, cycle_id)
            if cycle.status == "done":
                if db.execute(sql.RECORD, {"cycle_id": cycle_id}).one()[1] != sha256(record):
                    raise InputError(f"cycle {cycle_id} is done, with another record", "see it with `bullpen journal`")
                return
            if cycle.status == "abandoned" or cycle.book != closing.name:
                raise InputError(f"cycle {cycle_id} of {cycle.book} is {cycle.status}; it cannot end", "run it again")
            cycles.refuse_a_changed_book(db, cycle)
            executions.book_fills(db, cycle_id, fills)
            cycles.insert_book(db, closing, cycle.book_version + 1, cycle_id)
            db.execute(sql.INSERT_RECORD, {"cycle_id": cycle_id, "sha256": sha256(record), "bytes": record})
            cycles.set_status(db, cycle_id, "done")

    def record(self, cycle_id: str) -> bytes | None:
        """The record's bytes, or None; CorruptFile where they are not what was written."""
        rows = self._database.rows(sql.RECORD, {"cycle_id": cycle_id})
        return checked(bytes(rows[0][0]), rows[0][1], f"the record of {cycle_id}") if rows else None

    def _intents(self, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> tuple[Intent, ...]:
        return tuple(executions.intent_from(row) for row in self._database.rows(statement, values))
