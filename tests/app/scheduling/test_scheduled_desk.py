"""A whole desk run by its schedule: one record a slot, whoever is killed, halted, asked or cut off in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.scheduling.desk_cycles import DeskCycles, _why_late  # pyright: ignore[reportPrivateUsage]
from app.scheduling.facade import Schedules, Terms
from data.clock import Slots
from data.errors import BadConfig, StorageFailed
from tests.desks import desk as open_desk
from tests.offices import MONDAY, TUESDAY, TWO, Office, schedulers
from tests.schedulers import at


def test_each_slot_has_one_record_and_the_next_takes_the_next_day_of_the_history(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.at(MONDAY - timedelta(hours=1)) == []
    assert office.at(MONDAY) == ["done"]
    assert office.at(MONDAY + timedelta(minutes=5)) == ["done"]
    assert office.at(TUESDAY) == ["done", "done"]
    assert office.ledger() == ["done", "done"]
    first, second = reversed(office.schedules().history("night", 10))
    assert office.desk().market.slots.after(at(first.cycle_slot[:16])) == at(second.cycle_slot[:16])
    line = office.schedules().line("night")
    assert (line.next_due, line.failures) == ("2026-11-25T21:15:00Z", 0)
    assert line.last is not None
    assert "orders" in line.last["said"]


def test_a_halted_desk_is_recorded_as_halted_and_stays_enabled(tmp_path: Path) -> None:
    office = Office(tmp_path, Terms(max_failures=1))
    office.desk().halt("drill", "test")
    assert office.at(MONDAY) == ["halted"]
    assert office.schedules().line("night").enabled
    office.desk().resume("test")
    assert office.at(TUESDAY)[-1] == "done"


def test_a_proposal_nobody_answers_is_abandoned_for_the_next_slot_and_one_that_is_answered_counts(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, approval="always")
    assert office.at(MONDAY) == ["waiting"]
    assert office.at(TUESDAY) == ["abandoned", "waiting"]
    assert office.ledger() == ["abandoned", "started"]
    (waiting,) = office.desk().approvals.waiting()
    office.desk().approvals.answer(waiting.cycle_id, {"type": "accept", "args": None})
    assert office.at(TUESDAY + timedelta(minutes=1)) == ["abandoned", "done"]
    slots = [row.cycle_slot for row in office.schedules().history("night", 2)]
    assert slots[0] > slots[1]


def test_a_cycle_that_decided_and_was_cut_off_is_finished_before_the_next_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.execution.ledger import Ledger

    office = Office(tmp_path)

    def full(*_: Any, **__: Any) -> None:
        raise StorageFailed("no space left", "free some")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "close_cycle", full)
        assert office.at(MONDAY) == ["failed"]
    assert office.ledger() == ["decided"]
    assert office.at(TUESDAY) == ["failed", "done"]
    assert office.ledger()[0] == "done"
    assert "no space left" in office.schedules().history("night", 2)[1].said


# --- processes -----------------------------------------------------------------------------------------------------


def until(what: Callable[[], object]) -> None:
    ends = time.monotonic() + 120
    while not what():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def running(office: Office) -> bool:
    return any(row.status == "running" for row in office.schedules().history("night", 1))


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """What a cycle comes to that nobody interrupts."""
    office = Office(tmp_path_factory.mktemp("warm"))
    office.at(MONDAY)
    return office


@pytest.mark.parametrize("after_s", [0.2, *(pytest.param(s, marks=pytest.mark.slow) for s in (0.0, 0.5, 1.0))])
def test_the_cycle_of_a_killed_scheduler_is_finished_by_another_though_that_is_told_to_stop_and_orders_are_sent_once(
    tmp_path: Path, warm: Office, after_s: float
) -> None:
    office = Office(tmp_path)
    office.now = MONDAY
    with schedulers(office, 2) as (first, second):
        first.start()
        until(lambda: running(office))
        second.start()
        time.sleep(after_s)
        first.kill()
        first.join()
        until(lambda: not running(office) or office.schedules().history("night", 1)[0].attempt == 2)
        second.terminate()
        second.join(120)
        assert second.exitcode == 0
    assert [row.status for row in office.schedules().history("night", 9)] == ["done"]
    assert all(alive["id"].split(":")[1] == str(first.pid) for alive in office.schedules().watch().schedulers)
    assert office.ledger() == ["done"]
    record, expected = office.desk().record(), warm.desk().record()
    assert [(order.symbol, order.quantity) for order in record.orders] == [
        (order.symbol, order.quantity) for order in expected.orders
    ]
    assert [(fill.symbol, fill.quantity) for fill in record.fills] == [
        (fill.symbol, fill.quantity) for fill in expected.fills
    ]


# --- sources --------------------------------------------------------------------------------------------------------


def market(last: str, ages: list[int]) -> Any:
    """Of a live source: the last slot it has settled, and the ages of its symbols' bars."""
    panel = SimpleNamespace(age=np.array([ages]))
    return SimpleNamespace(
        source=SimpleNamespace(name="yahoo", span=lambda: (at("2015-01-01"), at(last))),
        facts=SimpleNamespace(take=lambda _slot: SimpleNamespace(panel=panel)),
        slots=Slots("XNYS"),
    )


@pytest.mark.parametrize(
    ("last", "ages", "late"),
    [
        ("2026-11-20T21:00", [0, 0], "bars until 2026-11-20"),
        ("2026-11-23T21:00", [1, 1, 1, 0], "1 of 4"),
        ("2026-11-23T21:00", [0, 0, 1, 0], ""),
        ("2026-11-23T21:00", [0, 99, 99, -1], ""),
    ],
    ids=["not settled", "most are missing", "one is missing", "only dead symbols are missing"],
)
def test_a_source_is_late_while_it_lacks_the_bars_of_the_slot(last: str, ages: list[int], late: str) -> None:
    said = _why_late(market(last, ages), "2026-11-23T21:00:00Z")
    assert (late in said) if late else said == ""


def test_a_slot_the_book_has_gone_beyond_is_skipped(tmp_path: Path, warm: Office) -> None:
    entry = warm.schedules().store.entry("night")
    before = warm.desk().market.slots.back(at(warm.schedules().history("night", 1)[0].cycle_slot[:16]), 3)
    ended = DeskCycles(warm.desk().settings).run(entry.schedule, f"{before:%Y-%m-%dT%H:%M:%SZ}")
    assert ended.status == "skipped"


def test_catching_up_is_refused_where_orders_would_be_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(tmp_path, symbols=TWO)
    monkeypatch.setattr(type(desk), "market", SimpleNamespace(config=SimpleNamespace(venue="alpaca")))
    with pytest.raises(BadConfig, match="catch_up"):
        Schedules(desk).add("night", Terms(misfire="catch_up"), "test")
