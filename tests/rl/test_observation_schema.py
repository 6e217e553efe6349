"""The observation `obs-v1`: its columns, its transforms, and that it looks at its own slot alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import InputError
from data.features.catalog import SHARED_SPECS, SPECS
from data.market import AssetClass
from rl.observation import (
    BLOCK_WIDTH,
    CLASS,
    INPUTS,
    OBS_WIDTH,
    SCHEMA,
    SHARED_COLUMNS,
    SYMBOL_COLUMNS,
    known_cells,
    market_block,
)
from tests.rl.histories import history


def block_of(given_history, rows=slice(None)):
    return market_block(given_history.features, given_history.panel.instruments, rows)


def test_the_named_slices_cover_every_column_once():
    columns = [c for part in SCHEMA.values() for c in range(part.start, part.stop)]
    assert columns == list(range(OBS_WIDTH))
    assert INPUTS.stop == SCHEMA["mask"].stop


def test_every_catalogued_feature_has_its_column():
    assert [c.feature for c in SYMBOL_COLUMNS] == [s.name for s in SPECS]
    assert [c.feature for c in SHARED_COLUMNS] == [s.name for s in SHARED_SPECS]


def test_transforms_by_hand():
    given_history = history()
    features = given_history.features
    features["vol_21"][50, 1] = 0.32
    features["mom_63"][50, 1] = 0.08
    features["rsi_14"][50, 1] = 0.65
    features["ret_1"][50, 1] = -0.9
    row = block_of(given_history)[50, 1]
    names = [c.feature for c in SYMBOL_COLUMNS]
    unit = 0.32 / np.sqrt(252.0)
    assert row[names.index("mom_63")] == pytest.approx(0.08 / (unit * np.sqrt(63.0)), rel=1e-5)
    assert row[names.index("rsi_14")] == pytest.approx(1.0, rel=1e-5)
    assert row[names.index("vol_21")] == pytest.approx(np.log(0.32 / 0.2) / 0.7, rel=1e-5)
    assert row[names.index("ret_1")] == -3.0


def test_the_asset_class_is_one_hot():
    given_history = history(symbols=7)
    hot = block_of(given_history)[0, :, CLASS]
    assert np.array_equal(hot, np.eye(len(AssetClass), dtype=np.float32))


def test_an_unknown_feature_stays_unknown():
    given_history = history()
    given_history.features.values[60, 2, 5] = np.nan
    given_history.features.shared[70, 3] = np.nan
    known = known_cells(block_of(given_history))
    assert not known[60, 2]
    assert known[60, [0, 1, 3]].all()
    assert not known[70].any()


def test_some_rows_are_the_same_as_those_rows_of_all():
    given_history = history()
    whole = block_of(given_history)
    assert whole.shape == (400, 4, BLOCK_WIDTH)
    for rows in (slice(-1, None), slice(100, 120)):
        assert np.array_equal(block_of(given_history, rows), whole[rows], equal_nan=True)


def test_other_slots_change_nothing():
    one, other = history(), history()
    other.features.values[101:] = 7.0
    other.features.values[:100] = 7.0
    assert np.array_equal(block_of(one)[100], block_of(other)[100])


def test_a_missing_feature_is_refused_by_name():
    features = history().features
    fewer = dataclasses.replace(features, specs=features.specs[1:], values=features.values[:, :, 1:])
    with pytest.raises(InputError, match="ret_1"):
        market_block(fewer, history().panel.instruments)
