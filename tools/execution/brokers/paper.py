"""The paper broker: a venue in a file of its own, which fills from the bars that follow and remembers every id."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from data.clock import slot_text
from data.errors import InputError
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.brokers.simulation import ROUNDING, Attempt, SymbolTerms, attempt, terms_from
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.states import TERMINAL
from tools.execution.store import Store

if TYPE_CHECKING:
    from data.outcomes import NextBar

VERSION = 3
SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, deposit REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, account TEXT NOT NULL, payload TEXT NOT NULL, after TEXT NOT NULL, terms TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'partial', 'filled', 'rejected', 'cancelled')),
    reason TEXT NOT NULL DEFAULT '', triggered INTEGER NOT NULL DEFAULT 0, day TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS fills (
    order_id TEXT NOT NULL REFERENCES orders, execution_id TEXT NOT NULL, account TEXT NOT NULL, payload TEXT NOT NULL,
    PRIMARY KEY (order_id, execution_id)
) STRICT;
CREATE TABLE IF NOT EXISTS positions (
    account TEXT NOT NULL, symbol TEXT NOT NULL, quantity REAL NOT NULL, PRIMARY KEY (account, symbol)
) STRICT;
"""
STATEMENTS = tuple(statement for statement in SCHEMA.split(";") if statement.strip())
UPGRADES = {
    1: (
        "ALTER TABLE orders RENAME TO orders_1",
        "ALTER TABLE fills RENAME TO fills_1",
        *STATEMENTS,
        "INSERT INTO orders SELECT order_id, account, payload, decided_at,"
        " json_object('rate_bps', cost_bps), state, '', 0, '' FROM orders_1 ORDER BY rowid",
        "INSERT INTO fills SELECT order_id, '', account, payload FROM fills_1 ORDER BY rowid",
        "DROP TABLE fills_1",
        "DROP TABLE orders_1",
    ),
    2: (
        STATEMENTS[-1],
        "INSERT INTO positions SELECT account, json_extract(payload, '$.symbol'), SUM(json_extract(payload,"
        " '$.quantity') * CASE json_extract(payload, '$.side') WHEN 'buy' THEN 1 ELSE -1 END) FROM fills GROUP BY 1, 2",
    ),
}
"""Version 1 filled every order whole; version 2 summed all executions anew whenever it was asked for positions."""

NextTick = timedelta(microseconds=1)
BarAfter = Callable[[str, datetime], "NextBar | None"]
"""(symbol, time) -> the first bar whose price can be traded at from then on; None while there is none."""


def open_venue_file(path: Path) -> Store:
    """The file of paper accounts, checked whole once; raises as Store does."""
    return Store(path, SCHEMA, version=VERSION, upgrades=UPGRADES)


class _Held(NamedTuple):
    """An order as the venue holds it."""

    order: Order
    after: datetime
    """Bars from here on have not been looked at."""
    terms: str
    state: OrderState
    triggered: bool
    day: str
    """The date (UTC) of the first bar that was looked at, or ""."""


class PaperBroker(GatedBroker):
    """Keeps the Broker contract for one account. A second order under a known id changes nothing.

    An order meets the bars that follow its decision, one by one, up to the venue's own time; one that is decided just
    then meets the first bar after it at once, where that is known. What a bar fills is `simulation.attempt`. What the
    participation cap leaves of a market order waits for the next bar, as in tools/backtest/rules.py; a limit or stop
    lapses with the date of its first bar unless it is `gtc`. Cash is not checked: the account may become overdrawn.
    """

    capabilities = frozenset({"limit", "stop", "stop_limit", "gtc", "ioc", "fok", "reduce_only"})

    def __init__(
        self,
        gate: LastGate,
        venue: Path | Store,
        account: str,
        bars: BarAfter,
        as_of: datetime,
        terms: SymbolTerms,
        deposit: float = 0.0,
    ) -> None:
        """`venue` is the file, or one that `open_venue_file` has opened and that stays open when this is closed.

        `as_of` is the venue's time, when orders handed in now are decided; a symbol without `terms` is rejected.

        `deposit` (account currency) is what the account is opened with, where it is not open yet.
        """
        super().__init__(gate)
        self._account, self._bars, self._as_of, self._terms = account, bars, as_of, terms
        self._store, self._owned = (open_venue_file(venue), True) if isinstance(venue, Path) else (venue, False)
        with self._store.transaction() as db:
            db.execute("INSERT INTO accounts VALUES (?, ?) ON CONFLICT DO NOTHING", (account, deposit))

    def _send(self, order: Order) -> OrderState:
        """Insert or return existing, filled at once where the next bar is known; InputError for a reused id."""
        row = self._terms.row(order.symbol)
        reason = f"{order.symbol} is not traded here" if row is None else self._refusal(order, row["lot"])
        state = "rejected" if reason else "accepted"
        payload, terms = order.model_dump_json(), json.dumps(row or {}, sort_keys=True)
        values = (order.order_id, self._account, payload, self._as_of.isoformat(), terms, state, reason)
        with self._store.transaction() as db:
            db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, 0, '') ON CONFLICT DO NOTHING", values)
            known = db.execute("SELECT account, payload FROM orders WHERE order_id = ?", (order.order_id,)).fetchone()
            if known[0] != self._account or Order.model_validate_json(known[1]) != order:
                raise InputError(f"order {order.order_id} is already known with other content", "never reuse an id")
            self._work_on(db, order.order_id)
            return db.execute("SELECT state FROM orders WHERE order_id = ?", (order.order_id,)).fetchone()[0]

    def query(self, order_id: str) -> Answer | None:
        """The state of an id, after trying to fill it."""
        with self._store.transaction() as db:
            self._work_on(db, order_id)
            return _told(db, order_id)

    def cancel(self, order_id: str) -> OrderState:
        """Withdraw what is still open; an id that was never seen has nothing to withdraw."""
        with self._store.transaction() as db:
            open_still = "order_id = ? AND state IN ('accepted', 'partial')"
            db.execute(f"UPDATE orders SET state = 'cancelled', reason = 'withdrawn' WHERE {open_still}", (order_id,))
            answer = _told(db, order_id)
        return "cancelled" if answer is None else answer.state

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """This account's orders that wait for a bar, oldest first."""
        rows = self._store.rows(
            "SELECT payload FROM orders WHERE account = ? AND state IN ('accepted', 'partial') ORDER BY rowid",
            (self._account,),
        )
        orders = [Order.model_validate_json(payload) for (payload,) in rows]
        if not orders:
            return ()
        with self._store.transaction() as db:
            done = [sum(fill.quantity for fill in _executions(db, order.order_id)) for order in orders]
        return tuple(
            OpenOrder(o.order_id, o.symbol, o.side, o.quantity, of) for o, of in zip(orders, done, strict=True)
        )

    def positions(self) -> dict[str, float]:
        """The sum of this account's fills by symbol; closed positions are left out."""
        held = self._store.rows(
            "SELECT symbol, quantity FROM positions WHERE account = ? ORDER BY symbol", (self._account,)
        )
        return {symbol: round(quantity, 9) for symbol, quantity in held if abs(quantity) > 1e-9}

    def cash(self) -> float:
        """The deposit, and what the fills paid and earned (account currency)."""
        (deposit,) = self._store.rows("SELECT deposit FROM accounts WHERE name = ?", (self._account,))[0]
        return deposit - math.fsum(fill.signed_quantity * fill.price + fill.cost for fill in self._fills())

    def server_time(self) -> datetime:
        """The venue's time: when orders handed in now are decided."""
        return self._as_of

    def advance(self, as_of: datetime) -> None:
        """The venue's time moves on to `as_of`; open orders meet the bars up to it when they are asked after."""
        self._as_of = as_of

    def close(self) -> None:
        """Let go of the venue's file, unless it was open already."""
        if self._owned:
            self._store.close()

    def _refusal(self, order: Order, lot: float) -> str:
        """Why a traded symbol's order is rejected, or ""."""
        if order.quantity < lot * (1.0 - ROUNDING):
            return f"{order.quantity} {order.symbol} are less than a lot of {lot}"
        held = self.positions().get(order.symbol, 0.0) if order.reduce_only else 0.0
        reduced = -held if order.side == "buy" else held
        if order.reduce_only and order.quantity > reduced * (1.0 + ROUNDING):
            return f"reduce_only: {order.side} {order.quantity} {order.symbol} with {held} held"
        return ""

    def _work_on(self, db: sqlite3.Connection, order_id: str) -> None:
        """Let an order meet the bars that are new to it; one that is over, or was never seen, meets none."""
        held = _held(db, order_id)
        if held is not None and held.state not in TERMINAL:
            self._work(db, held)

    def _work(self, db: sqlite3.Connection, held: _Held) -> None:
        """Let an open order meet the bars it has not met yet."""
        order, terms = held.order, terms_from(json.loads(held.terms))
        left = order.quantity - sum(f.quantity for f in _executions(db, order.order_id))
        after, triggered, day, state, reason = held.after, held.triggered, held.day, held.state, ""
        while state not in TERMINAL:
            bar = self._bars(order.symbol, after)
            if bar is None or not (math.isfinite(bar.price) and bar.price > 0.0):
                break
            decided_now = not day and after == self._as_of
            if bar.time > self._as_of and not decided_now:
                break
            date = bar.time.date().isoformat()
            day = day or date
            if order.kind != "market" and order.time_in_force == "day" and date > day:
                state, reason = "cancelled", "the day is over"
                break
            found = attempt(order, left, bar, terms, triggered)
            after, triggered = bar.time + NextTick, found.triggered
            if found.units > 0.0:
                self._book(db, self._filled(order, bar, found))
                left -= found.units
            state, reason = _next_state(order, left, float(terms.lot[0]))
        db.execute(
            "UPDATE orders SET state = ?, reason = ?, after = ?, triggered = ?, day = ? WHERE order_id = ?",
            (state, reason, after.isoformat(), int(triggered), day, order.order_id),
        )

    def _book(self, db: sqlite3.Connection, fill: Fill) -> None:
        """Keep an execution, and what the account holds after it."""
        values = (fill.order_id, fill.execution_id, self._account, fill.model_dump_json())
        db.execute("INSERT INTO fills VALUES (?, ?, ?, ?)", values)
        db.execute(
            "INSERT INTO positions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity",
            (self._account, fill.symbol, fill.signed_quantity),
        )

    def _filled(self, order: Order, bar: NextBar, found: Attempt) -> Fill:
        """The execution of an order in a bar, of which there is one at most: the bar's time is its id."""
        time = slot_text(bar.time)
        return Fill(
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=found.units,
            price=found.price,
            cost=found.cost,
            convention=found.convention,
            bar_time=time,
            execution_id=time,
        )

    def _fills(self) -> list[Fill]:
        rows = self._store.rows("SELECT payload FROM fills WHERE account = ? ORDER BY rowid", (self._account,))
        return [Fill.model_validate_json(payload) for (payload,) in rows]


def _told(db: sqlite3.Connection, order_id: str) -> Answer | None:
    found = db.execute("SELECT state, reason FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return None if found is None else Answer(found[0], _executions(db, order_id), found[1])


def _held(db: sqlite3.Connection, order_id: str) -> _Held | None:
    row = db.execute(
        "SELECT payload, after, terms, state, triggered, day FROM orders WHERE order_id = ?", (order_id,)
    ).fetchone()
    if row is None:
        return None
    payload, after, terms, state, triggered, day = row
    order = Order.model_validate_json(payload)
    return _Held(order, datetime.fromisoformat(after), terms, state, bool(triggered), day)


def _executions(db: sqlite3.Connection, order_id: str) -> tuple[Fill, ...]:
    rows = db.execute("SELECT payload FROM fills WHERE order_id = ? ORDER BY rowid", (order_id,))
    return tuple(Fill.model_validate_json(payload) for (payload,) in rows)


def _next_state(order: Order, left: float, lot: float) -> tuple[OrderState, str]:
    """What an order is after a bar that leaves `left` units of it, and why it is over where it is."""
    if left <= ROUNDING * order.quantity:
        return "filled", ""
    if left < lot * (1.0 - ROUNDING):
        return "cancelled", f"the rest is less than a lot of {lot}"
    if order.time_in_force in ("ioc", "fok"):
        return "cancelled", "not filled at once"
    return ("partial" if left < order.quantity else "accepted"), ""
