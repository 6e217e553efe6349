from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.builder import LakeSnapshots
from data.clock import to_datetime
from data.errors import InputError, OutOfRange
from data.history import History
from data.lake.lake import Lake
from data.sources.protocol import Kind
from tests.data.test_snapshot import FRAMES, ROWS, SLOTS, at, everything_changed
from tests.data.toy_market import XNYS, ToySource

FIRST, LAST = 520, 780


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> LakeSnapshots:
    return LakeSnapshots(ToySource(FRAMES), Lake(tmp_path_factory.mktemp("lake")), XNYS)


@pytest.fixture(scope="module")
def history(builder: LakeSnapshots) -> History:
    return builder.history(at(FIRST), at(LAST))


def test_its_rows_are_those_of_the_snapshots_to_the_bit(builder: LakeSnapshots, history: History):
    assert history.panel.times.tolist() == SLOTS[FIRST : LAST + 1].tolist()
    for row in (FIRST, 533, 600, 699, LAST):
        snapshot, t = builder.build(at(row)), row - FIRST
        assert history.features.values[t].tobytes() == snapshot.features.values[-1].tobytes()
        assert history.features.shared[t].tobytes() == snapshot.features.shared[-1].tobytes()
        for name in ("open", "high", "low", "close", "volume", "age"):
            assert getattr(history.panel, name)[t].tobytes() == getattr(snapshot.panel, name)[-1].tobytes()
        assert history.ready[t].tolist() == snapshot.tradable.tolist()


def test_ready_follows_staleness_and_history(builder: LakeSnapshots):
    ready = builder.history(at(0), at(600)).ready
    symbols = builder.build(at(600)).symbols
    assert np.flatnonzero(ready[:, symbols.index("ALFA")])[0] == 252
    assert np.flatnonzero(ready[:, symbols.index("LATE")])[0] == 300 + 252
    halted = np.flatnonzero(~ready[300:500, symbols.index("HALT")]) + 300
    assert halted.tolist() == list(range(403, 420))


def test_a_decision_is_filled_at_the_next_open_or_close(history: History):
    symbols = history.panel.symbols
    alfa, closes = symbols.index("ALFA"), symbols.index("CLOSES")
    np.testing.assert_array_equal(history.fill[:-1, alfa], history.panel.open[1:, alfa])
    np.testing.assert_array_equal(history.fill[:-1, closes], history.panel.close[1:, closes])
    assert history.panel.closes_only.tolist() == [s in ("CLOSES", "UNLISTED") for s in symbols]
    assert np.isnan(history.fill[-1]).all(), "the last slot's outcome is not known at its end"


def test_nothing_known_after_its_end_is_in_it(history: History, tmp_path: Path):
    changed = everything_changed(FRAMES, at(LAST), np.random.default_rng(0))
    again = LakeSnapshots(ToySource(changed), Lake(tmp_path), XNYS).history(at(FIRST), at(LAST))
    assert again.fingerprint == history.fingerprint
    assert again.fill.tobytes() == history.fill.tobytes()


def test_the_fingerprint_covers_prices_and_features(builder: LakeSnapshots, history: History, tmp_path: Path):
    assert builder.history(at(FIRST), at(LAST)).fingerprint == history.fingerprint
    assert builder.history(at(FIRST + 1), at(LAST)).fingerprint != history.fingerprint
    bars = FRAMES[Kind.BARS].copy()
    bars.loc[100, "volume"] += 1.0
    other = LakeSnapshots(ToySource(FRAMES | {Kind.BARS: bars}), Lake(tmp_path), XNYS)
    assert other.history(at(0), at(LAST)).fingerprint != builder.history(at(0), at(LAST)).fingerprint


def test_a_start_before_the_data_is_the_data_s_start(builder: LakeSnapshots):
    assert builder.history(at(0) - timedelta(days=400), at(300)).panel.times[0] == SLOTS[0]


def test_an_empty_stretch_is_refused(builder: LakeSnapshots):
    with pytest.raises(OutOfRange, match="no slot"):
        builder.history(at(300) + timedelta(hours=1), at(300))


def test_the_broker_sees_later_bars_only_where_it_asks(builder: LakeSnapshots, history: History):
    builder.build(at(700))
    alfa = history.panel.symbols.index("ALFA")
    following = builder.next_bar("ALFA", at(700))
    assert following is not None
    assert following.price == history.fill[700 - FIRST, alfa]
    assert at(700) < following.time < at(701)
    assert builder.next_bar("ALFA", at(ROWS - 1)) is None
    assert builder.next_bar("UNLISTED", at(700)) is None
    known = builder.bars(at(700))
    assert known["known_at"].max() == at(700)


def test_a_replay_s_broker_sees_the_versions_of_the_replay(tmp_path: Path):
    source = ToySource(FRAMES)
    builder = LakeSnapshots(source, Lake(tmp_path), XNYS)
    first = builder.build(at(700))
    price = builder.next_bar("ALFA", at(700))
    bars = FRAMES[Kind.BARS]
    later = bars["known_at"] > at(700)
    changed = bars.assign(open=bars["open"].where(~later, 1.0), low=bars["low"].where(~later, 0.5))
    source.frames = FRAMES | {Kind.BARS: changed}
    builder.build(at(701))
    assert builder.next_bar("ALFA", at(700)) != price
    builder.build(first.as_of, first.lake, first.unavailable)
    assert builder.next_bar("ALFA", at(700)) == price


def test_before_anything_is_open_there_are_no_bars(tmp_path: Path):
    with pytest.raises(InputError, match="no facts are open"):
        LakeSnapshots(ToySource(FRAMES), Lake(tmp_path), XNYS).next_bar("ALFA", to_datetime(SLOTS[5]))
