"""Which venue a book trades at: the paper broker, or an account at a real one, behind the same last gate."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from data.errors import BadConfig
from data.sources.protocol import Source
from graph.config import CycleConfig
from tools.execution.brokers.base import GatedBroker, LastGate


@dataclass(frozen=True, slots=True)
class Account:
    """What opens an account beside its keys, which stay in the environment."""

    live_account: str = ""
    """The second switch: the account that may be traded live, by the venue's own name for it."""
    url: str = ""
    """Address of the venue instead of its own, such as a proxy's; host:port for Interactive Brokers."""


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


def open_venue(
    config: CycleConfig, account: Account, gate: LastGate, symbol_of: Callable[[str], str | None]
) -> GatedBroker:
    """The account at the venue that `config` names. BadConfig for a missing key or switch, SourceUnavailable where the
    venue does not answer."""
    if config.venue == "alpaca":
        from tools.execution.brokers.alpaca import open_alpaca

        return open_alpaca(gate, os.environ, config.live, account.live_account, account.url or None)
    if config.venue == "crypto":
        from tools.execution.brokers.crypto import open_crypto

        return open_crypto(
            gate, config.exchange, os.environ, config.markets, symbol_of, config.live, account.live_account,
            account.url or None,
        )  # fmt: skip
    from tools.execution.brokers.interactive_brokers import open_interactive_brokers

    host, _, port = (account.url or "127.0.0.1:" + ("4001" if config.live else "4002")).rpartition(":")
    return open_interactive_brokers(gate, host, int(port), live=config.live, account=account.live_account)
