"""An unfinished cycle is gone on with by a later version of the desk, and begun anew only under other settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from app.runtime import Market
from app.take_up import CONFIG, take_up
from data.errors import InputError
from graph.checkpoint import FileSaver
from graph.record import cycle_id_of
from tests.desks import SMALL, desk

BOOK, SLOT = "simulated", "2023-03-15T20:00:00Z"
CYCLE = cycle_id_of(BOOK, SLOT)


def begun(here, forget=(), **changed):
    """A cycle that a version begun which did not know the settings `forget`."""
    started = {k: v for k, v in here.settings.restart().items() if k not in forget} | changed
    ledger = here.stores.ledger
    take_up(here.market, here.settings, BOOK, "2023-03-14T20:00:00Z", cycle_id_of(BOOK, "2023-03-14T20:00:00Z"))
    ledger.open_cycle(BOOK, SLOT, CYCLE, started)
    return ledger


@contextmanager
def cut_off_when_decided():
    """What runs within ends as soon as its decision is in the ledger."""
    context = Market.context

    def ending(market, book, slot):
        def killed(name):
            if name == "decided":
                raise KeyboardInterrupt

        return replace(context(market, book, slot), crash_point=killed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Market, "context", ending)
        with pytest.raises(KeyboardInterrupt):
            yield


def test_settings_that_came_since_are_no_other_settings(tmp_path):
    here = desk(tmp_path, symbols=SMALL)
    begun(here, forget=("mask", "llm")).commit_decision(CYCLE, "{}", ())
    assert take_up(here.market, here.settings, BOOK, SLOT, CYCLE) == "decided"


def test_a_decision_under_other_settings_is_refused_with_how_it_was_begun(tmp_path):
    here = desk(tmp_path, symbols=SMALL)
    begun(here, seed=8).commit_decision(CYCLE, "{}", ())
    with pytest.raises(InputError, match="other settings") as refused:
        take_up(here.market, here.settings, BOOK, SLOT, CYCLE)
    assert "seed=8" in refused.value.remedy


def test_one_that_has_not_decided_begins_anew_under_other_settings(tmp_path):
    here = desk(tmp_path, symbols=SMALL)
    ledger = begun(here, seed=8)
    assert take_up(here.market, here.settings, BOOK, SLOT, CYCLE) == "started"
    kept = ledger.started_with(CYCLE)
    assert kept == here.settings.restart() | {CONFIG: here.market.config.model_dump(mode="json")}


def test_a_ledger_that_does_not_know_the_cycle_gets_nothing_from_an_older_one_s_checkpoints(tmp_path):
    asking = {"symbols": SMALL, "approval": "always"}
    here = desk(tmp_path, **asking)
    here.approvals.answer(here.cycle("2023-03-14").cycle_id, {"type": "accept"})
    assert here.cycle("2023-03-15").status == "waiting"
    for name in ("desk.sqlite", "venue.sqlite"):  # as the remedy of a damaged ledger says: moved away, to begin anew
        for part in ("", "-wal", "-shm"):
            (tmp_path / (name + part)).unlink(missing_ok=True)
    anew = desk(tmp_path, **asking)
    waiting = anew.cycle("2023-03-15")
    opening = anew.approvals.answer(waiting.cycle_id, {"type": "accept"}).record.opening
    assert (opening.positions, opening.cycles) == ({}, 0)


def test_a_settings_file_edited_while_a_proposal_waits_changes_nothing_of_it(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text("approval: always\n")
    here = desk(tmp_path, symbols=SMALL, config=file)
    waiting, before = here.cycle("2023-03-15"), here.market.config
    file.write_text("approval: always\nmin_order_notional: 30000\n")
    record = desk(tmp_path).approvals.answer(waiting.cycle_id, {"type": "accept"}).record
    assert record.config == before.model_dump(mode="json")
    assert desk(tmp_path).replay(waiting.cycle_id).identical


def test_a_decision_is_finished_under_the_rules_it_was_made_by(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text("min_order_notional: 40\n")
    here = desk(tmp_path, symbols=SMALL, config=file)
    with cut_off_when_decided():
        here.cycle("2023-03-15")
    file.write_text("min_order_notional: 30000\n")
    done = desk(tmp_path, symbols=SMALL, config=file).cycle("2023-03-15")
    assert done.record.config["min_order_notional"] == 40.0
    assert desk(tmp_path).replay(done.cycle_id).identical


def test_one_that_has_not_decided_begins_anew_under_an_edited_file(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text("approval: always\n")
    desk(tmp_path, symbols=SMALL, config=file).cycle("2023-03-15")
    file.write_text("approval: never\nmin_order_notional: 30000\n")
    record = desk(tmp_path, symbols=SMALL, config=file).cycle("2023-03-15").record
    assert (record.approval.required, record.config["min_order_notional"]) == (False, 30000.0)


def test_catching_up_may_itself_be_cut_off_where_the_checkpoints_are_a_step_behind(tmp_path):
    here = desk(tmp_path, symbols=SMALL, approval="always")
    waiting = here.cycle("2023-03-15")
    with cut_off_when_decided():
        here.approvals.answer(waiting.cycle_id, {"type": "accept"})
    with closing(sqlite3.connect(tmp_path / "checkpoints.sqlite")) as file, file:
        # as after a backup was put back: the node's writes are there, the checkpoint that follows them is not
        newest = file.execute("SELECT max(checkpoint_id) FROM checkpoints").fetchone()
        assert file.execute("DELETE FROM checkpoints WHERE checkpoint_id = ?", newest).rowcount == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FileSaver, "put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            desk(tmp_path, symbols=SMALL, approval="always").cycle("2023-03-15")
    done = desk(tmp_path, symbols=SMALL, approval="always").cycle("2023-03-15")
    assert done.record.approval.answer == "accepted"
    assert done.record.fills
