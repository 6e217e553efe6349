"""Take up the cycle of a slot: its book opened, and what was begun before gone on with or begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.settings import Settings
from app.venues import account_of, deposit_of, refuse_another_venue, remember_venue
from data.errors import InputError
from graph.config import CycleConfig
from tools.execution.schema import CycleStatus
from tools.execution.settlement import new_book

if TYPE_CHECKING:
    from app.runtime import Market


CONFIG = "cycle_config"
"""Beside the settings that a cycle is begun with: what their file said, for it may be edited while a cycle waits."""


def take_up(market: Market, settings: Settings, book: str, slot: str, cycle_id: str) -> CycleStatus:
    """How far the cycle had come. One that was begun with other settings begins anew, unless it has decided.

    One that has decided goes on under the rules it decided by (`begun_with`), whatever the settings' file says by now.
    InputError where it has decided under other settings, or where the ledger refuses the slot.
    """
    from app.drive import thread_of

    ledger, given = market.stores.ledger, settings.restart()
    _open_book(market, settings, book)
    if not ledger.knows(cycle_id):
        # what a thread of that name may hold is of another ledger: one that was moved away, or restored
        market.stores.forget(thread_of(book, slot))
    before = ledger.started_with(cycle_id)
    changed = before is not None and _as_now(before, settings) != given
    other_rules = begun_with(before) not in (None, market.config)
    if (changed or other_rules) and ledger.cycle(cycle_id).status in (
        "started",
        "abandoned",
    ):
        market.stores.forget(thread_of(book, slot))
    status = ledger.open_cycle(book, slot, cycle_id, given | {CONFIG: market.config.model_dump(mode="json")})
    if status == "decided" and (changed or before is None):
        begun = (f"{k}={v}" for k, v in sorted((before or {}).items()) if v and k != CONFIG)
        remedy = f"run it as it was begun: {' '.join(begun)}"
        raise InputError(f"cycle {cycle_id} has decided under other settings", remedy)
    return status


def begun_with(started: dict[str, Any] | None) -> CycleConfig | None:
    """The rules that a cycle was begun under; None where it does not say so, or in the words of another version: then
    its settings' file counts, for a decision must be brought to its end and a book be flattened all the same."""
    kept = (started or {}).get(CONFIG)
    try:
        return None if kept is None else CycleConfig.model_validate(kept)
    except ValidationError:
        return None


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
