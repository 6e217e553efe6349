"""The Snapshot: everything that was knowable at `as_of`, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from data.features.spec import Features
from data.market import BoolArray
from data.panel import Panel


@dataclass(frozen=True, slots=True)
class Finding:
    """What was wrong or odd in the data, in one line."""

    rule: str
    """stale | refused | duplicate | jump | missing | unavailable | short_history | snapped"""
    symbol: str
    """The symbol, or "" for the whole snapshot."""
    detail: str


@dataclass(frozen=True, slots=True)
class MacroFact:
    """The latest released value of one series."""

    series: str
    role: str
    unit: str
    value: float
    change: float
    """Difference from the previous release, in `unit`; NaN is never stored: absent series are absent."""
    event_time: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """A headline or a post, already normalised; untrusted, to be delimited wherever a model reads it."""

    id: str
    symbol: str
    channel: str
    known_at: datetime
    text: str
    tone: float
    """VADER compound in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class ChainSummary:
    """One underlying's option chain in four numbers (vols are fractions per year)."""

    underlying: str
    expiry: datetime
    atm_iv: float
    skew_25d: float
    """IV(25-delta put) - IV(25-delta call)."""
    contracts: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Facts with known_at <= as_of. Arrays are in instrument order; the last row of the panel is `as_of`."""

    source: str
    as_of: datetime
    frequency: str
    panel: Panel
    features: Features
    tradable: BoolArray
    """(S,) True where the latest bar is fresh and clean and all features are known."""
    macro: tuple[MacroFact, ...]
    news: tuple[Text, ...]
    posts: tuple[Text, ...]
    chains: tuple[ChainSummary, ...]
    findings: tuple[Finding, ...]
    unavailable: dict[str, str]
    """Kind -> reason, for kinds that could not be had (unknown, not empty)."""
    lake: dict[str, int]
    """Delta table name -> version."""
    content_hash: str
    """sha256 of all of the above facts (not of the lake versions)."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names in array order."""
        return self.panel.symbols

    def column(self, symbol: str) -> int:
        """The array column of a symbol."""
        return self.symbols.index(symbol)

    def last(self, feature: str) -> np.ndarray:
        """The present value of a per-symbol feature, (S,)."""
        return self.features[feature][-1]
