"""A process that is killed with SIGKILL at any named instant and started again neither loses nor doubles an order."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desks import DATE, ROOT, desk

KILLED = """
import dataclasses, os, signal, sys
from pathlib import Path
import app.runtime
from app.desk import Desk
from app.settings import load_settings

point, count = sys.argv[2], int(sys.argv[3])
seen = 0

def die(name: str) -> None:
    global seen
    seen += name == point
    if seen == count:
        os.kill(os.getpid(), signal.SIGKILL)

whole = app.runtime.Market.context
app.runtime.Market.context = lambda *a: dataclasses.replace(whole(*a), crash_point=die)
Desk(load_settings(home=Path(sys.argv[1]))).cycle("{date}")
""".replace("{date}", DATE)

POINTS = [("decided", 1), ("after_send", 1), ("after_send", 7), ("before_record", 1)]
OTHERS = [("before_mark", 1), ("marked", 1), ("before_send", 1), ("before_note", 1), ("noted", 1), ("after_record", 1)]
"""Tried by every campaign of tests/chaos, too."""


def venue(home: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(home / "venue.sqlite") as db:
        return db.execute("SELECT order_id, payload FROM orders ORDER BY order_id").fetchall()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The same cycle, never killed: its record and what its venue holds."""
    home = tmp_path_factory.mktemp("undisturbed")
    record = desk(home).cycle(DATE).record
    assert record is not None
    return {"record": record, "venue": venue(home)}


@pytest.mark.parametrize(
    ("point", "count"), [*POINTS, *(pytest.param(*other, marks=pytest.mark.slow) for other in OTHERS)]
)
def test_a_kill_loses_and_doubles_nothing(tmp_path: Path, undisturbed: dict, point: str, count: int) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), point, str(count)], cwd=ROOT, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-500:]
    again = desk(tmp_path).cycle(DATE)
    assert again.record == undisturbed["record"]
    assert venue(tmp_path) == undisturbed["venue"]


def test_two_runs_of_a_slot_make_one_set_of_orders(tmp_path: Path, undisturbed: dict) -> None:
    first = desk(tmp_path).cycle(DATE)
    second = desk(tmp_path).cycle(DATE)
    assert (first.status, second.status) == ("done", "already_done")
    assert second.record == first.record
    assert venue(tmp_path) == undisturbed["venue"]


def test_two_processes_on_one_slot_make_one_set_of_orders(tmp_path: Path, undisturbed: dict) -> None:
    command = [sys.executable, "-c", "from app.cli import main; main()", "cycle", "--as-of", DATE, "--json"]
    env = {**os.environ, "BULLPEN_HOME": str(tmp_path)}
    both = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=-1) for _ in range(2)]
    ends = [(p.communicate(), p.returncode) for p in both]
    records = [json.loads(out) for (out, _), code in ends if code == 0]
    assert records, ends
    assert all(r == undisturbed["record"].model_dump(mode="json") for r in records)
    for (_, err), code in ends:
        assert code == 0 or b"another process is running book" in err
    assert venue(tmp_path) == undisturbed["venue"]
