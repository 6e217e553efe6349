"""The simulated source keeps the contract of a source: windows, determinism, fingerprints, errors."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import BadConfig, InputError
from data.sources.protocol import COLUMNS, Kind, Source
from data.sources.simulated import SimulatedSource

SHORT = {"start": "2019-06-01", "end": "2020-06-30"}
ROOT = Path(__file__).parents[2]
WINDOWED = SimulatedSource(**SHORT)


def digest(source: SimulatedSource) -> str:
    """sha256 of every byte of every table."""
    out = hashlib.sha256()
    for kind in Kind:
        table = source.fetch(kind, None, None)
        for column in table:
            values = table[column]
            if values.dtype == "str":
                out.update("\x1f".join(values).encode())
            else:
                plain = values.astype("int64") if "time64" in str(values.dtype) else values
                out.update(np.ascontiguousarray(plain).tobytes())
    return out.hexdigest()


@pytest.fixture(scope="module")
def source() -> SimulatedSource:
    return SimulatedSource(**SHORT)


def test_it_is_a_source(source: SimulatedSource) -> None:
    assert isinstance(source, Source)
    assert (source.name, source.static, source.calendar, source.frequency) == ("simulated", True, "XNYS", "1d")
    symbols = [i.symbol for i in source.instruments()]
    assert symbols == sorted(symbols)
    assert SimulatedSource(**source.params()).fingerprint() == source.fingerprint()


@pytest.mark.parametrize("kind", list(Kind))
def test_tables_have_the_columns_and_types_of_the_contract(kind: Kind, source: SimulatedSource) -> None:
    full = source.fetch(kind, None, None)
    empty = source.fetch(kind, datetime(1999, 1, 1, tzinfo=UTC), datetime(1999, 2, 1, tzinfo=UTC))
    assert len(full) > 0
    assert len(empty) == 0
    for table in (full, empty):
        assert tuple(table.columns) == COLUMNS[kind]
        assert str(table["known_at"].dtype) == "datetime64[ns, UTC]"
        assert table["known_at"].is_monotonic_increasing
    assert (full.dtypes == empty.dtypes).all()


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from([Kind.BARS, Kind.MACRO, Kind.NEWS, Kind.POSTS]),
    a=st.integers(-40, 440),
    width=st.integers(-5, 90),
)
def test_a_window_holds_what_became_known_in_it_and_nothing_else(kind: Kind, a: int, width: int) -> None:
    since = datetime(2019, 6, 1, 21, tzinfo=UTC) + timedelta(days=a)
    until = since + timedelta(days=width)
    whole = WINDOWED.fetch(kind, None, None)
    expected = whole[(whole["known_at"] > since) & (whole["known_at"] <= until)].reset_index(drop=True)
    pd.testing.assert_frame_equal(WINDOWED.fetch(kind, since, until), expected)


def test_the_span_is_that_of_the_bars(source: SimulatedSource) -> None:
    first, last = source.span()
    known = source.fetch(Kind.BARS, None, None)["known_at"]
    assert (first, last) == (known.min(), known.max())
    assert first.tzinfo is not None
    assert source.fetch(Kind.MACRO, last, None).empty
    assert source.fetch(Kind.NEWS, last, None).empty


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_makes_the_same_bytes(hash_seed: str, source: SimulatedSource) -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'tests/data']; import test_simulated_source as t;"
        "print(t.digest(t.SimulatedSource(**t.SHORT)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == digest(source)


def test_asking_in_another_order_makes_the_same_bytes(source: SimulatedSource) -> None:
    other = SimulatedSource(**SHORT)
    for kind in reversed(Kind):
        other.fetch(kind, None, datetime(2020, 1, 1, tzinfo=UTC))
    assert digest(other) == digest(source)


def test_another_seed_is_another_world(source: SimulatedSource) -> None:
    other = SimulatedSource(seed=8, **SHORT)
    assert digest(other) != digest(source)
    assert other.fingerprint() != source.fingerprint()
    ours, theirs = (s.fetch(Kind.BARS, None, None) for s in (source, other))
    assert (ours["known_at"] == theirs["known_at"]).all()
    assert (ours["close"] != theirs["close"]).mean() > 0.95


def test_changing_what_was_handed_out_changes_nothing_inside(source: SimulatedSource) -> None:
    before = digest(source)
    handed = source.fetch(Kind.BARS, None, None)
    handed.loc[:, "close"] = 0.0
    assert digest(source) == before


def test_every_parameter_is_in_the_fingerprint() -> None:
    variants = [{}, {"seed": 8}, {"start": "2015-01-02"}, {"end": "2024-12-30"}, {"frequency": "1h"}, {"signal": 0.5}]
    assert len({SimulatedSource(**v).fingerprint() for v in variants}) == len(variants)


@pytest.mark.parametrize(
    "bad",
    [
        {"frequency": "1m"}, {"seed": -1}, {"signal": -0.5}, {"start": "yesterday"}, {"end": "2014-01-01"},
        {"start": "2024-12-01"}, {"signal": float("nan")},
    ],
)  # fmt: skip
def test_bad_parameters_are_refused_with_a_remedy(bad: dict[str, object]) -> None:
    with pytest.raises(BadConfig) as caught:
        SimulatedSource(**bad)
    assert caught.value.remedy


def test_a_time_without_a_zone_is_refused(source: SimulatedSource) -> None:
    with pytest.raises(InputError, match="without a zone"):
        source.fetch(Kind.BARS, None, datetime(2020, 1, 1))


def test_the_shortest_market_and_an_hourly_one_have_every_table() -> None:
    for frequency in ("1d", "1h"):
        small = SimulatedSource(start="2020-01-01", end="2020-03-01", frequency=frequency)
        for kind in Kind:
            assert len(small.fetch(kind, None, None)) > 0
