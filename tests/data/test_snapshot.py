from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.builder import LakeSnapshots
from data.clock import Slots, to_datetime
from data.errors import BadConfig, InputError, OutOfRange, SourceUnavailable, UnknownSymbol
from data.lake.lake import Lake
from data.snapshot import Snapshot
from data.sources.protocol import Kind
from tests.data.toy_market import START, XNYS, Frames, ToySource, toy_frames, utc

ROWS = 800
FRAMES = toy_frames(7, ROWS)
SLOTS = XNYS.between(START, datetime(2024, 1, 1, tzinfo=UTC))[:ROWS]
DRAWS = np.random.default_rng(11).integers(560, ROWS, 50).tolist()


def at(row: int) -> datetime:
    return to_datetime(SLOTS[row])


def taken(frames: Frames, root: Path, row: int, symbols: tuple[str, ...] | None = None) -> Snapshot:
    return LakeSnapshots(ToySource(frames), Lake(root), XNYS, symbols).build(at(row))


@pytest.fixture(scope="module")
def kept_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Regime models of the toy market, so that each lake of a test need not fit them."""
    root = tmp_path_factory.mktemp("models")
    taken(FRAMES, root, ROWS - 1)
    return root / "regimes"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> LakeSnapshots:
    return LakeSnapshots(ToySource(FRAMES), Lake(tmp_path_factory.mktemp("lake")), XNYS)


def everything_changed(frames: Frames, after: datetime, rng: np.random.Generator) -> Frames:
    """Every fact that became known after an instant, turned into another one; some prices into impossible ones."""
    out: Frames = {}
    for kind, frame in frames.items():
        frame = frame.copy()
        later = (frame["known_at"] > after).to_numpy()
        for name in frame.columns:
            if frame[name].dtype.kind == "f":
                noise = rng.choice([0.5, 3.0, -1.0, 0.0, np.nan], len(frame))
                frame[name] = np.where(later, frame[name] * noise, frame[name])
        if "text" in frame.columns:
            frame["text"] = frame["text"].mask(later, "catastrophic fraud")
            frame["symbol"] = frame["symbol"].mask(later, "ALFA")
        out[kind] = frame
    return out


def assert_same_bits(left: Snapshot, right: Snapshot) -> None:
    assert left.content_hash == right.content_hash
    for name in ("open", "high", "low", "close", "volume", "age", "times"):
        assert getattr(left.panel, name).tobytes() == getattr(right.panel, name).tobytes(), name
    assert left.features.values.tobytes() == right.features.values.tobytes()
    assert left.features.shared.tobytes() == right.features.shared.tobytes()
    assert left.tradable.tolist() == right.tradable.tolist()
    for name in ("macro", "news", "posts", "chains", "findings"):
        assert getattr(left, name) == getattr(right, name), name


@pytest.mark.parametrize("row", DRAWS)
def test_changing_everything_later_changes_nothing(builder: LakeSnapshots, kept_models: Path, tmp_path: Path, row: int):
    changed = everything_changed(FRAMES, at(row), np.random.default_rng(row))
    shutil.copytree(kept_models, tmp_path / "regimes")
    assert_same_bits(builder.build(at(row)), taken(changed, tmp_path, row))


@pytest.mark.parametrize("kind", [Kind.BARS, Kind.MACRO, Kind.NEWS, Kind.POSTS, Kind.CHAINS])
def test_changing_an_earlier_fact_changes_the_hash(builder: LakeSnapshots, tmp_path: Path, kind: Kind):
    row = ROWS - 1
    frames = {k: f.copy() for k, f in FRAMES.items()}
    latest = np.flatnonzero((frames[kind]["known_at"] <= at(row)).to_numpy())[-14:]
    if "text" in frames[kind].columns:
        frames[kind].loc[latest[-1], "text"] = "something else"
    elif kind is Kind.CHAINS:
        frames[kind].loc[latest, ["bid", "ask"]] *= 1.01
    else:
        frames[kind].loc[latest[-1], "close" if kind is Kind.BARS else "value"] *= 0.999
    assert taken(frames, tmp_path, row).content_hash != builder.build(at(row)).content_hash


def test_facts_known_after_the_slot_are_absent(builder: LakeSnapshots):
    for row in DRAWS[:15]:
        snapshot = builder.build(at(row))
        assert snapshot.panel.times[-1] == SLOTS[row]
        told = [*snapshot.macro, *snapshot.news, *snapshot.posts]
        assert all(fact.known_at <= at(row) for fact in told)
        assert {f.series for f in snapshot.macro} == {"FEAR", "GDP"}


def test_texts_are_those_of_the_last_five_slots(builder: LakeSnapshots):
    row = 700
    snapshot = builder.build(at(row))
    frame = FRAMES[Kind.NEWS]
    recent = frame[(frame["known_at"] > at(row - 5)) & (frame["known_at"] <= at(row))]
    assert [t.id for t in snapshot.news] == recent["id"].to_list()
    assert len(snapshot.news) > 0
    assert all(-1.0 <= t.tone <= 1.0 and t.channel == "the paper" for t in snapshot.news)


def test_who_may_be_traded(builder: LakeSnapshots):
    """LATE has no year behind it at row 500; HALT is stale at row 410; UNLISTED never had a bar."""
    late = builder.build(at(500))
    assert dict(zip(late.symbols, late.tradable.tolist(), strict=True)) == {
        "ALFA": True, "BETA": True, "CLOSES": True, "HALT": True, "LATE": False, "MUTE": True, "UNLISTED": False,
    }  # fmt: skip
    found = {(f.symbol, f.rule) for f in late.findings}
    assert ("LATE", "short_history") in found
    assert ("UNLISTED", "missing") in found
    for row, fresh in ((399, True), (402, True), (403, False), (419, False), (420, True)):
        snapshot = builder.build(at(row))
        assert snapshot.tradable[snapshot.column("HALT")] == fresh, row
        assert any(f.rule == "stale" and f.symbol == "HALT" for f in snapshot.findings) != fresh


@pytest.mark.parametrize("broken", [{"close": np.nan}, {"close": -5.0}, {"high": 1.0, "low": 2.0}])
def test_a_refused_latest_bar_is_told_and_not_traded(tmp_path: Path, broken: dict[str, float]):
    frames = {k: f.copy() for k, f in FRAMES.items()}
    bars = frames[Kind.BARS]
    row = int(np.flatnonzero((bars["known_at"] == at(700)) & (bars["symbol"] == "BETA"))[0])
    for name, value in broken.items():
        bars.loc[row, name] = value
    builder = LakeSnapshots(ToySource(frames), Lake(tmp_path), XNYS)
    before, then, after = (builder.build(at(r)) for r in (699, 700, 701))
    column = then.column("BETA")
    assert (before.tradable[column], then.tradable[column], after.tradable[column]) == (True, False, True)
    assert not any(f.rule == "refused" for f in before.findings)
    assert any(f.rule == "refused" and f.symbol == "BETA" for f in then.findings)
    assert then.panel.close[-1, column] == before.panel.close[-1, column]


def test_a_last_slot_of_which_every_bar_is_refused_is_reached_and_nothing_is_traded(tmp_path: Path):
    bars = FRAMES[Kind.BARS][FRAMES[Kind.BARS]["known_at"] <= at(600)].copy()
    bars.loc[bars["known_at"] == at(600), "close"] = np.inf
    builder = LakeSnapshots(ToySource(FRAMES | {Kind.BARS: bars}), Lake(tmp_path), XNYS)
    then = builder.build(at(600))
    assert builder.build(at(599)).tradable.any()
    assert not then.tradable.any()
    assert {f.symbol for f in then.findings if f.rule == "refused"} == set(then.symbols) - {"UNLISTED"}
    with pytest.raises(OutOfRange):
        builder.build(at(601))


def test_two_different_bars_of_one_instant_are_not_chosen_between(tmp_path: Path):
    bars = FRAMES[Kind.BARS]
    again = bars[(bars["known_at"] == at(700)) & (bars["symbol"] == "BETA")].assign(volume=3.0)
    both = pd.concat([bars, again]).sort_values("known_at", kind="stable", ignore_index=True)
    snapshot = taken(FRAMES | {Kind.BARS: both}, tmp_path, 700)
    assert not snapshot.tradable[snapshot.column("BETA")]
    assert any(f.rule == "duplicate" and f.symbol == "BETA" for f in snapshot.findings)


def test_a_jump_is_told_but_traded(tmp_path: Path):
    bars = FRAMES[Kind.BARS].copy()
    later = (bars["known_at"] >= at(700)) & (bars["symbol"] == "ALFA")
    for name in ("open", "high", "low", "close"):
        bars.loc[later, name] *= 2.0
    snapshot = taken(FRAMES | {Kind.BARS: bars}, tmp_path, 700)
    assert [f.symbol for f in snapshot.findings if f.rule == "jump"] == ["ALFA"]
    assert snapshot.tradable[snapshot.column("ALFA")]


def test_unavailable_kinds_are_named_and_their_features_say_nothing(tmp_path: Path):
    snapshot = taken({Kind.BARS: FRAMES[Kind.BARS]}, tmp_path, 700)
    assert set(snapshot.unavailable) == {"chains", "macro", "news", "posts"}
    assert (snapshot.last("news_count") == 0.0).all()
    assert snapshot.features.market("macro_known")[-1] == 0.0
    assert snapshot.macro == snapshot.news == snapshot.chains == ()
    assert [f.rule for f in snapshot.findings if f.symbol == ""] == ["unavailable"] * 4
    assert snapshot.tradable[snapshot.column("ALFA")]


def test_without_bars_there_is_no_snapshot(tmp_path: Path):
    source = ToySource(FRAMES, static=False, down={Kind.BARS})
    with pytest.raises(SourceUnavailable, match="no bars"):
        LakeSnapshots(source, Lake(tmp_path), XNYS).build(at(700))


def test_a_live_source_that_fell_silent_is_stale_and_not_refused(tmp_path: Path):
    frames = {k: f[f["known_at"] <= at(650)].reset_index(drop=True) for k, f in FRAMES.items()}
    snapshot = LakeSnapshots(ToySource(frames, static=False), Lake(tmp_path), XNYS).build(at(700))
    assert not snapshot.tradable.any()
    assert sum(f.rule == "stale" for f in snapshot.findings) == 6


@pytest.mark.parametrize("hour", [-24 * 365 * 40, 24 * 365 * 10])
def test_a_slot_outside_the_data_names_the_span(builder: LakeSnapshots, hour: int):
    slot = XNYS.at_or_before(at(400) + timedelta(hours=hour) if hour > 0 else datetime(1990, 5, 5, tzinfo=UTC))
    with pytest.raises(OutOfRange, match="outside the data") as caught:
        builder.build(slot)
    assert "2017-01-03" in caught.value.remedy


def test_an_instant_that_is_no_slot_is_refused(builder: LakeSnapshots):
    with pytest.raises(OutOfRange, match="no slot"):
        builder.build(at(700) + timedelta(minutes=1))
    with pytest.raises(InputError):
        builder.build(at(700).replace(tzinfo=None))


def test_an_unknown_symbol_gets_its_nearest_name(tmp_path: Path):
    with pytest.raises(UnknownSymbol) as caught:
        taken(FRAMES, tmp_path, 700, ("ALFA", "zzzz"))
    assert "symbols" in caught.value.remedy
    with pytest.raises(UnknownSymbol, match="BETTA") as caught:
        taken(FRAMES, tmp_path, 700, ("BETTA",))
    assert "BETA" in caught.value.remedy
    with pytest.raises(BadConfig):
        taken(FRAMES, tmp_path, 700, ())


def test_a_universe_is_its_own_market(builder: LakeSnapshots, tmp_path: Path):
    both = taken(FRAMES, tmp_path, 700, ("MUTE", "ALFA"))
    assert both.symbols == ("ALFA", "MUTE")
    assert set(np.abs(both.last("rank_mom_21"))) == {1.0}
    assert {t.symbol for t in both.news} <= {"ALFA", ""}
    whole = builder.build(at(700))
    assert both.last("ret_5")[1] == whole.last("ret_5")[whole.column("MUTE")]


def test_a_shorter_history_keeps_the_last_slots(tmp_path: Path):
    short = LakeSnapshots(ToySource(FRAMES), Lake(tmp_path), XNYS, None, 300).build(at(700))
    assert len(short.panel.times) == 300
    assert short.features.values.shape[0] == 300
    assert short.panel.times[-1] == SLOTS[700]
    assert short.tradable[short.column("ALFA")]


def test_a_replay_reads_the_versions_it_is_given(tmp_path: Path):
    source = ToySource(FRAMES)
    builder = LakeSnapshots(source, Lake(tmp_path), XNYS)
    first = builder.build(at(700))
    source.frames = FRAMES | {Kind.BARS: FRAMES[Kind.BARS].assign(close=9.0, high=np.nan, low=np.nan)}
    changed = LakeSnapshots(source, Lake(tmp_path), XNYS).build(at(700))
    assert changed.content_hash != first.content_hash
    assert changed.lake["silver/bars"] == 1
    source.asked.clear()
    again = LakeSnapshots(source, Lake(tmp_path), XNYS).build(at(700), dict(first.lake), dict(first.unavailable))
    assert_same_bits(first, again)
    assert again.lake == first.lake
    assert source.asked == [], "a replay asks nobody"


def test_a_replay_trades_the_names_of_its_time(tmp_path: Path):
    source = ToySource(FRAMES)
    first = LakeSnapshots(source, Lake(tmp_path), XNYS).build(at(700))
    bars = FRAMES[Kind.BARS]
    source.frames = FRAMES | {Kind.BARS: bars[bars["symbol"] != "MUTE"].reset_index(drop=True)}
    again = LakeSnapshots(source, Lake(tmp_path), XNYS).build(at(700), first.lake, first.unavailable)
    assert again.symbols == first.symbols
    assert again.content_hash == first.content_hash


def test_the_hash_is_the_same_in_another_process(builder: LakeSnapshots):
    script = """
from pathlib import Path
from tempfile import TemporaryDirectory
from tests.data.test_snapshot import FRAMES, taken
with TemporaryDirectory() as folder:
    print(taken(FRAMES, Path(folder), 700).content_hash)
"""
    root = Path(__file__).parents[2]
    env = {"PYTHONHASHSEED": "123", "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    ask = [sys.executable, "-c", script]
    done = subprocess.run(ask, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == builder.build(at(700)).content_hash, done.stderr


def test_what_is_handed_out_cannot_be_written_to(builder: LakeSnapshots):
    snapshot = builder.build(at(700))
    for array in (snapshot.panel.close, snapshot.panel.times, snapshot.features.values, snapshot.tradable):
        with pytest.raises(ValueError, match="read-only"):
            array[-1] = array[0]
    assert XNYS.between(at(0), at(1)).flags.writeable


def test_the_same_slot_is_built_once(builder: LakeSnapshots):
    assert builder.build(at(701)) is builder.build(at(701))
    assert builder.build(at(702)) is not builder.build(at(701))


def test_chains_are_told_in_four_numbers(builder: LakeSnapshots):
    (chain,) = builder.build(at(ROWS - 1)).chains
    assert chain.underlying == "ALFA"
    assert chain.atm_iv == pytest.approx(0.20, abs=2e-3)
    assert 0.004 < chain.skew_25d < 0.02
    assert chain.expiry == at(ROWS - 1) + timedelta(days=30)
    assert builder.build(at(600)).chains == ()


def test_hours_are_slots_too(tmp_path: Path):
    hours = Slots("XNYS", "1h")
    times = hours.between(datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 4, 1, tzinfo=UTC))
    frame = pd.DataFrame({"symbol": "ALFA", "event_time": utc(times), "known_at": utc(times)})
    frame["start"] = frame["event_time"] - pd.Timedelta(minutes=30)
    close = 10.0 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, len(times))))
    frame = frame.assign(open=close, high=close, low=close, close=close, volume=5.0)
    source = ToySource({Kind.BARS: frame}, frequency="1h")
    snapshot = LakeSnapshots(source, Lake(tmp_path), hours).build(to_datetime(times[-1]))
    assert snapshot.frequency == "1h"
    assert snapshot.panel.close.shape == (len(times), 2)
    assert snapshot.tradable.tolist() == [True, False]


def test_gold_keeps_a_decision_once(builder: LakeSnapshots, tmp_path: Path):
    lake, (one, two) = Lake(tmp_path), (builder.build(at(row)) for row in (700, 701))
    assert [lake.append_gold("toy", s) for s in (one, one, two, one)] == [0, 0, 1, 0]
    assert Lake(tmp_path).append_gold("toy", one) == 0, "another process finds it too"
    assert Lake(tmp_path).append_gold("toy", replace(one, content_hash="f" * 64)) == 2, "other facts, other rows"
    rows = lake.read_gold("toy", 1)
    assert len(rows) == 2 * len(one.symbols)
    mine = rows[rows["as_of"] == pd.Timestamp(two.as_of)].sort_values("symbol")
    np.testing.assert_array_equal(mine["ret_5"], two.last("ret_5"))
    np.testing.assert_array_equal(mine["regime_calm"], two.features.market("regime_calm")[-1])
