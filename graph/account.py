"""The account that the last gate opens on: the book, what of this cycle is filled or open, and what the facts say."""

from __future__ import annotations

import numpy as np

from data.clock import MAX_AGE
from data.market import AssetClass, FloatArray
from data.snapshot import Snapshot
from graph.context import CycleContext
from tools.execution.book import Book
from tools.execution.broker import OpenOrder
from tools.execution.settlement import settle
from tools.execution.sizing import LOT
from tools.risk.gate.state import AccountState, Listing


def account_of(snapshot: Snapshot, opening: Book, context: CycleContext, cycle_id: str) -> AccountState:
    """The book with the fills so far, and all that may still be filled by our count or by the broker's.

    Raises SourceUnavailable where the broker does not say what is open: then the gate stays shut.
    """
    book = settle(opening, context.ledger.fills(cycle_id))
    panel, currency = snapshot.panel, context.config.gate.account_currency
    age = panel.age[-1]
    return AccountState(
        cash=book.cash,
        positions={symbol: position.quantity for symbol, position in book.positions.items()},
        marks=book.marks,
        listings={i.symbol: Listing(i.currency, LOT) for i in panel.instruments},
        stale=frozenset(
            s for s, bars in zip(panel.symbols, age, strict=True) if not 0 <= bars <= MAX_AGE[snapshot.frequency]
        ),
        volumes=_volumes(snapshot, context.config.limits.participation_window_bars),
        rates={currency: 1.0},
        open_orders=_open_orders(context, book.name),
    )


def _open_orders(context: CycleContext, book: str) -> tuple[OpenOrder, ...]:
    """What may have left and is not over, by our count; then what only the broker knows of."""
    ours = {
        i.order.order_id: OpenOrder(i.order.order_id, i.order.symbol, i.order.side, i.order.quantity, i.filled)
        for i in context.ledger.open_orders(book)
        if i.state != "intended"
    }
    theirs = {order.order_id: order for order in context.broker.open_orders()}
    return tuple((theirs | ours).values())


def _volumes(snapshot: Snapshot, bars: int) -> dict[str, float]:
    """Average units a bar by symbol, over those of the last `bars` slots whose volume is known.

    Currency pairs have none: they trade over the counter, and what a source counts is not the market's volume.
    """
    recent: FloatArray = snapshot.panel.volume[-bars:]
    known = np.isfinite(recent) & (recent > 0.0)
    counts = known.sum(axis=0)
    sums = np.where(known, recent, 0.0).sum(axis=0)
    counted = zip(snapshot.panel.instruments, sums, counts, strict=True)
    return {i.symbol: float(total / n) for i, total, n in counted if n and i.asset_class is not AssetClass.FOREX}
