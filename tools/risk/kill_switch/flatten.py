"""Closing every position after the switch was thrown: orders that can only reduce, and no others."""

from __future__ import annotations

from collections.abc import Mapping

from tools.execution.book import Book
from tools.execution.broker import Broker
from tools.execution.orders import Order, order_id
from tools.risk.gate.state import DUST, AccountState, Listing


def account_to_flatten(book: Book, broker: Broker) -> AccountState:
    """The account by the venue's own count, at the book's last marks (account currency)."""
    positions = broker.positions()
    return AccountState(
        cash=broker.cash(),
        positions=positions,
        marks=book.marks,
        listings=dict.fromkeys(positions, Listing()),
        open_orders=broker.open_orders(),
    )


def orders_to_flatten(book: Book, positions: Mapping[str, float], since: str) -> tuple[Order, ...]:
    """A market order for each position (units by symbol), by symbol; one without a mark has none (`unpriced`).

    Ids are a function of book, halt (`since`, its instant) and symbol, so that the same halt asked twice sells once.
    """
    return tuple(
        Order(
            order_id=order_id(book.name, f"flatten {since}", symbol, 0, 1),
            symbol=symbol,
            side="sell" if units > 0.0 else "buy",
            quantity=abs(units),
            reference_price=book.marks[symbol],
            reduce_only=True,
        )
        for symbol, units in sorted(positions.items())
        if abs(units) > DUST and book.marks.get(symbol, 0.0) > 0.0
    )


def unpriced(book: Book, positions: Mapping[str, float]) -> tuple[str, ...]:
    """Positions that no order can be sized against, for the book knows no price of them."""
    return tuple(s for s, units in sorted(positions.items()) if abs(units) > DUST and not book.marks.get(s, 0.0) > 0.0)
