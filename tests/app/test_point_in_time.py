"""Changing any price after the date changes nothing that was decided on it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import app.runtime
from data.clock import Slots
from data.sources.protocol import Kind
from data.sources.simulated import SimulatedSource
from tests.desks import desk

DRAWS = 30
UNIVERSE = 12
AFTERWARDS = ("fills", "closing")
"""What lies after the decision: the next bar's open is in the future, and only these may follow it."""


class Altered:
    """A source whose every bar known after an instant is another; one symbol's bars change sign of their move."""

    def __init__(self, inner: SimulatedSource, after: datetime | None, seed: int) -> None:
        self._inner, self._after, self._seed = inner, after, seed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def fingerprint(self) -> str:
        return f"{self._inner.fingerprint()}:{self._after}:{self._seed}"

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        frame = self._inner.fetch(kind, since, until)
        if kind is not Kind.BARS or self._after is None:
            return frame
        frame = frame.copy()
        late = (frame["known_at"] > pd.Timestamp(self._after)).to_numpy()
        factor = np.random.default_rng(self._seed).uniform(0.3, 3.0, int(late.sum()))
        for column in ("open", "high", "low", "close"):
            frame.loc[late, column] = frame.loc[late, column].to_numpy() * factor
        return frame


@pytest.fixture(scope="module")
def market() -> SimulatedSource:
    return SimulatedSource(end="2019-12-31")


def decide(
    home: Path, market: SimulatedSource, symbols: str, slot: datetime, altered: bool, monkeypatch: pytest.MonkeyPatch
) -> dict:
    source = Altered(market, slot if altered else None, seed=int(slot.timestamp()))
    monkeypatch.setattr(app.runtime, "open_source", lambda *_a, **_k: source)
    record = desk(home, symbols=symbols).cycle(slot.isoformat()).record
    assert record is not None
    return record.model_dump(mode="json")


def test_prices_after_the_date_change_nothing_that_was_decided(
    tmp_path: Path, market: SimulatedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(20)
    names = [i.symbol for i in market.instruments()]
    slots = Slots("XNYS").between(
        datetime.fromisoformat("2017-01-03T00:00Z"), datetime.fromisoformat("2019-12-20T00:00Z")
    )
    moved = 0
    for n, slot in enumerate(rng.choice(slots, DRAWS, replace=False)):
        at = pd.Timestamp(slot).tz_localize("UTC").to_pydatetime()
        symbols = ",".join(rng.choice(names, UNIVERSE, replace=False))
        one = decide(tmp_path / f"{n}a", market, symbols, at, False, monkeypatch)
        two = decide(tmp_path / f"{n}b", market, symbols, at, True, monkeypatch)
        moved += one["fills"] != two["fills"]
        for record in (one, two):
            for key in AFTERWARDS:
                record.pop(key)
        assert one == two, f"the decision of {at} saw the future"
    assert moved == DRAWS, "the alteration never reached the next open: the test would pass on anything"
