"""Local traces are shown as trees, searched by words, and thinned out; files from before the index open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.trace_store import _SCHEMA, Ended, Run, TraceStore, Wanted
from app.trace_writer import TraceWriter
from app.traces import tree
from data.errors import InputError, NotFound
from tests.desks import bullpen, desk

RUN = Run("r0", "", "t0", "cy-0", "cycle", "chain", "2024-01-01T00:00:00+00:00", "", "", "")


def kept(path: Path, cycles: int = 3) -> TraceStore:
    """Cycles a day apart, each a root and two nodes; the last cycle's second node failed slowly."""
    store = TraceStore(path)
    for i in range(cycles):
        day = f"2024-01-{i + 1:02d}T00:00:0"
        for j, name in enumerate(("cycle", "ingest", "news_analyst")):
            run = replace(RUN, run_id=f"r{i}-{j}", parent_id=f"r{i}-0" if j else "", cycle_id=f"cy-{i}", name=name,
                          started_at=f"{day}{j}+00:00")  # fmt: skip
            store.add([run])
            failed = i == cycles - 1 and j == 2
            error = "SourceUnavailable: the wire is silent" if failed else ""
            store.add([Ended(run.run_id, f"{day}{9 if failed else j + 1}+00:00", error, f"views of {name} no {i}")])
    return store


def test_words_are_found_in_names_errors_and_summaries(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite")
    assert store.indexed
    assert [r.run_id for r in store.search(Wanted("silen"))] == ["r2-2"]
    assert [r.run_id for r in store.search(Wanted("views ingest"))] == ["r2-1", "r1-1", "r0-1"]
    assert store.search(Wanted('quote" OR 1 NEAR(')) == ()
    assert len(store.search(Wanted(limit=4))) == 4


def test_a_search_without_the_index_finds_the_same(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite")
    questions = (Wanted("silen"), Wanted("views ingest"), Wanted("SILENT wire"))
    with_index = [store.search(w) for w in questions]
    store.indexed = False
    assert [store.search(w) for w in questions] == with_index


def test_node_errors_duration_and_cycles_narrow_a_search(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite")
    store.add([replace(RUN, run_id="w", started_at="2024-02-01T00:00:00+00:00")])
    store.add([Ended("w", "2024-02-01T00:00:01+00:00", "GraphInterrupt: asks", "")])
    assert [r.run_id for r in store.search(Wanted(errors=True))] == ["r2-2"]
    assert [r.run_id for r in store.search(Wanted(slower_than_s=1.5))] == ["r2-2"]
    assert {r.name for r in store.search(Wanted(node="ingest"))} == {"ingest"}
    assert {r.cycle_id for r in store.search(Wanted(cycles=("cy-1",)))} == {"cy-1"}


def test_a_run_that_begins_again_is_found_by_its_new_words_only(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite")
    store.add([replace(RUN, run_id="r2-2", cycle_id="cy-2", name="news_analyst")])
    assert store.search(Wanted("silent")) == ()


def test_what_is_handed_over_is_written_in_its_order_and_all_of_it_by_the_end(tmp_path: Path) -> None:
    store = TraceStore(tmp_path / "t.sqlite")
    ids = [f"r{i}" for i in range(300)]
    with closing(TraceWriter(store)) as writer:
        for run_id in ids:
            writer.add(replace(RUN, run_id=run_id, name="first"))
            writer.add(Ended(run_id, "2024-01-01T00:00:01+00:00", "", "done"))
            writer.add(replace(RUN, run_id=run_id, name="again"))
        writer.add(Ended("r0", "2024-01-01T00:00:02+00:00"))
    assert [run.run_id for run in store.runs("cy-0")] == ids
    assert [run.run_id for run in store.runs("cy-0") if run.ended_at] == ["r0"]
    writer.add(Ended("r1", "2024-01-01T00:00:03+00:00"))
    assert [run.run_id for run in store.runs("cy-0") if run.ended_at] == ["r0", "r1"]


def test_a_trace_that_cannot_be_written_is_said_and_missed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = TraceStore(tmp_path / "t.sqlite")
    store.close()
    with closing(TraceWriter(store)) as writer:
        writer.add(RUN)
        writer.add(replace(RUN, run_id="r1"))
    writer.add(RUN)
    assert "a trace was not written" in caplog.text


def test_a_file_from_before_the_index_opens_and_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(_SCHEMA + "PRAGMA user_version=1;")
        db.execute("INSERT INTO runs VALUES ('a','','t','cy-0','ingest','chain','2024-01-01T00:00:00+00:00',"
                   "'2024-01-01T00:00:02+00:00','','wrote a snapshot')")  # fmt: skip
    db.close()
    store = TraceStore(path)
    assert [r.run_id for r in store.search(Wanted("snapshot", slower_than_s=1.0))] == ["a"]


def test_whole_cycles_go_the_oldest_first(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite")
    assert store.prune(keep_cycles=2) == 1
    assert store.runs("cy-0") == ()
    assert store.prune(before="2024-01-02T12:00:00+00:00") == 1
    assert len(store.runs("cy-2")) == 3
    store.compact()
    assert [r.run_id for r in store.search(Wanted("silent"))] == ["r2-2"]
    assert store.search(
        Wanted("views"),
    ) == tuple(reversed(store.runs("cy-2")))


def test_the_bound_on_size_drops_old_cycles_and_keeps_the_newest(tmp_path: Path) -> None:
    store = kept(tmp_path / "t.sqlite", cycles=9)
    for i in range(300):
        store.add([replace(RUN, run_id=f"x{i}", started_at="2024-01-09T00:00:00+00:00", cycle_id="cy-8")])
        store.add([Ended(f"x{i}", "2024-01-09T00:00:01+00:00", "", f"word{i} " * 50)])
    assert store.bound() == 0
    assert 1 <= store.bound(keep_bytes=100_000) <= 8
    assert not store.runs("cy-0")
    store.bound(keep_bytes=1)
    assert not store.runs("cy-7")
    assert len(store.runs("cy-8")) == 303


def test_a_tree_is_depth_first_and_an_orphan_is_a_root(tmp_path: Path) -> None:
    runs = kept(tmp_path / "t.sqlite").runs("cy-0")
    lost = replace(RUN, run_id="lost", parent_id="gone", started_at="2024-01-01T00:00:05+00:00")
    inner = replace(RUN, run_id="in", parent_id="r0-1", started_at="2024-01-01T00:00:06+00:00")
    found = [(b.run.run_id, len(b.ancestors)) for b in tree((lost, inner, *reversed(runs)))]
    assert found == [("r0-0", 0), ("r0-1", 1), ("in", 2), ("r0-2", 1), ("lost", 0)]


def test_pruning_must_be_told_what_to_keep(tmp_path: Path) -> None:
    traces = desk(tmp_path).traces
    with pytest.raises(InputError, match="keep"):
        traces.prune(None, None)
    with pytest.raises(InputError, match="negative"):
        traces.prune(None, -1)
    with pytest.raises(NotFound):
        traces.show("cy-none")


def test_the_command_line_shows_searches_and_prunes(tmp_path: Path) -> None:
    from tests.ui.records import a_record, journal

    record = a_record()
    journal(tmp_path, record)
    shown = bullpen(tmp_path, "traces", "show")
    assert shown.returncode == 0, shown.stderr
    assert "  meta_controller" in shown.stdout
    found = bullpen(tmp_path, "traces", "search", "ingest", "--book", record.book, "--json")
    assert '"name": "ingest"' in found.stdout
    assert '"cycles_removed": 1' in bullpen(tmp_path, "traces", "prune", "--keep-cycles", "0", "--json").stdout
    assert bullpen(tmp_path, "traces", "show").returncode == 2
