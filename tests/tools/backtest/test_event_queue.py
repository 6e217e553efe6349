"""The queue: by time, then by the order of a slot, then by who asked first; and the clock that fills it."""

from dataclasses import replace

import numpy as np
import pytest

from data.errors import InputError
from tests.tools.backtest.random_tapes import plain_tape
from tools.backtest.event.clock import Clock
from tools.backtest.event.events import EventQueue, Kind
from tools.backtest.rules import Rules

HOUR = 3_600_000_000_000


def drained(queue):
    out = []
    while queue:
        out.append(queue.pop())
    return out


def test_events_come_by_time_then_kind_then_sequence():
    queue = EventQueue()
    queue.push(2, Kind.CLOSE, 0)
    queue.push(1, Kind.OPEN, 0)
    queue.push(1, Kind.DECISION, 0)
    queue.push(1, Kind.ARRIVAL, 0, 7)
    queue.push(1, Kind.ARRIVAL, 0, 3)
    found = [(event.time, event.kind, event.column) for event in drained(queue)]
    assert found == [
        (1, Kind.DECISION, -1),
        (1, Kind.ARRIVAL, 7),
        (1, Kind.ARRIVAL, 3),
        (1, Kind.OPEN, -1),
        (2, Kind.CLOSE, -1),
    ]


def test_nothing_is_scheduled_before_what_has_happened():
    queue = EventQueue()
    queue.push(5, Kind.CLOSE, 0)
    queue.pop()
    queue.push(5, Kind.OPEN, 0)
    with pytest.raises(InputError, match="after 5 ns"):
        queue.push(4, Kind.OPEN, 0)


def test_a_close_with_all_that_follows_from_it_comes_before_an_open_at_the_same_instant():
    after_close = [Kind.MARK, Kind.DECISION, Kind.ARRIVAL, Kind.SAME_CLOSE, Kind.END]
    before_open = [Kind.CARRY, Kind.ACTIONS, Kind.OPEN]
    assert sorted([*before_open, *after_close, Kind.CLOSE]) == [Kind.CLOSE, *after_close, *before_open]


@pytest.mark.parametrize(
    ("fill", "kinds"),
    [
        ("next_open", [Kind.CARRY, Kind.OPEN, Kind.MARK, Kind.DECISION, Kind.END]),
        ("next_close", [Kind.CARRY, Kind.CLOSE, Kind.MARK, Kind.DECISION, Kind.END]),
        ("same_close", [Kind.CARRY, Kind.MARK, Kind.DECISION, Kind.SAME_CLOSE, Kind.END]),
    ],
)
def test_a_slot_has_the_events_of_its_convention_in_order(fill, kinds):
    queue = EventQueue()
    Clock(plain_tape(np.ones((3, 2))), Rules(fill=fill)).schedule(queue, 1)
    assert [event.kind for event in drained(queue)] == kinds


def test_corporate_actions_are_an_event_only_where_there_are_some():
    tape = plain_tape(np.ones((3, 2)))
    split = tape.split.copy()
    split[2, 1] = 2.0
    clock, queue = Clock(replace(tape, split=split), Rules()), EventQueue()
    for t in range(3):
        clock.schedule(queue, t)
    assert [event.slot for event in drained(queue) if event.kind is Kind.ACTIONS] == [2]


def test_a_daily_bar_opens_a_session_before_its_close_and_a_faster_one_where_the_last_ended():
    daily = plain_tape(np.ones((2, 1)))
    hourly = replace(daily, times=daily.times[0] + np.arange(2) * np.timedelta64(1, "h"))
    opened = []
    for tape in (daily, hourly):
        queue = EventQueue()
        Clock(tape, Rules()).schedule(queue, 1)
        events = drained(queue)
        opened.append(events[-1].time - events[0].time)
    assert opened == [6.5 * HOUR, HOUR]
