"""The simulated macro series: released late, revised once, silent about the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data.sources.protocol import MACRO_ROLES, Kind
from data.sources.simulated import SimulatedSource


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource()


@pytest.fixture(scope="module")
def macro(source: SimulatedSource) -> pd.DataFrame:
    return source.fetch(Kind.MACRO, None, None)


def test_every_role_has_a_series(macro: pd.DataFrame) -> None:
    assert set(macro["role"]) == set(MACRO_ROLES)
    assert np.isfinite(macro["value"]).all()


def test_nothing_is_known_before_its_release(macro: pd.DataFrame) -> None:
    lag = macro["known_at"] - macro["event_time"]
    assert lag.min() > pd.Timedelta(hours=8)
    monthly = macro["role"].isin(["growth", "inflation"])
    assert lag[monthly].min() >= pd.Timedelta(days=13)
    assert lag[~monthly].max() <= pd.Timedelta(days=4)
    assert macro["known_at"].max() < pd.Timestamp("2025-01-01T00:00Z")
    assert (macro["known_at"].dt.dayofweek < 5).all()


def test_growth_is_revised_once_and_the_revision_is_nearer_the_truth(
    macro: pd.DataFrame, source: SimulatedSource
) -> None:
    growth = macro[macro["role"] == "growth"]
    pairs = growth.groupby("event_time").filter(lambda rows: len(rows) == 2)
    assert growth.groupby("event_time").size().max() == 2
    assert pairs["event_time"].nunique() > 110
    first, second = (pairs.groupby("event_time").nth(n).reset_index(drop=True) for n in (0, 1))
    wait = second["known_at"] - first["known_at"]
    assert (wait >= pd.Timedelta(days=26)).all()
    assert ((first["known_at"] - first["event_time"]).dt.days.between(14, 45)).all()
    assert (first["value"] != second["value"]).mean() > 0.95
    truth = source.market.truth
    state = pd.Series(truth.growth, pd.DatetimeIndex(truth.days).tz_localize("UTC")).reindex(second["event_time"])
    assert np.corrcoef(state, second["value"])[0, 1] > np.corrcoef(state, first["value"])[0, 1]


def test_inflation_is_never_revised(macro: pd.DataFrame) -> None:
    assert not macro[macro["role"] == "inflation"]["event_time"].duplicated().any()


def test_oil_is_the_price_of_the_simulated_crude(macro: pd.DataFrame, source: SimulatedSource) -> None:
    oil = macro[macro["role"] == "oil"].set_index(macro["event_time"][macro["role"] == "oil"].dt.floor("D"))["value"]
    bars = source.fetch(Kind.BARS, None, None)
    crude = bars[bars["symbol"] == "PETRAL"]
    close = crude.set_index(crude["event_time"].dt.floor("D"))["close"].reindex(oil.index)
    assert np.allclose(oil, close, atol=1e-3)


def test_fear_is_high_in_turbulence(macro: pd.DataFrame, source: SimulatedSource) -> None:
    truth = source.market.truth
    for role in ("volatility", "credit"):
        rows = macro[macro["role"] == role]
        when = rows["event_time"].dt.tz_localize(None).dt.floor("D").to_numpy().astype("datetime64[ns]")
        day = np.searchsorted(truth.days, when)
        level = rows["value"].to_numpy()
        means = [level[truth.regime[day] == r].mean() for r in range(3)]
        assert means[0] < means[1] < means[2]
