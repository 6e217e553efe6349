from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from filelock import FileLock

from data.errors import CorruptFile, StorageFailed
from data.lake import lake as lake_module
from data.lake import storage
from data.lake.lake import Lake
from data.lake.tables import source_key
from data.lake.texts import MAX_TEXT, normalise, tones
from data.sources.protocol import Kind
from tests.data.toy_market import DAY, Frames, ToySource, ordered, toy_frames

SMALL = toy_frames(1, 60)
END = SMALL[Kind.BARS]["known_at"].iloc[-1].to_pydatetime()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def altered(frames: Frames, **changes: pd.DataFrame) -> Frames:
    return frames | {Kind(kind): frame for kind, frame in changes.items()}


def bars_of(lake: Lake, source: ToySource, version: int) -> pd.DataFrame:
    return lake.read(source_key(source), Kind.BARS, version)


def test_what_is_read_is_what_the_source_said(lake: Lake):
    source = ToySource(SMALL)
    report = lake.ingest(source, END)
    assert report.versions == {f"silver/{k}": 0 for k in ("bars", "chains", "instruments", "macro", "news", "posts")}
    assert report.unavailable == {}
    for kind in (Kind.BARS, Kind.MACRO):
        found = lake.read(source_key(source), kind, 0)
        keys = list(found.columns)
        pd.testing.assert_frame_equal(
            found.sort_values(keys, ignore_index=True), SMALL[kind].sort_values(keys, ignore_index=True)
        )
    assert lake.instruments(source_key(source), 0) == source.instruments()


def test_bad_numbers_are_stored_as_they_are_and_set_aside_when_read(lake: Lake):
    bars = SMALL[Kind.BARS].copy()
    rows = np.flatnonzero(bars["symbol"] == "ALFA")[:4]
    bars.loc[rows, "close"] = [np.nan, np.inf, -np.inf, -5.0]
    bars.loc[rows, "volume"] = [np.inf, np.nan, 0.0, -1.0]
    source = ToySource(altered(SMALL, bars=bars))
    lake.ingest(source, END)
    keys = ["symbol", "event_time"]
    found = bars_of(lake, source, 0).sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(found, bars.sort_values(keys, ignore_index=True))
    checked = lake.bars(source_key(source), 0)
    assert list(checked.refused["symbol"]) == ["ALFA"] * 4
    assert len(checked.clean) == len(bars) - 4


def test_reading_cuts_by_what_was_known(lake: Lake):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    for kind in Kind:
        everything = lake.read(source_key(source), kind, 0)
        middle = everything["known_at"].iloc[len(everything) // 2].to_pydatetime()
        late = lake.read(source_key(source), kind, 0, middle, None)
        early = lake.read(source_key(source), kind, 0, None, middle)
        assert (early["known_at"] <= middle).all()
        assert (late["known_at"] > middle).all()
        assert len(early) + len(late) == len(everything)


def test_ingesting_again_writes_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    source = ToySource(SMALL)
    first = lake.ingest(source, END)
    source.asked.clear()

    def touched(*_: object, **__: object) -> None:
        raise AssertionError("a warm ingest must not touch a table")

    with monkeypatch.context() as patch:
        for name in ("read", "write", "commits", "partitions"):
            patch.setattr(storage, name, touched)
        assert lake.ingest(source, END) == first
    assert source.asked == []
    another_process = Lake(lake.root)
    monkeypatch.setattr(storage, "write", touched)
    assert another_process.ingest(source, END) == first


def test_changed_content_is_a_new_version_and_the_old_one_stays_readable(lake: Lake):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    before = bars_of(lake, source, 0)
    changed = SMALL[Kind.BARS].assign(close=SMALL[Kind.BARS]["close"] * 2.0, high=np.nan)
    source.frames = altered(SMALL, bars=changed)
    report = lake.ingest(source, END)
    assert report.versions["silver/bars"] == 1
    np.testing.assert_allclose(bars_of(lake, source, 1)["close"].sum(), 2.0 * before["close"].sum())
    fresh = Lake(lake.root)
    pd.testing.assert_frame_equal(bars_of(fresh, source, 0), before)
    source.frames = SMALL
    assert Lake(lake.root).ingest(source, END).versions["silver/bars"] == 0, "the old content is its old version"


def test_versions_are_never_cleaned_away(lake: Lake):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    settings = DeltaTable(lake.root / "silver" / "bars" / source_key(source)).metadata().configuration
    assert settings["delta.enableExpiredLogCleanup"] == "false"
    assert "36500" in settings["delta.logRetentionDuration"]
    assert "36500" in settings["delta.deletedFileRetentionDuration"]


def test_unavailable_is_not_empty(lake: Lake):
    frames = {k: v for k, v in SMALL.items() if k is not Kind.NEWS}
    frames[Kind.POSTS] = SMALL[Kind.POSTS].iloc[:0]
    source = ToySource(frames)
    report = lake.ingest(source, END)
    assert report.unavailable == {"news": "toy has no news"}
    assert "silver/news" not in report.versions
    assert report.versions["silver/posts"] == 0
    assert lake.read(source_key(source), Kind.POSTS, 0).empty


def test_sources_with_other_parameters_do_not_meet(lake: Lake):
    one, two = ToySource(SMALL), ToySource(SMALL, name="other")
    assert source_key(one) != source_key(two)
    lake.ingest(one, END)
    assert lake.ingest(two, END).versions["silver/bars"] == 0


# --- live ---------------------------------------------------------------------------------------------------------


def live(frames: Frames) -> ToySource:
    return ToySource({k: v for k, v in frames.items() if k is not Kind.CHAINS}, static=False)


def test_a_live_source_is_asked_for_what_is_new_and_appended(lake: Lake):
    source = live(SMALL)
    middle = SMALL[Kind.BARS]["known_at"].iloc[150].to_pydatetime()
    early = lake.ingest(source, middle)
    assert bars_of(lake, source, early.versions["silver/bars"])["known_at"].max() == middle
    assert lake.ingest(source, middle).versions == early.versions, "nothing new, no new version"
    source.asked.clear()
    late = lake.ingest(source, END)
    since = next(since for kind, since, _ in source.asked if kind is Kind.BARS)
    assert since is not None
    assert middle - timedelta(days=11) < since < middle
    assert late.versions["silver/bars"] == early.versions["silver/bars"] + 1
    pd.testing.assert_frame_equal(
        bars_of(lake, source, late.versions["silver/bars"]), bars_of(Lake(lake.root), live(SMALL), 1)
    )
    assert len(bars_of(lake, source, 1)) == len(SMALL[Kind.BARS])
    assert len(bars_of(lake, source, 0)) == (SMALL[Kind.BARS]["known_at"] <= middle).sum()


def test_a_silent_correction_becomes_known_when_it_is_seen(lake: Lake):
    """A provider rewrites yesterday's close without saying when: what was decided before must not see it."""
    source = live(SMALL)
    middle = SMALL[Kind.BARS]["known_at"].iloc[150].to_pydatetime()
    lake.ingest(source, middle)
    rewritten = SMALL[Kind.BARS].copy()
    row = int(np.flatnonzero((rewritten["known_at"] == middle) & (rewritten["symbol"] == "BETA"))[0])
    rewritten.loc[row, "close"] *= 1.01
    rewritten.loc[row - 1, "close"] *= 1.0 + 1e-9
    source.frames = altered(source.frames, bars=rewritten)
    until = middle + DAY
    version = lake.ingest(source, until).versions["silver/bars"]
    rows = bars_of(lake, source, version)
    both = rows[(rows["symbol"] == "BETA") & (rows["event_time"] == rewritten["event_time"][row])]
    assert both["known_at"].to_list() == [middle, until]
    np.testing.assert_allclose(both["close"].iloc[1] / both["close"].iloc[0], 1.01)
    other = rows[
        (rows["symbol"] == rewritten["symbol"][row - 1]) & (rows["event_time"] == rewritten["event_time"][row - 1])
    ]
    assert len(other) == 1, "rounding is no correction"


def test_a_live_source_that_is_down_keeps_its_last_version(lake: Lake):
    source = live(SMALL)
    middle = SMALL[Kind.BARS]["known_at"].iloc[150].to_pydatetime()
    early = lake.ingest(source, middle)
    source.down = {Kind.BARS}
    late = lake.ingest(source, END)
    assert late.versions["silver/bars"] == early.versions["silver/bars"]
    assert late.unavailable["bars"] == "toy has no bars"


def test_a_text_is_stored_once_however_often_it_is_served(lake: Lake):
    source = live(SMALL)
    middle = SMALL[Kind.NEWS]["known_at"].iloc[10].to_pydatetime()
    lake.ingest(source, middle)
    version = lake.ingest(source, END).versions["silver/news"]
    found = lake.read(source_key(source), Kind.NEWS, version)
    assert len(found) == len(SMALL[Kind.NEWS])
    assert not found["id"].duplicated().any()


# --- chains -------------------------------------------------------------------------------------------------------


def test_chains_are_taken_a_slot_at_a_time_and_once(lake: Lake):
    source = ToySource(SMALL)
    days = sorted(set(SMALL[Kind.CHAINS]["known_at"]))
    assert lake.ingest(source, days[0].to_pydatetime()).versions["silver/chains"] == 0
    assert lake.ingest(source, days[3].to_pydatetime()).versions["silver/chains"] == 1
    assert Lake(lake.root).ingest(source, days[3].to_pydatetime()).versions["silver/chains"] == 1
    found = lake.read(source_key(source), Kind.CHAINS, 1)
    assert sorted(set(found["known_at"])) == [days[0], days[3]]
    assert set(lake.read(source_key(source), Kind.CHAINS, 0)["known_at"]) == {days[0]}


def test_no_chain_within_reach_is_an_empty_table(lake: Lake):
    source = ToySource(SMALL)
    early = SMALL[Kind.BARS]["known_at"].iloc[5].to_pydatetime()
    report = lake.ingest(source, early)
    assert report.versions["silver/chains"] == 0
    assert lake.read(source_key(source), Kind.CHAINS, 0).empty


def test_chains_of_changed_content_start_anew(lake: Lake):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    source.frames = altered(SMALL, chains=SMALL[Kind.CHAINS].assign(bid=1.0, ask=2.0))
    version = lake.ingest(source, END).versions["silver/chains"]
    assert version == 1
    assert (lake.read(source_key(source), Kind.CHAINS, 1)["bid"] == 1.0).all()
    assert (lake.read(source_key(source), Kind.CHAINS, 0)["bid"] != 1.0).all()


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Pro\u200bfit \u202eup\u202c", "Profit up"),
        ("\uff46\uff55\uff4c\uff4c width", "full width"),
        ("two\nlines\tand\x00 a nul", "two lines and a nul"),
        ("hidden\U000e0041\U000e0042 tag\ufe0f", "hidden tag"),
        ("soft\u00adhyphen \ufeffbom", "softhyphen bom"),
        ("  café  ", "café"),
        ("x" * 900, "x" * MAX_TEXT),
        ("\u200b\u200d", ""),
    ],
)
def test_text_is_normalised(raw: str, clean: str):
    assert normalise(raw) == clean
    assert normalise(clean) == clean


def test_stored_texts_are_clean_and_have_a_tone(lake: Lake):
    known = pd.Timestamp("2017-01-05T12:00", tz="UTC")
    rows = [("a\u200b", "ALFA", "Great profit!"), ("b", "", "Terrible\u202e fraud"), ("c", "BETA", "\u200b")]
    frame = pd.DataFrame(rows, columns=["id", "symbol", "text"]).assign(
        event_time=known, known_at=known, publisher="p\x07"
    )
    source = ToySource(altered(SMALL, news=ordered(Kind.NEWS, frame)))
    lake.ingest(source, END)
    found = lake.read(source_key(source), Kind.NEWS, 0)
    assert found["id"].to_list() == ["a", "b"]
    assert found["text"].to_list() == ["Great profit!", "Terrible fraud"]
    assert set(found["publisher"]) == {"p"}
    assert found["tone"].iloc[0] > 0.3 > -0.3 > found["tone"].iloc[1]
    np.testing.assert_array_equal(found["tone"], tones(found["text"].to_list()))


# --- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), DeltaError("No space left on device")])
def test_a_full_disk_is_told_and_changes_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch, error: Exception):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    before = bars_of(lake, source, 0)
    source.frames = altered(SMALL, bars=SMALL[Kind.BARS].assign(close=1.0))

    def full(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write_deltalake", full)
        with pytest.raises(StorageFailed, match="No space left") as caught:
            lake.ingest(source, END)
    assert "disk space" in caught.value.remedy
    fresh = Lake(lake.root)
    pd.testing.assert_frame_equal(bars_of(fresh, source, 0), before)
    assert fresh.ingest(source, END).versions["silver/bars"] == 1, "it works once there is space"


def test_a_real_write_that_is_cut_off_leaves_the_table_as_it_was(lake: Lake):
    """RLIMIT_FSIZE stops the operating system's write half-way, in a process of its own."""
    script = f"""
import resource
from pathlib import Path
from data.errors import StorageFailed
from data.lake.lake import Lake
from tests.data.test_lake import END, SMALL, ToySource, altered
from data.sources.protocol import Kind
lake = Lake(Path({str(lake.root)!r}))
source = ToySource(SMALL)
lake.ingest(source, END)
source.frames = altered(SMALL, bars=SMALL[Kind.BARS].assign(close=SMALL[Kind.BARS]["close"] * 2.0))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    lake.ingest(source, END)
except StorageFailed as error:
    print("told:", error.message)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert "told: the lake table silver/bars" in done.stdout, done.stderr
    source = ToySource(SMALL)
    assert lake.ingest(source, END).versions["silver/bars"] == 0
    np.testing.assert_allclose(bars_of(lake, source, 0)["close"].sum(), SMALL[Kind.BARS]["close"].sum())
    source.frames = altered(SMALL, bars=SMALL[Kind.BARS].assign(close=1.0, open=1.0, high=1.0, low=1.0))
    assert lake.ingest(source, END).versions["silver/bars"] == 1


@pytest.mark.parametrize("harm", ["truncate", "empty", "remove", "data"])
def test_a_corrupt_table_stops_with_a_remedy(lake: Lake, harm: str):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    source.frames = altered(SMALL, bars=SMALL[Kind.BARS].assign(close=1.0))
    lake.ingest(source, END)
    folder = lake.root / "silver" / "bars" / source_key(source)
    log = folder / "_delta_log" / f"{1:020d}.json"
    data = folder / DeltaTable(folder).file_uris()[0].rsplit("/", 1)[-1]
    if harm == "truncate":
        log.write_text(log.read_text()[: len(log.read_text()) // 2])
    elif harm == "empty":
        log.write_text("")
    elif harm == "remove":
        log.unlink()
    else:
        data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(CorruptFile, match="silver/bars") as caught:
        bars_of(Lake(lake.root), source, 1)
    assert "move the folder" in caught.value.remedy
    assert "\n" not in caught.value.message


def test_a_corrupt_log_is_not_written_over(lake: Lake):
    source = ToySource(SMALL)
    lake.ingest(source, END)
    log = lake.root / "silver" / "bars" / source_key(source) / "_delta_log" / f"{0:020d}.json"
    log.write_text(log.read_text()[:50])
    harmed = log.read_text()
    source.frames = altered(SMALL, bars=SMALL[Kind.BARS].assign(close=1.0))
    with pytest.raises(CorruptFile):
        Lake(lake.root).ingest(source, END)
    assert log.read_text() == harmed
    assert len(list(log.parent.glob("*.json"))) == 1


def test_one_process_writes_at_a_time(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lake_module, "LOCK_TIMEOUT_S", 0.01)
    lake.root.mkdir(parents=True)
    with FileLock(lake.root / "lake.lock"), pytest.raises(StorageFailed, match="another process"):
        lake.ingest(ToySource(SMALL), END)
    lake.ingest(ToySource(SMALL), END)


def test_a_lake_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "lake").write_text("a file where the folder should be")
    with pytest.raises(StorageFailed):
        Lake(tmp_path / "lake").ingest(ToySource(SMALL), END)
