"""The kill switch is a file; whatever cannot be read is on."""

import json
import os
from datetime import UTC, datetime

import pytest

from data.errors import StorageFailed
from tools.risk.kill_switch.audit import AUDIT_FILE
from tools.risk.kill_switch.halt import HALT_FILE, HaltState, halt, read_halt, resume

AT = datetime(2020, 3, 16, 20, tzinfo=UTC)


def audit(home):
    return [json.loads(line) for line in (home / AUDIT_FILE).read_text().splitlines()]


def test_no_file_is_off_and_no_home_is_off(tmp_path):
    assert not read_halt(tmp_path).on
    assert not read_halt(tmp_path / "absent").on


def test_touch_is_enough(tmp_path):
    (tmp_path / HALT_FILE).touch()
    assert read_halt(tmp_path) == HaltState(on=True, reason="a HALT file was created")


def test_a_note_in_the_file_is_the_reason(tmp_path):
    (tmp_path / HALT_FILE).write_text("exchange is down\n")
    assert read_halt(tmp_path).reason == "exchange is down"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'{"on": false}', b'{"on": tru', b'{"on": 0, "x": 1}'])
def test_no_content_switches_it_off(tmp_path, content):
    (tmp_path / HALT_FILE).write_bytes(content)
    assert read_halt(tmp_path).on


def test_a_folder_a_dangling_link_or_a_file_for_a_home_is_on(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / HALT_FILE).mkdir()
    assert read_halt(tmp_path / "a").on
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / HALT_FILE).symlink_to(tmp_path / "nowhere")
    assert read_halt(tmp_path / "b").on
    (tmp_path / "file").touch()
    assert read_halt(tmp_path / "file").on


def test_a_failing_look_up_is_on(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", refuse)
    assert read_halt(tmp_path).on


def test_halt_and_resume_leave_their_lines(tmp_path):
    state = halt(tmp_path, "fire drill", "ann", AT)
    assert read_halt(tmp_path) == state == HaltState(on=True, reason="fire drill", since="2020-03-16T20:00:00Z")
    assert resume(tmp_path, "bob", AT).reason == "fire drill"
    assert not read_halt(tmp_path).on
    assert [(e["act"], e["by"], e["reason"]) for e in audit(tmp_path)] == [
        ("halt", "ann", "fire drill"),
        ("resume", "bob", "fire drill"),
    ]
    assert not resume(tmp_path, "bob", AT).on
    assert len(audit(tmp_path)) == 2


def test_without_an_audit_line_it_stays_on(tmp_path):
    halt(tmp_path, "fire drill", "ann", AT)
    (tmp_path / AUDIT_FILE).unlink()
    (tmp_path / AUDIT_FILE).mkdir()
    with pytest.raises(StorageFailed):
        resume(tmp_path, "bob", AT)
    assert read_halt(tmp_path).on
    with pytest.raises(StorageFailed):
        halt(tmp_path, "again", "ann", AT)
    assert read_halt(tmp_path).reason == "again"


def test_a_halt_that_was_not_written_is_said(tmp_path):
    (tmp_path / HALT_FILE).mkdir()
    with pytest.raises(StorageFailed):
        halt(tmp_path, "fire drill", "ann", AT)
