"""Which venue a book trades at: the paper broker, or an account at a real one, behind the same last gate."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.settings import Settings
from data.clock import parse_slot
from data.errors import BadConfig, BullpenError, StorageFailed
from data.sources.protocol import Source
from graph.config import CycleConfig
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.ledger import Ledger
from tools.execution.orders import Order
from tools.risk.gate.gate import Gate

REMEMBERED = ".venue.json"
"""After a book's name: the file that says where it trades. A calendar or a frequency does not change that."""


@dataclass(frozen=True, slots=True)
class Account:
    """What opens an account beside its keys, which stay in the environment."""

    live_account: str = ""
    """The second switch: the account that may be traded live, by the venue's own name for it."""
    url: str = ""
    """Address of the venue instead of its own, such as a proxy's; host:port for Interactive Brokers."""
    client_id: int = 1
    """Of Interactive Brokers' gateway, which lets only the id that placed an order cancel it."""
    timezone: str = "America/New_York"
    """That the gateway is set to (an IANA name)."""


def account_of(settings: Settings) -> Account:
    """The account that settings name."""
    return Account(settings.live_account, settings.venue_url, settings.venue_client_id, settings.venue_timezone)


def check_venue(config: CycleConfig, source: Source, account: Account) -> None:
    """BadConfig for a venue that cannot be traded so: live without the account named, or prices of the past."""
    if config.venue == "paper":
        if config.live:
            raise BadConfig("the paper venue is never live", "name a venue: alpaca, interactive_brokers or crypto")
        return
    if source.static:
        remedy = "use --source yahoo, or --venue paper"
        raise BadConfig(f"{config.venue} trades now, and the {source.name} source has prices of the past", remedy)
    if config.live and not account.live_account:
        raise BadConfig("a live account must be named", "set live_account (BULLPEN_LIVE_ACCOUNT) beside --live")


def remember_venue(home: Path, book: str, settings: Settings) -> None:
    """Write down beside the ledger where a new book trades: the kill switch must find its account without a ledger."""
    path = home / f"{book}{REMEMBERED}"
    try:
        if settings.cycle_config("XNYS", "1d").venue == "paper":
            path.unlink(missing_ok=True)
        else:
            path.write_text(json.dumps(settings.restart(), sort_keys=True), encoding="utf-8")
    except OSError as error:
        raise StorageFailed(f"the venue of {book} was not written: {error.strerror}", "free the disk") from error


def refuse_another_venue(home: Path, book: str, settings: Settings) -> None:
    """BadConfig where a book was opened at another venue, or with other money, than `settings` name now: its cash and
    its positions are those of the account it began with."""
    path = home / f"{book}{REMEMBERED}"
    now = settings.cycle_config("XNYS", "1d")
    then = _remembered(path, home).cycle_config("XNYS", "1d") if path.is_file() else None
    began = ("paper", False) if then is None else (then.venue, then.live)
    if began != (now.venue, now.live):
        where = began[0] + (", live" if began[1] else "")
        raise BadConfig(f"book {book!r} was opened at {where}", "use another --book, or the venue it began with")


def _remembered(path: Path, home: Path) -> Settings:
    return Settings.model_validate({**json.loads(path.read_text(encoding="utf-8")), "home": home})


def remembered_venue(home: Path, book: str, gate: LastGate, ledger: Ledger | None) -> GatedBroker | None:
    """The real account that a book trades at; None for a book of the paper venue. Raises as `open_venue`."""
    path = home / f"{book}{REMEMBERED}"
    if not path.is_file():
        return None
    settings = _remembered(path, home)
    return open_venue(settings.cycle_config("XNYS", "1d"), account_of(settings), gate, ledger)


def deposit_of(config: CycleConfig, account: Account, ledger: Ledger) -> float:
    """What a new book begins with: the paper book's cash, or that of the account, which must hold nothing else."""
    if config.venue == "paper":
        return config.initial_cash
    broker = open_venue(config, account, Gate(config.gate, halted=lambda: True), ledger)  # nothing can leave
    held, cash = broker.positions(), broker.cash()
    broker.close()
    if held:
        names = ", ".join(sorted(held))
        raise BadConfig(f"the account holds {names} already, and a book begins in cash", "trade from an empty account")
    return cash


def open_venue(config: CycleConfig, account: Account, gate: LastGate, ledger: Ledger | None) -> GatedBroker:
    """The account at the venue that `config` names; `ledger` knows what our ids were for,
    where there is one that can be read. BadConfig for a missing key
    or switch, SourceUnavailable where the venue does not answer."""
    if config.venue == "alpaca":
        from tools.execution.brokers.alpaca import open_alpaca

        return open_alpaca(gate, os.environ, config.live, account.live_account, account.url or None)
    if config.venue == "crypto":
        from tools.execution.brokers.crypto import open_crypto

        return open_crypto(
            gate, config.exchange, os.environ, config.markets, lambda name: _order_of(ledger, name), config.live,
            account.live_account, account.url or None,
        )  # fmt: skip
    from tools.execution.brokers.interactive_brokers import open_interactive_brokers

    host, _, port = (account.url or "127.0.0.1:0").rpartition(":")
    return open_interactive_brokers(
        gate, host, int(port), account.client_id, config.live, account.live_account, contracts=config.markets,
        decided_at=lambda name: _decided_at(ledger, name), timezone=account.timezone,
    )  # fmt: skip


def _order_of(ledger: Ledger | None, order_id: str) -> Order | None:
    """The order behind an id; None where this ledger has none, or cannot be read."""
    try:
        return None if ledger is None else ledger.intent(order_id).order
    except BullpenError:
        return None


def _decided_at(ledger: Ledger | None, order_id: str) -> datetime | None:
    """The slot at which an order was decided; None where this ledger does not know."""
    try:
        return None if ledger is None else parse_slot(ledger.cycle_of(order_id).slot)
    except BullpenError:
        return None
