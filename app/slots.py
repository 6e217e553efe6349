"""Which slot a cycle runs at: the one that was asked for, the unfinished one, or the book's next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from data.clock import Slots, parse_slot, slot_text
from data.errors import InputError, OutOfRange
from data.sources.protocol import Source
from tools.execution.schema import CycleState


def next_slot(
    source: Source, slots: Slots, cycles: Sequence[CycleState], trained_until: str, book: str, asked: str,
    version: int = 0,
) -> str:  # fmt: skip
    """ISO UTC text of the slot; `asked` is the one that was asked for, or "".

    `cycles` are the book's: those unfinished, and of the done ones at least the last and that of `asked`.
    `trained_until` is the last slot (ISO) its policies saw of this source, or "", `version` how often the book was
    changed. A book goes forward only: an unfinished cycle comes first (one that has decided nothing may be given up for
    another slot, and is where the book has changed since), and a slot before the last one is refused. Raises OutOfRange
    where the data ends first, InputError where `asked` conflicts with the book.
    """
    for cycle in cycles:
        if cycle.status == "decided" and asked not in ("", cycle.slot):
            remedy = f"finish it with --as-of {cycle.slot}, or use another --book"
            raise InputError(f"book {book!r} has an unfinished cycle at {cycle.slot}", remedy)
        given_up = cycle.status == "started" and cycle.book_version != version
        if cycle.status in ("started", "decided") and (asked == cycle.slot or not (asked or given_up)):
            return cycle.slot
    done = [c.slot for c in cycles if c.status == "done"]
    stale = [c.slot for c in cycles if c.status == "started" and c.book_version != version]
    if asked and done and asked < done[-1] and asked not in done:
        raise InputError(f"book {book!r} stands at {done[-1]}; it goes forward only", "use another --book")
    if asked:
        return _within(source, parse_slot(asked))
    behind = max(done[-1:] + stale, default="")
    return _within(source, slots.after(parse_slot(behind)) if behind else _first(source, slots, trained_until))


def _first(source: Source, slots: Slots, trained_until: str) -> datetime:
    """Where a new book begins: after the dates its policies were trained on, or at the end of the data."""
    _, last = source.span()
    if trained_until and parse_slot(trained_until) < last:
        return slots.after(parse_slot(trained_until))
    return slots.at_or_before(last)


def _within(source: Source, slot: datetime) -> str:
    first, last = source.span()
    if not source.static:
        last = min(last, datetime.now(UTC))
    if not first <= slot <= last:
        remedy = f"the source has {first:%Y-%m-%d} to {last:%Y-%m-%d}; name a date within it with --as-of"
        raise OutOfRange(f"slot {slot_text(slot)} is outside the data", remedy)
    return slot_text(slot)


def wall_day() -> str:
    """Today, UTC (ISO)."""
    return datetime.now(UTC).date().isoformat()
