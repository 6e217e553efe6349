"""Which symbols share a head: by symbol, sector, pair, coin, fund factor, underlying, root, or by name, from config."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadConfig, UnknownSymbol
from data.market import AssetClass, Instrument, IntArray
from rl.modules.config import head_groups
from rl.nearest import nearest
from rl.roster.funds import FUND_FACTORS

GENERIC = "*"
"""Name of the head that serves symbols without one of their own; it is the first."""
_SECTOR = "sector:"
_REIT_SECTORS = frozenset({"real estate", "reit", "reits"})
_UNSAID = frozenset({"", "unknown", "n/a", "none"})
_OCC = re.compile(r"(?:O:)?([A-Z.]{1,6}?)\s*\d{6}[CP]\d{8}")
"""The Options Clearing Corporation's symbols: root, date, side, strike."""
_FUTURE = re.compile(r"([A-Z0-9]{1,4}?)(?:[FGHJKMNQUVXZ]\d{1,2}|=F|1!)")
"""Root, then a month code and a year, or a provider's mark of the continuous contract."""


class GroupingConfig(BaseModel):
    """A rule for each asset class. Its default is a head for each symbol.

    What a rule cannot tell of a symbol (a stock without a sector, a fund that is not known) puts it with its class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stock: Literal["symbol", "sector", "asset_class"] = "symbol"
    reit: Literal["symbol", "sector", "asset_class"] | None = None
    """Stocks of the real-estate sector, where they are to follow another rule than `stock`."""
    etf: Literal["symbol", "factor", "sector", "asset_class"] = "symbol"
    """`factor`: what the fund follows, by rl.roster.funds or else by its sector."""
    commodity: Literal["symbol", "sector", "asset_class"] = "symbol"
    option: Literal["symbol", "underlying", "asset_class"] = "symbol"
    """`underlying`: of a contract that is named as the Options Clearing Corporation does."""
    forex: Literal["symbol", "pair", "asset_class"] = "symbol"
    """`pair`: EURUSD, EUR/USD and EURUSD=X are one."""
    crypto: Literal["symbol", "coin", "asset_class"] = "symbol"
    """`coin`: BTC-USD and BTC/USDT are one."""
    index_future: Literal["symbol", "root", "asset_class"] = "symbol"
    """`root`: ESZ5, ESH6 and ES=F are one."""
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Name -> members, before any rule: symbols, or all of a sector as "sector:Energy"."""


@dataclass(frozen=True, slots=True)
class HeadGroups:
    """Heads by index; the first is generic."""

    names: tuple[str, ...]
    """(H,): GENERIC, then in the order in which symbols first need them; a symbol alone gives its head its name."""
    groups: tuple[int, ...]
    """(1 + S,): for each head index an observation may carry (0, or 1 + symbol) the head that answers
    (rl.modules.config)."""

    @property
    def heads(self) -> IntArray:
        """The head of each symbol, (S,), 1 to H - 1."""
        return np.array(self.groups[1:], dtype=np.int64)


def grouped(instruments: Sequence[Instrument], config: GroupingConfig | None = None) -> HeadGroups:
    """The heads of a universe.

    Raises UnknownSymbol or BadConfig, with the nearest name, where a group names a symbol or a sector that it lacks.
    """
    config = config or GroupingConfig()
    _check(instruments, config)
    labels = [group_of(i, config) for i in instruments]
    return HeadGroups((GENERIC, *dict.fromkeys(labels)), head_groups(labels))


def heads_of(instruments: Sequence[Instrument], names: Sequence[str], config: GroupingConfig) -> IntArray:
    """The trained head that serves each of these symbols, (S,), among those `names`; 0 where there is none."""
    numbers = {name: n for n, name in enumerate(names) if n > 0}
    return np.array([numbers.get(group_of(i, config), 0) for i in instruments], dtype=np.int64)


def group_of(instrument: Instrument, config: GroupingConfig) -> str:
    """The name of the head that answers for an instrument."""
    symbol, asset_class = instrument.symbol, instrument.asset_class
    for name, members in config.groups.items():
        if symbol in members or _SECTOR + instrument.sector in members:
            return f"group:{name}"
    rule: str = getattr(config, asset_class.value)
    if asset_class is AssetClass.STOCK and config.reit and instrument.sector.casefold() in _REIT_SECTORS:
        rule = config.reit
    if rule == "symbol":
        return symbol
    value = _told(rule, instrument)
    return f"{rule}:{value}" if value else f"class:{asset_class.value}"


def _told(rule: str, instrument: Instrument) -> str:
    """What a rule says of an instrument; "" where it says nothing."""
    symbol = instrument.symbol
    sector = "" if instrument.sector.casefold() in _UNSAID else instrument.sector
    if rule == "sector":
        return sector
    if rule == "factor":
        return FUND_FACTORS.get(symbol, sector)
    if rule == "pair":
        return re.sub(r"[^A-Z]", "", symbol.upper().removesuffix("=X"))
    if rule == "coin":
        return re.split(r"[-/_:]", symbol.upper())[0]
    found = {"underlying": _OCC, "root": _FUTURE}[rule].fullmatch(symbol) if rule != "asset_class" else None
    if found:
        return found.group(1)
    return symbol if rule == "root" else ""


def _check(instruments: Sequence[Instrument], config: GroupingConfig) -> None:
    symbols = {i.symbol for i in instruments}
    sectors = {i.sector for i in instruments if i.sector.casefold() not in _UNSAID}
    seen: dict[str, str] = {}
    for name, members in config.groups.items():
        for member in members:
            sector = member.removeprefix(_SECTOR)
            if member.startswith(_SECTOR) and sector not in sectors:
                raise BadConfig(f"group {name!r}: no symbol is of sector {sector!r}", nearest(sector, sectors))
            if not member.startswith(_SECTOR) and member not in symbols:
                raise UnknownSymbol(f"group {name!r}: no symbol {member!r}", nearest(member, symbols))
            if member in seen:
                raise BadConfig(f"{member} is in the groups {seen[member]!r} and {name!r}", "leave it in one of them")
            seen[member] = name
