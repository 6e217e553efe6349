"""What is on the disk when: a checkpoint and all before it at once, a node's writes with the checkpoint after it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import ERROR, INTERRUPT, RESUME, empty_checkpoint
from langgraph.checkpoint.sqlite import SqliteSaver

from graph.checkpoint import open_checkpointer

CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
LEVELS = {1: "NORMAL", 2: "FULL"}


class Watched:
    """A saver, and the level that each transaction of its file was committed under."""

    def __init__(self, path: Path) -> None:
        self.saver: Any = open_checkpointer(path)
        self.levels: list[str] = []
        self.saver.conn.set_trace_callback(self._seen)

    def _seen(self, statement: str) -> None:
        if statement.startswith("PRAGMA synchronous="):
            self._level = statement.partition("=")[2]
        if statement.startswith("COMMIT"):
            self.levels.append(self._level)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "checkpoints.sqlite")


def test_a_checkpoint_is_on_the_disk_when_put_returns(watched: Watched) -> None:
    watched.saver.put_writes(CONFIG, [("views", "v")], "task")
    watched.saver.put(CONFIG, empty_checkpoint(), {}, {})
    assert watched.levels == ["NORMAL", "FULL"]


@pytest.mark.parametrize("channel", [ERROR, INTERRUPT, RESUME])
def test_what_no_checkpoint_need_follow_is_on_the_disk_at_once(watched: Watched, channel: str) -> None:
    watched.saver.put_writes(CONFIG, [(channel, "asked")], "task")
    watched.saver.put_writes(CONFIG, [("views", "v")], "other")
    watched.saver.put_writes(CONFIG, [("views", "v"), (channel, "asked")], "third")
    assert watched.levels == ["FULL", "NORMAL", "FULL"]


def test_after_a_write_that_failed_no_checkpoint_follows_until_a_run_begins_anew(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    saver = watched.saver
    with monkeypatch.context() as patch:
        patch.setattr(SqliteSaver, "put_writes", full)
        with pytest.raises(sqlite3.OperationalError):
            saver.put_writes(CONFIG, [("views", "v")], "task")
    for _ in range(2):
        saver.get_tuple(CONFIG)  # somebody looks on, as the panel does
        with pytest.raises(sqlite3.OperationalError):
            saver.put(CONFIG, empty_checkpoint(), {}, {})
    saver.begin("t")
    saver.put(CONFIG, empty_checkpoint(), {}, {})


def test_the_levels_are_those_of_the_file(watched: Watched) -> None:
    watched.saver.put_writes(CONFIG, [("views", "v")], "task")
    assert LEVELS[watched.saver.conn.execute("PRAGMA synchronous").fetchone()[0]] == "NORMAL"
    watched.saver.put(CONFIG, empty_checkpoint(), {}, {})
    assert LEVELS[watched.saver.conn.execute("PRAGMA synchronous").fetchone()[0]] == "FULL"
