"""Which slot a cycle runs at: the one that was asked for, the unfinished one, or the book's next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from data.clock import parse_as_of, parse_slot, slot_text
from data.errors import InputError, OutOfRange

if TYPE_CHECKING:
    from app.runtime import Market


def next_slot(market: Market, book: str, as_of: str | None) -> str:
    """ISO UTC text of the slot.

    A book goes forward only: an unfinished cycle comes first (one that has decided nothing may be given up for another
    slot), and a slot before the last one is refused. Raises
    OutOfRange where the data ends first, InputError where `as_of` conflicts with the book.
    """
    cycles = market.stores.ledger.cycles(book)
    unfinished = [c.slot for c in cycles if c.status in ("started", "decided")]
    decided = any(c.status == "decided" for c in cycles)
    asked = slot_text(parse_as_of(as_of, market.slots)[0]) if as_of else ""
    if unfinished:
        if asked and asked != unfinished[0] and decided:
            remedy = f"finish it with --as-of {unfinished[0]}, or use another --book"
            raise InputError(f"book {book!r} has an unfinished cycle at {unfinished[0]}", remedy)
        if not asked or asked == unfinished[0]:
            return unfinished[0]
    done = [c.slot for c in cycles if c.status == "done"]
    if asked:
        if done and asked < done[-1] and asked not in done:
            raise InputError(f"book {book!r} stands at {done[-1]}; it goes forward only", "use another --book")
        return _within(market, parse_slot(asked))
    return _within(market, market.slots.after(parse_slot(done[-1])) if done else _first(market))


def _first(market: Market) -> datetime:
    """Where a new book begins: after the dates its policies were trained on, or at the end of the data."""
    _, last = market.source.span()
    trained = [
        c.bundle.manifest.trained_until
        for c in (market.policies.symbol_agents, market.policies.meta_controller)
        if c.bundle is not None and c.bundle.manifest.source == market.source.name
    ]
    if trained and parse_slot(max(trained)) < last:
        return market.slots.after(parse_slot(max(trained)))
    return market.slots.at_or_before(last)


def _within(market: Market, slot: datetime) -> str:
    first, last = market.source.span()
    if not market.source.static:
        last = min(last, datetime.now(UTC))
    if not first <= slot <= last:
        span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        remedy = f"the source has {span}; name a date within it with --as-of"
        raise OutOfRange(f"slot {slot_text(slot)} is outside the data", remedy)
    return slot_text(slot)
