"""The contract every source keeps.

Empty means truly none; failure raises. A row is returned only with the time at which it became known,
and a source never fills a gap: what it does not know it does not say.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from data.market import Instrument

if TYPE_CHECKING:
    import pandas as pd

Param = str | int | float | bool


class Kind(StrEnum):
    """The tables a source can deliver."""

    BARS = "bars"
    MACRO = "macro"
    NEWS = "news"
    POSTS = "posts"
    CHAINS = "chains"


COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.BARS: ("symbol", "start", "event_time", "known_at", "open", "high", "low", "close", "volume"),
    Kind.MACRO: ("series", "role", "unit", "event_time", "known_at", "value"),
    Kind.NEWS: ("id", "symbol", "event_time", "known_at", "publisher", "text"),
    Kind.POSTS: ("id", "symbol", "event_time", "known_at", "channel", "text", "score"),
    Kind.CHAINS: (
        "underlying", "event_time", "known_at", "expiry", "strike", "right", "bid", "ask", "iv", "open_interest",
    ),
}  # fmt: skip
"""Column names by kind.

All times are tz-aware UTC pandas timestamps. bars: `start` is when the bar opened, `event_time` when it closed;
open/high/low are NaN where the source has closes only; volume is NaN where unknown. macro: `event_time` is the
reference period, `known_at` the release; `role` is one of MACRO_ROLES. news/posts: `symbol` is "" for market-wide
texts. chains: `right` is "C" or "P", `iv` is a fraction per year or NaN.
"""

MACRO_ROLES = ("growth", "inflation", "rate", "credit", "volatility", "oil")


@runtime_checkable
class Source(Protocol):
    """A provider of facts.

    `static` sources hold a finished history (simulated, sample, files): the lake takes them whole, once for each
    `fingerprint()`. Live ones are asked for increments.
    """

    name: str
    static: bool
    calendar: str
    """Default calendar of a book on this source (exchange-calendars name)."""
    frequency: str
    """"1d" or "1h"."""

    def params(self) -> dict[str, Param]:
        """What, with the name, rebuilds this source; it goes into the record."""
        ...

    def fingerprint(self) -> str:
        """A hash that changes when a static source's content changes; "" for live ones."""
        ...

    def instruments(self) -> tuple[Instrument, ...]:
        """All tradable names, sorted by symbol."""
        ...

    def span(self) -> tuple[datetime, datetime]:
        """First and last `known_at` of the bars (UTC). Live: the last completed bar it can serve."""
        ...

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Rows with since < known_at <= until (None: open), columns COLUMNS[kind], sorted by known_at.

        Raises SourceUnavailable (or a subclass) where the kind cannot be had; an empty frame means truly none.
        """
        ...
