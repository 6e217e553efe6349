"""Take up the cycle of a slot: its book opened, and what was begun before gone on with or begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.settings import Settings
from app.venues import account_of, deposit_of, refuse_another_venue, remember_venue
from data.errors import InputError
from tools.execution.schema import CycleStatus
from tools.execution.settlement import new_book

if TYPE_CHECKING:
    from app.runtime import Market


def take_up(market: Market, settings: Settings, book: str, slot: str, cycle_id: str) -> CycleStatus:
    """How far the cycle had come. One that was begun with other settings begins anew, unless it has decided.

    InputError where it has decided under other settings, or where the ledger refuses the slot.
    """
    from app.drive import thread_of

    ledger, given = market.stores.ledger, settings.restart()
    _open_book(market, settings, book)
    if all(cycle.cycle_id != cycle_id for cycle in ledger.cycles(book)):
        # what a thread of that name may hold is of another ledger: one that was moved away, or restored
        market.stores.forget(thread_of(book, slot))
    before = ledger.started_with(cycle_id)
    changed = before is not None and _as_now(before, settings) != given
    if changed and ledger.cycle(cycle_id).status in ("started", "abandoned"):
        market.stores.forget(thread_of(book, slot))
    status = ledger.open_cycle(book, slot, cycle_id, given)
    if status == "decided" and (changed or before is None):
        remedy = f"run it as it was begun: {' '.join(f'{k}={v}' for k, v in sorted((before or {}).items()) if v)}"
        raise InputError(f"cycle {cycle_id} has decided under other settings", remedy)
    return status


def _open_book(market: Market, settings: Settings, book: str) -> None:
    """A book stays with its venue; a new one begins with its deposit."""
    ledger, home = market.stores.ledger, market.stores.home
    if ledger.book(book) is not None:
        refuse_another_venue(home, book, settings)
        return
    remember_venue(home, book, settings)
    deposit = deposit_of(market.config, account_of(settings), ledger)
    ledger.create_book(new_book(book, deposit, short=not market.config.limits.long_only))


def _as_now(before: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Settings that an earlier version kept, with what has come since at its default; as they are where they do not
    read."""
    try:
        return Settings.model_validate({**before, "home": settings.home}).restart()
    except ValidationError:
        return before
