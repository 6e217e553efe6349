"""Two scheduler processes on one store and one ledger: killed, restarted, with clocks that race and jump."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.races import Outcome, race
from tests.schedulers import Ran, overlaps


def verify(found: Outcome) -> None:
    """One cycle a slot, none beside another, nothing lost."""
    assert found.overlaps == 0
    assert (found.without_outcome, found.cycles_without_slot, found.slots_without_cycle) == (0, 0, 0)
    assert found.done + found.skipped + found.failed + found.missed == found.slots
    assert found.done > found.slots // 3


def test_runs_beside_each_other_would_be_seen() -> None:
    first, other, later = Ran(1, "fx a", 0, 10), Ran(2, "nyse a", 5, 20), Ran(2, "fx b", 9, 12)
    assert overlaps([first, other, later]) == [(first, later)]
    assert overlaps([first, other, Ran(2, "fx b", 10, 12)]) == []


def test_two_schedulers_run_one_cycle_a_slot_without_overlap(tmp_path: Path) -> None:
    found = race(tmp_path / "scheduling" / "schedules.sqlite", tmp_path, "1d", seconds=8.0, kills=6)
    verify(found)
    assert found.triggers > 1000
    assert found.kills == 6


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_ten_thousand_triggers_over_two_schedulers(tmp_path: Path) -> None:
    found = race(tmp_path / "scheduling" / "schedules.sqlite", tmp_path, "1h", seconds=60.0, kills=25)
    verify(found)
    assert found.triggers > 10_000
