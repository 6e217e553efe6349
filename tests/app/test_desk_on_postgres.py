"""A desk whose ledger, answers and checkpoints live in Postgres is the same desk: whole, killed, replayed, doubled."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.doctor import examine
from app.settings import load_settings
from graph.record import CycleRecord
from tests.app.test_kill_and_restart import KILLED
from tests.desks import DATE, ROOT, bullpen, desk
from tests.postgres import Server


@pytest.fixture(scope="module")
def url(postgres_server: Server) -> Iterator[str]:
    """The database that the module's desks share, each with a book of its own or with the default one."""
    with postgres_server.database() as found:
        yield found


@pytest.fixture(scope="module")
def done(url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CycleRecord]:
    """A home, and the record of a cycle that was run there with its ledger in Postgres."""
    home = tmp_path_factory.mktemp("postgres")
    record = desk(home, database=url).cycle(DATE).record
    assert record is not None
    return home, record


def venue(home: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(home / "venue.sqlite") as db:
        return db.execute("SELECT order_id, payload FROM orders ORDER BY order_id").fetchall()


def environment(home: Path, url: str) -> dict[str, str]:
    return {**os.environ, "BULLPEN_HOME": str(home), "BULLPEN_DATABASE": url}


def test_the_record_is_that_of_a_desk_with_files(done: tuple[Path, CycleRecord], tmp_path: Path) -> None:
    home, record = done
    with_files = desk(tmp_path).cycle(DATE)
    assert with_files.record == record
    assert venue(tmp_path) == venue(home)
    assert not {"desk.sqlite", "answers.sqlite", "checkpoints.sqlite"} & {p.name for p in home.iterdir()}


def test_nothing_that_is_kept_names_the_database(done: tuple[Path, CycleRecord], url: str) -> None:
    home, record = done
    stores = desk(home, database=url).stores
    started = stores.ledger.started_with(record.cycle_id)
    assert started is not None
    assert "database" not in started
    assert "postgres" not in record.model_dump_json()
    assert url not in repr(stores)


def test_checkpoints_survive_success(done: tuple[Path, CycleRecord], url: str) -> None:
    home, record = done
    saver = desk(home, database=url).stores.checkpointer
    kept = list(saver.list({"configurable": {"thread_id": f"{record.book}:{record.slot}"}}))
    assert len(kept) > 5
    assert kept[0].checkpoint["channel_values"]["verdict"] == record.verdict


def test_it_replays_in_another_process(done: tuple[Path, CycleRecord], url: str) -> None:
    home, record = done
    again = bullpen(home, "replay", record.cycle_id, "--json", env={"BULLPEN_DATABASE": url, "PYTHONHASHSEED": "4242"})
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["identical"] is True


@pytest.mark.parametrize("killed_first", [pytest.param("decided", marks=pytest.mark.slow), "after_send"])
def test_kills_and_two_processes_at_once_make_one_set_of_orders(
    postgres_server: Server, done: tuple[Path, CycleRecord], tmp_path: Path, killed_first: str
) -> None:
    """One process is killed in the middle; then two at once take up what it left."""
    home, record = done
    with postgres_server.database() as own:
        env = environment(tmp_path, own)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), killed_first, "1"],
            cwd=ROOT, env=env, capture_output=True, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-500:]
        command = [sys.executable, "-c", "from app.cli import main; main()", "cycle", "--as-of", DATE, "--json"]
        both = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=-1) for _ in range(2)]
        ends = [(*p.communicate(), p.returncode) for p in both]
        records = [json.loads(out) for out, _, code in ends if code == 0]
        assert records, ends
        assert all(r == record.model_dump(mode="json") for r in records)
        assert all(code == 0 or b"another process is running book" in err for _, err, code in ends)
        assert venue(tmp_path) == venue(home)


def examined(**settings: Any) -> tuple[bool, dict[str, Any], str]:
    report = examine(load_settings(**settings))
    return report["ok"], report["database"], json.dumps(report)


def test_the_doctor_says_where_the_ledger_is_and_whether_it_answers(url: str, tmp_path: Path) -> None:
    ok, database, _ = examined(home=tmp_path)
    assert (ok, database["kind"], database["reachable"]) == (True, "sqlite", True)
    ok, database, _ = examined(home=tmp_path, database=url)
    assert (ok, database["kind"], database["reachable"]) == (True, "postgres", True)
    assert database["server"].startswith("PostgreSQL ")
    ok, database, told = examined(home=tmp_path, database="postgresql://me:hidden-word@127.0.0.1:1/desk")
    assert (ok, database["reachable"], database["error"] != "") == (False, False, True)
    assert "hidden-word" not in told
