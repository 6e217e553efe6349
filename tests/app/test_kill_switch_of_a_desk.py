"""The switch around all books of a desk: thrown first, then everything withdrawn, whatever else fails."""

from __future__ import annotations

import json

import pytest

from app.desk import Desk
from app.kill_switch import KillSwitch
from data.errors import NotFound, StorageFailed
from tests.desks import bullpen, desk
from tests.tools.risk.failing_venue import Time, Venue
from tools.risk.kill_switch.audit import AUDIT_FILE
from tools.risk.kill_switch.halt import HALT_FILE, HaltState, read_halt


class Hands:
    """Books with a venue each; what fails says so."""

    def __init__(self, home, venues):
        self.home, self.venues = home, venues
        self.on_when_asked = []

    def books(self):
        return tuple(self.venues)

    def ledger(self):
        raise StorageFailed("the ledger is gone")

    def venue(self, book):
        self.on_when_asked.append(read_halt(self.home).on)
        if isinstance(self.venues[book], Exception):
            raise self.venues[book]
        return self.venues[book]

    def flatten(self, book, switch):
        return (f"{book} A",), ()


def throw(home, venues, **given):
    time, hands = Time(), Hands(home, venues)
    return KillSwitch(home, hands, time.clock, time.sleep, patience_s=5.0).throw("drill", "ann", **given), hands


def audit(home):
    return [json.loads(line) for line in (home / AUDIT_FILE).read_text().splitlines()]


def test_a_fault_in_one_book_does_not_keep_the_others(tmp_path):
    good = Venue(["x", "y"])
    report, hands = throw(tmp_path, {"dead": RuntimeError("bug"), "good": good, "none": None})
    assert good.open == []
    assert report.unsure == ("dead",)
    assert not report.complete
    assert any("RuntimeError: bug" in problem for problem in report.problems)
    assert hands.on_when_asked == [True] * 3
    assert [line["act"] for line in audit(tmp_path)] == ["halt", "withdraw"]
    assert audit(tmp_path)[1]["unsure"] == "dead"


def test_flattening_is_done_where_it_was_asked_for(tmp_path):
    assert throw(tmp_path, {"b": Venue([])})[0].flattened == ()
    assert throw(tmp_path, {"b": Venue([])}, flatten=True)[0].flattened == ("b A",)
    assert [line["act"] for line in audit(tmp_path)] == ["halt", "withdraw", "halt", "flatten"]


def test_a_switch_that_cannot_be_written_is_said_once_all_is_withdrawn(tmp_path, monkeypatch):
    venue = Venue(["a"])
    monkeypatch.setattr("app.kill_switch.halt", lambda *_: (_ for _ in ()).throw(StorageFailed("read-only disk")))
    with pytest.raises(StorageFailed, match="1 orders were withdrawn all the same"):
        throw(tmp_path, {"b": venue})
    assert venue.open == []


def test_where_the_books_cannot_be_listed_nothing_is_called_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(Hands, "books", lambda _self: (_ for _ in ()).throw(OSError(5, "io")))
    report, _ = throw(tmp_path, {})
    assert (report.unsure, report.complete, report.switch.on) == (("*",), False, True)


def test_halting_an_empty_home_opens_no_market_and_leaves_both_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(Desk, "market", property(lambda _: pytest.fail("the market was opened")))
    told = desk(tmp_path).halt("drill", "ann", flatten=True)
    assert (told["on"], told["complete"], told["problems"]) == (True, True, [])
    assert [line["act"] for line in audit(tmp_path)] == ["halt", "flatten"]


def test_a_damaged_ledger_does_not_keep_the_venue_from_being_asked(tmp_path):
    (tmp_path / "b.lock").touch()
    (tmp_path / "desk.sqlite").write_bytes(b"not a database at all" * 100)
    told = desk(tmp_path).halt("drill", "ann")
    assert told["on"]
    assert told["complete"]
    assert told["problems"]


def test_a_resume_that_is_refused_leaves_the_switch_on(tmp_path):
    here = desk(tmp_path)
    here.halt("drill", "ann")
    with pytest.raises(NotFound):
        here.resume("ann", "no-such-book")
    assert here.halt_state()["on"]


def test_the_command_line_halts_says_what_it_did_and_resumes(tmp_path):
    done = bullpen(tmp_path, "halt", "a drill", "--json")
    assert (done.returncode, json.loads(done.stdout)["reason"]) == (0, "a drill")
    assert (tmp_path / HALT_FILE).exists()
    assert bullpen(tmp_path, "resume").returncode == 0
    assert read_halt(tmp_path) == HaltState(on=False)
