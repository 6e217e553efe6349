"""Which slot a cycle runs at, over every state a book can be in."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.slots import next_slot
from data.clock import Slots, parse_as_of, slot_text
from data.errors import InputError, OutOfRange

SLOTS = Slots("XNYS")
SOURCE: Any = SimpleNamespace(
    static=True, span=lambda: (datetime(2020, 1, 2, 21, tzinfo=UTC), datetime(2020, 12, 31, 21, tzinfo=UTC))
)
FIRST, SECOND, THIRD = "2020-03-16T20:00:00Z", "2020-03-17T20:00:00Z", "2020-03-18T20:00:00Z"


def pick(*cycles: tuple[str, str], as_of: str | None = None, trained_until: str = "", version: int = 0) -> str:
    book: Any = [SimpleNamespace(slot=slot, status=status, book_version=0) for slot, status in cycles]
    asked = slot_text(parse_as_of(as_of, SLOTS)[0]) if as_of else ""
    return next_slot(SOURCE, SLOTS, book, trained_until, "b", asked, version)


def test_a_new_book_begins_after_what_its_policies_saw_and_else_at_the_end() -> None:
    assert pick(trained_until=FIRST) == SECOND
    assert pick() == "2020-12-31T21:00:00Z"


def test_a_book_goes_to_its_next_slot() -> None:
    assert pick((FIRST, "done")) == SECOND
    assert pick((FIRST, "done"), (SECOND, "abandoned")) == SECOND


@pytest.mark.parametrize("status", ["started", "decided"])
def test_an_unfinished_cycle_comes_first(status: str) -> None:
    assert pick((FIRST, "done"), (SECOND, status)) == SECOND
    assert pick((SECOND, status), as_of="2020-03-17") == SECOND


def test_a_cycle_that_has_decided_cannot_be_left_for_another_slot() -> None:
    with pytest.raises(InputError, match="unfinished"):
        pick((FIRST, "decided"), as_of="2020-03-18")
    assert pick((FIRST, "started"), as_of="2020-03-18") == THIRD


def test_a_cycle_whose_book_was_changed_since_is_given_up_for_the_next_slot() -> None:
    assert pick((FIRST, "done"), (SECOND, "started"), version=1) == THIRD
    assert pick((FIRST, "done"), (SECOND, "started"), version=1, as_of="2020-03-17") == SECOND
    assert pick((FIRST, "done"), (SECOND, "decided"), version=1) == SECOND


def test_a_book_never_goes_back_but_a_done_slot_may_be_asked_for() -> None:
    assert pick((FIRST, "done"), (THIRD, "done"), as_of="2020-03-16") == FIRST
    with pytest.raises(InputError, match="forward"):
        pick((FIRST, "done"), (THIRD, "done"), as_of="2020-03-17")


@pytest.mark.parametrize("as_of", ["2019-03-15", "2021-03-15"])
def test_a_slot_outside_the_data_is_refused_with_the_span(as_of: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        pick(as_of=as_of)
    assert "2020-01-02" in caught.value.remedy


def test_after_the_last_slot_there_is_none() -> None:
    with pytest.raises(OutOfRange):
        pick(("2020-12-31T21:00:00Z", "done"))
