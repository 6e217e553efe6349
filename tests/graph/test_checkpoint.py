"""What is on the disk when: a checkpoint and all before it at once, a node's writes with the checkpoint after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import ERROR, INTERRUPT, RESUME, empty_checkpoint

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


def test_the_levels_are_those_of_the_file(watched: Watched) -> None:
    watched.saver.put_writes(CONFIG, [("views", "v")], "task")
    assert LEVELS[watched.saver.conn.execute("PRAGMA synchronous").fetchone()[0]] == "NORMAL"
    watched.saver.put(CONFIG, empty_checkpoint(), {}, {})
    assert LEVELS[watched.saver.conn.execute("PRAGMA synchronous").fetchone()[0]] == "FULL"
