from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.alignment import build_panel
from data.features.catalog import SHARED_SPECS, SPECS, compute_features
from data.features.regime_fit import RegimeFits
from data.features.spec import Features
from data.lake.texts import clean_texts
from data.market import AssetClass, Instrument
from data.panel import Panel
from data.sources.protocol import MACRO_ROLES, Kind
from tests.data.toy_market import START, XNYS, toy_frames, utc

ROWS = 800
FRAMES = toy_frames(3, ROWS)
NEWS, POSTS = clean_texts(FRAMES[Kind.NEWS]), clean_texts(FRAMES[Kind.POSTS])
NAMES = tuple(Instrument(s, AssetClass.STOCK) for s in ("ALFA", "BETA", "CLOSES", "HALT", "LATE", "MUTE", "UNLISTED"))
FITS = RegimeFits(None)


def whole_panel() -> Panel:
    times = XNYS.between(START, XNYS.back(XNYS.at_or_before(START.replace(year=2024)), 0))[:ROWS]
    return build_panel(FRAMES[Kind.BARS], NAMES, times)


PANEL = whole_panel()


def features_of(panel: Panel, *, known_by: pd.Timestamp | None = None) -> Features:
    news, posts, macro = (
        frame if known_by is None else frame[frame["known_at"] <= known_by].reset_index(drop=True)
        for frame in (NEWS, POSTS, FRAMES[Kind.MACRO])
    )
    return compute_features(panel, news, posts, macro, fits=FITS)


@pytest.fixture(scope="module")
def whole() -> Features:
    return features_of(PANEL)


def differing(left: Features, right: Features) -> list[str]:
    """Names of features whose bits differ."""
    pairs = [(n, left[n], right[n]) for n in left.names]
    pairs += [(n, left.market(n), right.market(n)) for n in left.shared_names]
    return [name for name, a, b in pairs if np.ascontiguousarray(a).tobytes() != np.ascontiguousarray(b).tobytes()]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, ROWS))
@example(1)
@example(2)
@example(ROWS - 1)
def test_the_past_alone_gives_the_same_bits(whole: Features, rows: int):
    """Features of a panel's beginning, from facts known by then, equal the beginning of the features of all."""
    alone = features_of(PANEL.until(rows), known_by=utc(PANEL.times)[rows - 1])
    first = replace(whole, values=whole.values[:rows], shared=whole.shared[:rows])
    assert differing(alone, first) == []


def test_a_feature_that_looks_ahead_would_be_caught(whole: Features):
    """The comparison has teeth: a centred mean of one feature is found by it."""
    peeking = whole.values.copy()
    peeking[:-1, :, 0] = whole.values[1:, :, 0]
    assert differing(replace(whole, values=peeking), whole) == ["ret_1"]


def test_the_catalogue_is_the_agreed_one(whole: Features):
    assert whole.values.shape == (ROWS, len(NAMES), 27)
    assert whole.shared.shape == (ROWS, 11)
    assert [s.name for s in SHARED_SPECS[:6]] == [f"macro_{role}" for role in MACRO_ROLES]
    assert len({s.name for s in (*SPECS, *SHARED_SPECS)}) == 38
    assert all(s.inputs and s.unit and s.window >= 1 for s in (*SPECS, *SHARED_SPECS))


@pytest.mark.parametrize("symbol", ["ALFA", "LATE", "CLOSES", "MUTE"])
def test_each_feature_is_known_after_its_window_and_not_before(whole: Features, symbol: str):
    column = PANEL.symbols.index(symbol)
    debut = int(np.argmax(PANEL.age[:, column] >= 0))
    for spec in SPECS:
        known = np.isfinite(whole[spec.name][:, column])
        first = debut + spec.window - 1 if spec.window > 1 else 0
        assert int(np.argmax(known)) == first, spec.name
        assert known[first:].all(), f"{spec.name} has gaps"


def test_a_symbol_without_bars_is_unknown_in_all_its_prices(whole: Features):
    column = PANEL.symbols.index("UNLISTED")
    priced = [i for i, s in enumerate(SPECS) if not set(s.inputs) & {"news", "posts", "volume"}]
    assert np.isnan(whole.values[:, column, priced]).all()
    assert (whole["volume_known"][:, column] == 0.0).all()


def test_ranges_hold(whole: Features):
    for spec in SPECS:
        values = whole[spec.name][np.isfinite(whole[spec.name])]
        if spec.unit == "rank" or spec.unit == "tone" or spec.name == "obv_slope_20":
            assert (np.abs(values) <= 1.0).all(), spec.name
    for name in ("rsi_14", "volume_known"):
        values = whole[name][np.isfinite(whole[name])]
        assert ((values >= 0.0) & (values <= 1.0)).all()
    regime = np.stack([whole.market(f"regime_{n}") for n in ("calm", "normal", "turbulent")])
    known = np.isfinite(regime).all(axis=0)
    assert known.any()
    np.testing.assert_allclose(regime[:, known].sum(axis=0), 1.0, atol=1e-12)
