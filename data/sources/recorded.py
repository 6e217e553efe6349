"""A source that is no longer asked: what a record says of it, over the tables that were kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from data.errors import SourceUnavailable
from data.market import Instrument
from data.sources.protocol import Kind, Param


@dataclass(slots=True)
class RecordedSource:
    """Stands in for the source `name` with the parameters `given`: `names` reads its instruments from the lake."""

    name: str
    given: dict[str, Param]
    calendar: str
    frequency: str
    names: Callable[[], tuple[Instrument, ...]]
    static: bool = field(default=True)

    def params(self) -> dict[str, Param]:
        """Those of the record."""
        return dict(self.given)

    def fingerprint(self) -> str:
        """None: nothing is compared with it."""
        return ""

    def instruments(self) -> tuple[Instrument, ...]:
        """All names the lake has of it; CorruptFile where they cannot be read."""
        return self.names()

    def span(self) -> tuple[datetime, datetime]:
        """SourceUnavailable, always."""
        raise self._refused()

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """SourceUnavailable, always."""
        raise self._refused()

    def _refused(self) -> SourceUnavailable:
        return SourceUnavailable(f"{self.name} is not asked in a replay", "its facts are those of the lake")
