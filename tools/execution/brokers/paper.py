"""The paper broker: a venue in a file of its own, which fills at the next bar and remembers every id."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data.clock import parse_slot, slot_text
from data.errors import InputError
from tools.execution.broker import Answer, OpenOrder
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.orders import Fill, Order, OrderState
from tools.execution.store import Store
from tools.market.costs import trade_cost

if TYPE_CHECKING:
    from data.outcomes import NextBar

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, account TEXT NOT NULL, payload TEXT NOT NULL, decided_at TEXT NOT NULL,
    cost_bps REAL NOT NULL, state TEXT NOT NULL CHECK (state IN ('accepted', 'filled', 'rejected', 'cancelled'))
) STRICT;
CREATE TABLE IF NOT EXISTS fills (
    order_id TEXT PRIMARY KEY REFERENCES orders, account TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
"""

PriceAfter = Callable[[str, datetime], "NextBar | None"]
"""(symbol, decision time) -> the first price that can be traded at after it; None while there is none."""


class PaperBroker(GatedBroker):
    """Keeps the Broker contract for one account. A second order under a known id changes nothing.

    An order is filled whole at the next bar's open (its close, where the symbol has closes only), whatever its size;
    while that bar is not known it stays accepted. Costs are `cost_bps` of the notional, beside the price.
    """

    def __init__(
        self,
        gate: LastGate,
        path: Path,
        account: str,
        prices: PriceAfter,
        as_of: datetime,
        cost_bps: Mapping[str, float],
        deposit: float = 0.0,
    ) -> None:
        """`as_of` is when orders handed in now are decided; `cost_bps` by symbol, and what is not in it is rejected.

        `deposit` is the cash the account was opened with (account currency).
        """
        super().__init__(gate)
        self._deposit = deposit
        self._store = Store(path, SCHEMA)
        self._account, self._prices, self._as_of, self._cost_bps = account, prices, as_of, cost_bps

    def _send(self, order: Order) -> OrderState:
        """Insert or return existing, filled at once where the next bar is known; InputError for a reused id."""
        payload = order.model_dump_json()
        cost_bps = self._cost_bps.get(order.symbol)
        fill = None if cost_bps is None else self._fill(order, self._as_of, cost_bps)
        state = "rejected" if cost_bps is None else "accepted" if fill is None else "filled"
        values = (order.order_id, self._account, payload, slot_text(self._as_of), cost_bps or 0.0, state)
        with self._store.transaction() as db:
            new = (
                db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values).rowcount == 1
            )
            if new and fill is not None:
                db.execute(
                    "INSERT INTO fills VALUES (?, ?, ?)", (order.order_id, self._account, fill.model_dump_json())
                )
            known = db.execute(
                "SELECT account, payload, state FROM orders WHERE order_id = ?", (order.order_id,)
            ).fetchone()
        if known[:2] != (self._account, payload):
            raise InputError(f"order {order.order_id} is already known with other content", "never reuse an id")
        return known[2]

    def query(self, order_id: str) -> Answer | None:
        """The state of an id, after trying to fill it."""
        found = self._store.rows(
            "SELECT state, payload, decided_at, cost_bps FROM orders WHERE order_id = ?", (order_id,)
        )
        if not found:
            return None
        state, payload, decided_at, cost_bps = found[0]
        if state == "accepted":
            fill = self._fill(Order.model_validate_json(payload), parse_slot(decided_at), cost_bps)
            if fill is not None:
                self._store_fill(fill)
        return self._answer(order_id)

    def cancel(self, order_id: str) -> OrderState:
        """Withdraw what is still open; an id that was never seen has nothing to withdraw."""
        with self._store.transaction() as db:
            db.execute("UPDATE orders SET state = 'cancelled' WHERE order_id = ? AND state = 'accepted'", (order_id,))
        answer = self._answer(order_id)
        return "cancelled" if answer is None else answer.state

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """This account's orders that wait for a bar, oldest first."""
        rows = self._store.rows(
            "SELECT payload FROM orders WHERE account = ? AND state = 'accepted' ORDER BY rowid", (self._account,)
        )
        orders = [Order.model_validate_json(payload) for (payload,) in rows]
        return tuple(OpenOrder(o.order_id, o.symbol, o.side, o.quantity, 0.0) for o in orders)

    def positions(self) -> dict[str, float]:
        """The sum of this account's fills by symbol; closed positions are left out."""
        held: dict[str, float] = {}
        for fill in self._fills():
            held[fill.symbol] = held.get(fill.symbol, 0.0) + fill.signed_quantity
        return {symbol: round(quantity, 9) for symbol, quantity in sorted(held.items()) if abs(quantity) > 1e-9}

    def cash(self) -> float:
        """The deposit and what the fills paid and earned (account currency)."""
        return self._deposit - sum(f.signed_quantity * f.price + f.cost for f in self._fills())

    def server_time(self) -> datetime:
        """The simulated instant: when orders handed in now are decided."""
        return self._as_of

    def close(self) -> None:
        """Let go of the venue's file."""
        self._store.close()

    def _fills(self) -> list[Fill]:
        rows = self._store.rows("SELECT payload FROM fills WHERE account = ? ORDER BY rowid", (self._account,))
        return [Fill.model_validate_json(payload) for (payload,) in rows]

    def _fill(self, order: Order, decided_at: datetime, cost_bps: float) -> Fill | None:
        """The whole order at the next bar, or None while there is none with a price."""
        bar = self._prices(order.symbol, decided_at)
        if bar is None or not (math.isfinite(bar.price) and bar.price > 0.0):
            return None
        return Fill(
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=bar.price,
            cost=trade_cost(order.quantity * bar.price, cost_bps),
            convention=bar.convention,
            bar_time=slot_text(bar.time),
        )

    def _store_fill(self, fill: Fill) -> None:
        """Unless the order was filled or withdrawn meanwhile."""
        with self._store.transaction() as db:
            open_still = "UPDATE orders SET state = 'filled' WHERE order_id = ? AND state = 'accepted'"
            if db.execute(open_still, (fill.order_id,)).rowcount == 1:
                db.execute("INSERT INTO fills VALUES (?, ?, ?)", (fill.order_id, self._account, fill.model_dump_json()))

    def _answer(self, order_id: str) -> Answer | None:
        found = self._store.rows(
            "SELECT state, fills.payload FROM orders LEFT JOIN fills USING (order_id) WHERE order_id = ?", (order_id,)
        )
        if not found:
            return None
        state, fill = found[0]
        return Answer(state, () if fill is None else (Fill.model_validate_json(fill),))
