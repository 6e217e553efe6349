"""The simulated market as a source: deterministic by seed, whole without a network, SIMULATED wherever it is shown."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from data.errors import BadConfig, InputError
from data.market import Instrument
from data.simulated.config import GENERATOR, Dynamics, Planted, TextRates
from data.simulated.market import SimulatedMarket
from data.simulated.timeline import days_between
from data.simulated.universe import LISTINGS
from data.sources.protocol import Kind, Param


class SimulatedSource:
    """An invented market of sixty symbols in seven classes, the same bytes for the same parameters.

    `seed` is not negative; `start` and `end` are YYYY-MM-DD, both included; `frequency` is "1d" or "1h" (hourly bars
    cover the last two years of the same daily path). `signal` multiplies everything that is predictable on purpose:
    1 as documented in docs/simulated_market.md, 0 for noise. Raises BadConfig.
    """

    name = "simulated"
    static = True
    calendar = "XNYS"

    def __init__(
        self,
        seed: int = 7,
        start: str = "2015-01-01",
        end: str = "2024-12-31",
        frequency: str = "1d",
        signal: float = 1.0,
    ) -> None:
        if frequency not in ("1d", "1h"):
            raise BadConfig(f"the simulated market has no bars of {frequency!r}", "choose 1d or 1h")
        if seed < 0 or not 0.0 <= signal <= 10.0:
            raise BadConfig(f"seed {seed} and signal {signal} must not be negative", "choose signal in 0..10")
        days_between(start, end)
        self.frequency = frequency
        self._params: dict[str, Param] = {
            "seed": seed, "start": start, "end": end, "frequency": frequency, "signal": float(signal),
        }  # fmt: skip
        planted = Planted() if signal == 1.0 else Planted().scaled(signal)
        self.market = SimulatedMarket(seed, start, end, frequency == "1h", planted)
        """The generator and its `truth`: for tests and for judging agents, never for their eyes."""

    def params(self) -> dict[str, Param]:
        """What, with the name, rebuilds this source."""
        return dict(self._params)

    def fingerprint(self) -> str:
        """sha256 of the parameters, the model's constants and the generator's version."""
        made_of = [asdict(part) for part in (Planted(), Dynamics(), TextRates())]
        text = json.dumps([GENERATOR, self._params, made_of], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def instruments(self) -> tuple[Instrument, ...]:
        """All tradable names, sorted by symbol."""
        return tuple(sorted((x.instrument() for x in LISTINGS), key=lambda i: i.symbol))

    def span(self) -> tuple[datetime, datetime]:
        """First and last `known_at` of the bars."""
        known = self.market.bars["known_at"]
        return known.iloc[0].to_pydatetime(), known.iloc[-1].to_pydatetime()

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Rows with since < known_at <= until, columns COLUMNS[kind], sorted by known_at.

        Option chains without `since` are the latest ones at or before `until` only: ten years of them are too many.
        Raises InputError for a time without a zone.
        """
        low, high = _nanoseconds(since), _nanoseconds(until)
        if kind is Kind.CHAINS:
            return self._chains(low, high)
        tables = {Kind.BARS: "bars", Kind.MACRO: "macro", Kind.NEWS: "news", Kind.POSTS: "posts"}
        table: pd.DataFrame = getattr(self.market, tables[kind])
        first, last = _window(table["known_at"].astype("int64").to_numpy(), low, high)
        return table.iloc[first:last].reset_index(drop=True)

    def _chains(self, low: int | None, high: int | None) -> pd.DataFrame:
        first, last = _window(self.market.chain_times.astype(np.int64), low, high)
        return self.market.chains(np.arange(max(last - 1, 0) if low is None else first, last))


def _nanoseconds(time: datetime | None) -> int | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise InputError(f"a time without a zone: {time}", "pass an aware UTC datetime")
    return pd.Timestamp(time.astimezone(UTC)).as_unit("ns").value


def _window(known: np.ndarray, low: int | None, high: int | None) -> tuple[int, int]:
    """Rows with low < known <= high in ascending nanoseconds."""
    first = 0 if low is None else int(np.searchsorted(known, low, side="right"))
    last = len(known) if high is None else int(np.searchsorted(known, high, side="right"))
    return first, max(last, first)
