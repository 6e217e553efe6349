"""`bullpen schedule`, as a person types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli import app, run
from app.scheduling.store import ScheduleStore
from app.scheduling.tables import METADATA
from tests.offices import MONDAY, Office

TWO = ("--symbols", "NOVALIN,ORBTEK")


class Line:
    """The command line of one home; the exit code and what was printed."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home, self._capsys = home, capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        given = ["schedule", *arguments, "--home", str(self._home)]
        code = run(given, lambda: app(given, standalone_mode=False))
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def json(self, *arguments: str) -> Any:
        code, said = self(*arguments, "--json")
        assert code in (0, 1), said
        return json.loads(said)


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path, capsys)


def test_a_schedule_is_added_listed_looked_ahead_of_switched_and_removed(line: Line) -> None:
    code, said = line("add", "night", *TWO, "--offset", "15m", "--by", "ann")
    assert (code, "15m after each slot of XNYS" in said) == (0, True)
    (listed,) = line.json("list")["schedules"]
    assert (listed["book"], listed["offset_s"], listed["enabled"], listed["last"]) == ("simulated", 900, True, None)
    (ahead,) = line.json("run", "--dry-run", "--count", "3")
    assert (ahead["run"], ahead["passed"], len(ahead["then"])) == ("", [], 3)
    assert all(due > datetime.now(UTC).isoformat() for _, due in ahead["then"])
    assert line("disable", "night", "--why", "holiday")[0] == 0
    assert "holiday" in line("list")[1]
    assert line.json("run", "--dry-run") == []
    assert line.json("enable", "night")["enabled"]
    assert line("remove", "night")[0] == 0
    assert line.json("list")["schedules"] == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--offset", "quarter"), "length of time"),
        (("--misfire", "often"), "misfire policy"),
        (("--max-failures", "0"), "max_failures"),
        (("--offset", "30d"), "offset_s"),
        (("--symbols", "NOBODY"), "NOBODY"),
    ],
    ids=["offset", "misfire", "failures", "too long", "symbol"],
)
def test_what_cannot_be_scheduled_is_refused_in_one_line(line: Line, given: tuple[str, ...], said: str) -> None:
    code, told = line("add", "night", *TWO, *given)
    assert (code, said in told) == (2, True)
    assert line.json("list")["schedules"] == []


def test_names_that_are_taken_or_unknown_are_refused(line: Line) -> None:
    line("add", "night", *TWO)
    assert line("add", "night", *TWO, "--book", "other")[0] == 2
    assert line("add", "noon", *TWO)[0] == 2
    assert [line(command, "nobody")[0] for command in ("remove", "enable", "disable", "show")] == [2, 2, 2, 2]


def test_check_tells_whether_somebody_runs_the_schedules(line: Line, tmp_path: Path) -> None:
    assert line("list", "--check")[0] == 0
    line("add", "night", *TWO)
    code, said = line("list", "--check")
    assert (code, "no scheduler is running" in said) == (1, True)
    store = ScheduleStore(tmp_path / "scheduling" / "schedules.sqlite")
    now = datetime.now(UTC)
    store.beat("host:1:a", "code", (), now)
    assert line("list", "--check")[0] == 0
    store.beat("host:1:a", "code", (), now - timedelta(minutes=5))
    code, said = line("list", "--check")
    assert (code, "STALE" in said, "no sign of life" in said) == (1, True, True)
    store.beat("host:2:b", "other code", (), now)
    store.beat("host:3:c", "code", (), now)
    assert "different code" in line("list", "--check")[1]
    for each in ("host:1:a", "host:2:b", "host:3:c"):
        store.goodbye(each, now)
    assert "no scheduler is running" in line("list", "--check")[1]


def test_a_slot_that_nobody_began_and_one_that_failed_are_problems(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.now = MONDAY + timedelta(hours=3)
    assert any("2026-11-23T21:00:00Z was due" in problem for problem in office.schedules().watch().problems)
    store = office.schedules().store
    office.schedules().disable("night", "ann", "by hand")
    assert office.schedules().watch().problems == ()
    store.enable("night", False, "scheduler", "3 failures one after another", office.now)
    assert "disabled by the scheduler" in office.schedules().watch().problems[0]


def test_the_list_asks_nothing_of_the_market_and_a_dry_run_writes_nothing(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path)
    office.now = MONDAY + timedelta(days=1)
    monkeypatch.setattr("app.runtime.open_market", None)
    (found,) = office.schedules().preview()
    assert (found.run, [p["status"] for p in found.passed]) == ("2026-11-24T21:00:00Z", ["skipped"])
    assert office.schedules().history("night", 9) == ()
    assert line("list")[0] == 0


def test_every_table_is_named_as_ours() -> None:
    """On Postgres they stand beside the ledger's."""
    assert set(METADATA.tables) == {"schedules", "triggers", "schedulers", "schedule_changes"}
