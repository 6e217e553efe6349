"""Which venue a book trades at: the paper broker, or an account at a real one, behind the same last gate."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings
from data.errors import BadConfig, StorageFailed
from data.sources.protocol import Source
from graph.config import CycleConfig
from tools.execution.brokers.base import GatedBroker, LastGate
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


def account_of(settings: Settings) -> Account:
    """The account that settings name."""
    return Account(settings.live_account, settings.venue_url)


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
    """Write down beside the ledger which account a book trades at: the kill switch must find it without a ledger."""
    if settings.cycle_config("XNYS", "1d").venue != "paper":
        try:
            (home / f"{book}{REMEMBERED}").write_text(json.dumps(settings.restart(), sort_keys=True), encoding="utf-8")
        except OSError as error:
            raise StorageFailed(f"the venue of {book} was not written: {error.strerror}", "free the disk") from error


def remembered_venue(
    home: Path, book: str, gate: LastGate, order_of: Callable[[str], Order | None]
) -> GatedBroker | None:
    """The real account that a book trades at; None for a book of the paper venue. Raises as `open_venue`."""
    path = home / f"{book}{REMEMBERED}"
    if not path.is_file():
        return None
    settings = Settings.model_validate({**json.loads(path.read_text(encoding="utf-8")), "home": home})
    return open_venue(settings.cycle_config("XNYS", "1d"), account_of(settings), gate, order_of)


def deposit_of(config: CycleConfig, account: Account) -> float:
    """What a new book begins with: the paper book's cash, or that of the account, which must hold nothing else."""
    if config.venue == "paper":
        return config.initial_cash
    shut = Gate(config.gate, halted=lambda: True)  # for reading: nothing can leave
    broker = open_venue(config, account, shut, lambda _order_id: None)
    held = broker.positions()
    if held:
        names = ", ".join(sorted(held))
        raise BadConfig(f"the account holds {names} already, and a book begins in cash", "trade from an empty account")
    return broker.cash()


def open_venue(
    config: CycleConfig, account: Account, gate: LastGate, order_of: Callable[[str], Order | None]
) -> GatedBroker:
    """The account at the venue that `config` names. BadConfig for a missing key or switch, SourceUnavailable where the
    venue does not answer."""
    if config.venue == "alpaca":
        from tools.execution.brokers.alpaca import open_alpaca

        return open_alpaca(gate, os.environ, config.live, account.live_account, account.url or None)
    if config.venue == "crypto":
        from tools.execution.brokers.crypto import open_crypto

        return open_crypto(
            gate, config.exchange, os.environ, config.markets, order_of, config.live, account.live_account,
            account.url or None,
        )  # fmt: skip
    from tools.execution.brokers.interactive_brokers import open_interactive_brokers

    host, _, port = (account.url or "127.0.0.1:" + ("4001" if config.live else "4002")).rpartition(":")
    return open_interactive_brokers(gate, host, int(port), live=config.live, account=account.live_account)
