"""Jobs: what a process leaves behind is enough to know how it stands, whoever started it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from data.errors import StorageFailed
from tests.ui.job_files import a_job, under_way, wait
from ui import jobs
from ui.components.start_form import Choice
from ui.jobs import Job


def start(monkeypatch: pytest.MonkeyPatch, home: Path, script: str, *arguments: str) -> Job:
    """A job that runs `script` instead of the command line."""
    monkeypatch.setattr(jobs, "_COMMAND", (sys.executable, "-c", script))
    return jobs.start(home, "cycle", arguments, "a-book", "simulated")


def test_the_answer_of_a_process_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = start(monkeypatch, home, "import json, sys; print(json.dumps({'given': sys.argv[1:]}))", "--seed=3")
    wait(job)
    assert jobs.answer(job) == {"given": ["cycle", "--seed=3", "--json", "--home", str(home)]}
    assert jobs.fault(job) is None


def test_a_job_is_alive_as_long_as_its_process_and_no_longer(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    home.mkdir()
    gate = home / "gate"
    os.mkfifo(gate)
    job = start(monkeypatch, home, f"open({str(gate)!r}).read(); print('{{}}')")
    assert jobs.is_alive(job)
    assert jobs.running(home, "a-book")
    assert not jobs.running(home, "another-book")
    gate.write_text("go")
    wait(job)
    assert not jobs.is_alive(job)
    assert not jobs.running(home, "a-book")


def test_a_killed_process_is_known_to_be_dead(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = start(monkeypatch, home, "import os; os.kill(os.getpid(), 9)")
    wait(job)
    fault = jobs.fault(job)
    assert not jobs.is_alive(job)
    assert fault is not None
    assert "ended without an answer" in fault.message
    assert fault.remedy


def test_a_process_outlives_the_panel_that_started_it(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = start(monkeypatch, home, "import json, os; print(json.dumps(os.getsid(0)))")
    wait(job)
    assert jobs.answer(job) != os.getsid(0)


def test_an_error_of_the_command_line_comes_with_its_remedy(home: Path) -> None:
    stderr = 'a warning\n{"error": "no such day", "remedy": "name another", "kind": "OutOfRange"}\n'
    fault = jobs.fault(a_job(home, stderr=stderr))
    assert fault == jobs.Fault("no such day", "name another")


def test_words_that_are_not_json_are_still_told(home: Path) -> None:
    fault = jobs.fault(a_job(home, stderr="Traceback\nMemoryError: out of it\n"))
    assert fault is not None
    assert "MemoryError: out of it" in fault.message


def test_another_panel_finds_the_same_job(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    job = start(monkeypatch, home, "print('{}')", "--seed=3")
    wait(job)
    assert jobs.latest(home, ["cycle"]) == job
    assert jobs.latest(home, ["cycle"], about="--seed=3") == job
    assert jobs.latest(home, ["cycle"], about="--seed=4") is None
    assert jobs.latest(home, ["replay"]) is None


def test_a_folder_that_is_no_job_is_passed_over(home: Path) -> None:
    job = a_job(home)
    for name, text in (("20990101T000000000000-abcdef", '{"kind": "cy'), ("20990102T000000000000-abcdef", "[]")):
        (home / "panel" / name).mkdir()
        (home / "panel" / name / "job.json").write_text(text)
    (home / "panel" / "notes").mkdir()
    assert jobs.latest(home, ["cycle"]) == job


def test_old_jobs_go_but_never_one_that_runs(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    oldest, *rest = (a_job(home) for _ in range(jobs.KEPT + 3))
    with under_way(oldest):
        wait(start(monkeypatch, home, "print('{}')"))
    left = {path.name for path in (home / "panel").iterdir()}
    assert oldest.run_id in left
    assert rest[0].run_id not in left
    assert rest[-1].run_id in left
    assert len(left) == jobs.KEPT + 2


def test_a_home_that_cannot_be_written_is_a_storage_error(home: Path) -> None:
    home.write_text("a file where a folder should be")
    with pytest.raises(StorageFailed):
        jobs.start(home, "cycle", (), "a-book", "simulated")


def test_nothing_that_is_typed_can_pose_as_an_option() -> None:
    choice = Choice("files", "--home=/elsewhere", "", "2020-03-16", "--json", "7", "always")
    assert choice.arguments() == (
        "--source=files", "--path=--home=/elsewhere", "--as-of=2020-03-16", "--book=--json", "--seed=7",
        "--approval=always",
    )  # fmt: skip


def test_the_form_names_the_book_that_the_command_line_will_use() -> None:
    assert Choice("simulated").book_name() == "simulated"
    assert Choice("files", "/somewhere/etf").book_name() == "files-etf"
    assert Choice("sample", book="mine").book_name() == "mine"
