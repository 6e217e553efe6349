"""The ledger: cycles, frozen decisions, order intents, fills, books and records, in one SQLite file.

What makes effects happen once: a cycle is one row a (book, slot); a decision and its intents are stored in one
transaction before the first send; the closing book and the record appear in one transaction that ends the cycle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import ExecutionRefused, InputError, NotFound
from tools.execution import schema
from tools.execution.book import Book
from tools.execution.broker import Answer
from tools.execution.executions import (
    SELECT_INTENTS,
    Dispute,
    Intent,
    book_fill,
    intent_from,
    intent_of,
    note_answer,
    set_state,
)
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.schema import CycleState, CycleStatus
from tools.execution.states import TERMINAL
from tools.execution.store import Store
from tools.risk.breakers import lift_locks

LATE_ANSWERS = 5
"""How many answers are waited for about a cancelled order, one a cycle, before its executions are taken for final."""


class Ledger:
    """Every method is one transaction; StorageFailed means that nothing was changed."""

    def __init__(self, path: Path) -> None:
        """Open or create; CorruptFile where the file is not what was written."""
        self._store = Store(path, schema.SCHEMA, version=schema.VERSION, upgrades=schema.UPGRADES)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    # --- cycles -----------------------------------------------------------------------------------------------

    def open_cycle(
        self, book: str, slot: str, cycle_id: str, started_with: Mapping[str, Any] | None = None
    ) -> CycleStatus:
        """Insert the cycle of (book, slot), or take up the one that is there; returns its status, never "abandoned".

        A cycle of another slot that has not decided anything is abandoned. InputError where another has orders under
        way, where a later slot is done, or where the book has changed since this cycle first began.
        """
        with self._store.transaction() as db:
            found = db.execute("SELECT cycle_id FROM cycles WHERE book = ? AND slot = ?", (book, slot)).fetchone()
            if found is not None and found[0] != cycle_id:
                raise InputError(f"slot {slot} of book {book} belongs to cycle {found[0]}", "use that id")
            if found is not None:
                cycle = schema.cycle_state(db, cycle_id)
                if cycle.status in ("decided", "done"):
                    return cycle.status
                schema.refuse_a_changed_book(db, cycle)
            else:
                schema.refuse_the_past(db, book, slot)
                values = (cycle_id, book, slot, schema.book_version(db, book))
                db.execute("INSERT INTO cycles VALUES (?, ?, ?, 'started', ?, NULL)", values)
            schema.refuse_while_orders_are_under_way(db, book)
            db.execute("UPDATE cycles SET status = 'abandoned' WHERE book = ? AND status = 'started'", (book,))
            settings = None if started_with is None else json.dumps(dict(started_with), sort_keys=True)
            db.execute(
                "UPDATE cycles SET status = 'started', started_with = ifnull(?, started_with) WHERE cycle_id = ?",
                (settings, cycle_id),
            )
            return "started"

    def cycles(self, book: str | None = None) -> tuple[CycleState, ...]:
        """All cycles (of a book), oldest slot first."""
        rows = self._store.rows(
            "SELECT cycle_id, book, slot, status, book_version FROM cycles WHERE book = ifnull(?, book)"
            " ORDER BY slot, book",
            (book,),
        )
        return tuple(CycleState(*row) for row in rows)

    def cycle(self, cycle_id: str) -> CycleState:
        """One cycle; NotFound where it was never opened."""
        with self._store.transaction() as db:
            return schema.cycle_state(db, cycle_id)

    def cycle_of(self, order_id: str) -> CycleState:
        """The cycle that decided an order; NotFound where it was never intended."""
        with self._store.transaction() as db:
            intent_of(db, order_id)
            row = db.execute("SELECT cycle_id FROM intents WHERE order_id = ?", (order_id,)).fetchone()
            return schema.cycle_state(db, row[0])

    def latest_done(self, book: str | None = None) -> str:
        """The id of the cycle that was finished last; NotFound where none was."""
        rows = self._store.rows(
            "SELECT cycle_id FROM records JOIN cycles USING (cycle_id) WHERE book = ifnull(?, book)"
            " ORDER BY records.rowid DESC LIMIT 1",
            (book,),
        )
        if not rows:
            raise NotFound("no cycle is done", "run `bullpen cycle` first")
        return str(rows[0][0])

    def started_with(self, cycle_id: str) -> dict[str, Any] | None:
        """The settings that `open_cycle` was given last before the cycle decided, or None."""
        rows = self._store.rows("SELECT started_with FROM cycles WHERE cycle_id = ?", (cycle_id,))
        return json.loads(rows[0][0]) if rows and rows[0][0] is not None else None

    # --- decisions and orders -----------------------------------------------------------------------------------

    def commit_decision(self, cycle_id: str, payload: str, orders: Sequence[Order]) -> bool:
        """Freeze a decision with its intents; False where the very same was stored before.

        InputError where the cycle has decided otherwise, was abandoned, or its book has changed since it began.
        """
        with self._store.transaction() as db:
            cycle = schema.cycle_state(db, cycle_id)
            if cycle.status == "abandoned":
                raise InputError(f"cycle {cycle_id} was abandoned for another slot", "run it again")
            if cycle.status != "started":
                schema.verify_decision(db, cycle_id, payload, orders)
                return False
            schema.refuse_a_changed_book(db, cycle)
            schema.insert_decision(db, cycle_id, payload, orders)
            return True

    def decision(self, cycle_id: str) -> str | None:
        """The frozen decision, or None; CorruptFile where it is not what was written."""
        rows = self._store.rows("SELECT payload, sha256 FROM decisions WHERE cycle_id = ?", (cycle_id,))
        if not rows:
            return None
        return schema.checked(str(rows[0][0]).encode(), rows[0][1], f"the decision of {cycle_id}").decode()

    def intents(self, cycle_id: str) -> tuple[Intent, ...]:
        """All orders of a cycle in the order in which they are sent, replacements last."""
        return self._intents("cycle_id = ?", cycle_id)

    def intent(self, order_id: str) -> Intent:
        """One order and how far it got; NotFound where it was never intended."""
        with self._store.transaction() as db:
            return intent_of(db, order_id)

    def pending(self, cycle_id: str) -> tuple[Intent, ...]:
        """Those of `intents` whose outcome is still open; the kill switch's are nobody else's to send."""
        return tuple(i for i in self.intents(cycle_id) if i.state not in TERMINAL and i.parent != i.order.order_id)

    def open_orders(self, book: str | None = None) -> tuple[Intent, ...]:
        """Orders of all cycles (of a book) whose outcome is still open, oldest first."""
        found = self._intents("book = ifnull(?, book)", book)
        return tuple(intent for intent in found if intent.state not in TERMINAL)

    def lately_cancelled(self, book: str) -> tuple[Intent, ...]:
        """Cancelled orders of finished cycles for which the broker has answered fewer than LATE_ANSWERS times since: a
        late execution may still be reported."""
        return self._intents(f"state = 'cancelled' AND asked < {LATE_ANSWERS} AND status = 'done' AND book = ?", book)

    def start_sending(self, cycle_id: str) -> None:
        """Mark what is only intended as sent: from here on only the broker knows."""
        with self._store.transaction() as db:
            db.execute("UPDATE intents SET state = 'sent' WHERE cycle_id = ? AND state = 'intended'", (cycle_id,))

    def mark(self, order_id: str, state: OrderState) -> None:
        """Move an intent on; InputError where its present state does not allow that."""
        with self._store.transaction() as db:
            set_state(db, order_id, state)

    def add_replacement(self, parent_id: str, child: Order) -> None:
        """Store an order for the rest of a cancelled one; the same child again changes nothing.

        InputError where the parent is not cancelled or its cycle is over, where the child is of another symbol or
        side, or where it is larger than what is left of its parent.
        """
        with self._store.transaction() as db:
            parent = intent_of(db, parent_id)
            known = db.execute("SELECT payload FROM intents WHERE parent = ?", (parent_id,)).fetchone()
            if known is not None and Order.model_validate_json(known[0]) == child:
                return
            if parent.state != "cancelled" or known is not None:
                why = f"is {parent.state}" if known is None else "was replaced before"
                raise InputError(f"order {parent_id} {why}; it cannot be replaced", "cancel it first, replace it once")
            if (child.symbol, child.side) != (parent.order.symbol, parent.order.side):
                raise InputError(
                    f"{child.side} {child.symbol} cannot replace order {parent_id}", "keep symbol and side"
                )
            if child.quantity > parent.remainder:
                raise InputError(
                    f"{child.quantity} {child.symbol} are more than the {parent.remainder} left of order {parent_id}",
                    "replace at most the remainder",
                )
            cycle_id, status, last = db.execute(
                "SELECT cycle_id, status, (SELECT max(position) FROM intents AS all_of WHERE all_of.cycle_id ="
                " intents.cycle_id) FROM intents JOIN cycles USING (cycle_id) WHERE order_id = ?",
                (parent_id,),
            ).fetchone()
            if status != "decided":
                raise InputError(f"cycle {cycle_id} is {status}; order {parent_id} cannot be replaced", "decide anew")
            schema.insert_intent(db, cycle_id, last + 1, child, parent_id)

    def add_halt_orders(self, book: str, orders: Sequence[Order]) -> str:
        """Store what the kill switch is about to send to close a book's positions, beside its last decided cycle, whose
        id is returned. Each is its own parent, for it belongs to no decision. The same orders again change nothing.

        NotFound where no cycle of the book has decided anything.
        """
        with self._store.transaction() as db:
            cycle_id = schema.last_decided(db, book)
            schema.insert_halt_orders(db, cycle_id, orders)
            return cycle_id

    def note(self, outcomes: Mapping[str, Answer]) -> None:
        """Store what the broker said of several orders: new executions, and the states they make.

        The same answers again, or older ones, change nothing. InputError where a state contradicts the ledger: then
        nothing was stored. ExecutionRefused where an execution does (an overfill, another symbol, one that changed or
        vanished): all else was stored, the execution is kept as a dispute, and it is raised the first time only.
        """
        with self._store.transaction() as db:
            refused = [dispute for name, answer in outcomes.items() for dispute in note_answer(db, name, answer)]
        if refused:
            first = refused[0]
            raise ExecutionRefused(
                f"{first.symbol}: execution {first.execution_id!r} of order {first.order_id}: {first.reason}",
                first.symbol,
                "compare book and broker, mend the position, then settle the dispute",
            )

    def disputes(self, book: str) -> tuple[Dispute, ...]:
        """Executions of a book's orders that were refused and are not settled, oldest first."""
        rows = self._store.rows(
            "SELECT disputes.payload, disputes.reason FROM disputes JOIN intents USING (order_id)"
            " JOIN cycles USING (cycle_id) WHERE book = ? AND settled = 0 ORDER BY disputes.rowid",
            (book,),
        )
        found = [(Fill.model_validate_json(payload), reason) for payload, reason in rows]
        return tuple(Dispute(f.order_id, f.execution_id, f.symbol, f.signed_quantity, why) for f, why in found)

    def settle_disputes(self, book: str) -> None:
        """A person has brought book and broker together: orders may be sent again, and the disputed ones are over."""
        with self._store.transaction() as db:
            disputed = (
                "SELECT order_id FROM disputes JOIN intents USING (order_id) JOIN cycles USING (cycle_id)"
                " WHERE book = ? AND settled = 0"
            )
            db.execute(
                "UPDATE intents SET state = 'cancelled', reason = 'settled by hand'"
                f" WHERE state IN ('accepted', 'partial', 'unknown') AND order_id IN ({disputed})",
                (book,),
            )
            db.execute(f"UPDATE disputes SET settled = 1 WHERE order_id IN ({disputed})", (book,))

    def fills(self, cycle_id: str) -> tuple[Fill, ...]:
        """Executions of a cycle's orders, in the order in which those were sent, each order's oldest first."""
        rows = self._store.rows(
            "SELECT fills.payload FROM fills JOIN intents USING (order_id) WHERE cycle_id = ?"
            " ORDER BY position, fills.rowid",
            (cycle_id,),
        )
        return tuple(Fill.model_validate_json(row[0]) for row in rows)

    def claim_late_fills(self, cycle_id: str) -> tuple[Fill, ...]:
        """Executions of done cycles of the book that no done cycle has booked: this cycle books them, oldest first.

        Asked again, the same cycle gets them again, so that a restart loses none and books none twice.
        """
        with self._store.transaction() as db:
            book = schema.cycle_state(db, cycle_id).book
            rows = db.execute(
                "SELECT fills.rowid, fills.payload FROM fills JOIN intents USING (order_id) JOIN cycles AS own"
                " USING (cycle_id) LEFT JOIN cycles AS booked ON booked.cycle_id = fills.booked_by"
                " WHERE own.book = ? AND own.cycle_id <> ? AND own.status = 'done'"
                " AND (ifnull(booked.status, '') <> 'done' OR booked.cycle_id = ?)"
                " ORDER BY own.slot, position, fills.rowid",
                (book, cycle_id, cycle_id),
            ).fetchall()
            db.executemany("UPDATE fills SET booked_by = ? WHERE rowid = ?", [(cycle_id, row[0]) for row in rows])
        return tuple(Fill.model_validate_json(row[1]) for row in rows)

    # --- books and records --------------------------------------------------------------------------------------

    def create_book(self, book: Book) -> None:
        """Store a new book with its deposit; InputError where the name is taken."""
        with self._store.transaction() as db:
            if db.execute("SELECT 1 FROM books WHERE name = ?", (book.name,)).fetchone() is not None:
                raise InputError(f"book {book.name} exists already", "choose another name")
            db.execute("INSERT INTO books VALUES (?, 0, NULL, ?)", (book.name, book.model_dump_json()))

    def book(self, name: str) -> Book | None:
        """The book as its last cycle, or the person who lifted its locks, left it."""
        rows = self._store.rows("SELECT payload FROM books WHERE name = ? ORDER BY version DESC LIMIT 1", (name,))
        return Book.model_validate_json(rows[0][0]) if rows else None

    def release_locks(self, name: str) -> Book:
        """Lift the breakers of a book, for a person; losses count from the present value on.

        NotFound for an unknown book; InputError while a cycle of it has orders under way.
        """
        with self._store.transaction() as db:
            found = db.execute(
                "SELECT payload, version FROM books WHERE name = ? ORDER BY version DESC LIMIT 1", (name,)
            ).fetchone()
            if found is None:
                raise NotFound(f"there is no book {name!r}", "list cycles with `bullpen journal`")
            schema.refuse_while_orders_are_under_way(db, name)
            lifted = lift_locks(Book.model_validate_json(found[0]))
            db.execute("INSERT INTO books VALUES (?, ?, NULL, ?)", (name, found[1] + 1, lifted.model_dump_json()))
            return lifted

    def close_cycle(self, cycle_id: str, closing: Book, fills: Sequence[Fill], record: bytes) -> None:
        """End a cycle: its fills are booked, its closing book and its record stored, all or nothing.

        The same record again changes nothing. InputError where the cycle ended with another record, was abandoned, or
        its book has changed since it began.
        """
        with self._store.transaction() as db:
            cycle = schema.cycle_state(db, cycle_id)
            if cycle.status == "done":
                known = db.execute("SELECT sha256 FROM records WHERE cycle_id = ?", (cycle_id,)).fetchone()
                if known[0] != schema.sha256(record):
                    raise InputError(f"cycle {cycle_id} is done, with another record", "see it with `bullpen journal`")
                return
            if cycle.status == "abandoned" or cycle.book != closing.name:
                raise InputError(f"cycle {cycle_id} of {cycle.book} is {cycle.status}; it cannot end", "run it again")
            schema.refuse_a_changed_book(db, cycle)
            for fill in fills:
                book_fill(db, cycle_id, fill)
            values = (cycle.book, cycle.book_version + 1, cycle_id, closing.model_dump_json())
            db.execute("INSERT INTO books VALUES (?, ?, ?, ?)", values)
            db.execute("INSERT INTO records VALUES (?, ?, ?)", (cycle_id, schema.sha256(record), record))
            db.execute("UPDATE cycles SET status = 'done' WHERE cycle_id = ?", (cycle_id,))

    def record(self, cycle_id: str) -> bytes | None:
        """The record's bytes, or None; CorruptFile where they are not what was written."""
        rows = self._store.rows("SELECT bytes, sha256 FROM records WHERE cycle_id = ?", (cycle_id,))
        return schema.checked(rows[0][0], rows[0][1], f"the record of {cycle_id}") if rows else None

    def _intents(self, condition: str, value: str | None) -> tuple[Intent, ...]:
        rows = self._store.rows(f"{SELECT_INTENTS} WHERE {condition} ORDER BY slot, position", (value,))
        return tuple(intent_from((row[0], row[1], row[2], row[3], row[4])) for row in rows)
