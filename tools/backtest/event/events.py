"""The event queue: what happens next, by time, then by the order of a slot, then by who asked first."""

from __future__ import annotations

import heapq
from enum import IntEnum
from typing import NamedTuple

from data.errors import InputError


class Kind(IntEnum):
    """What happens at an instant, first to last: a close with all that follows from it, then the next open."""

    CLOSE = 0
    MARK = 1
    DECISION = 2
    ARRIVAL = 3
    SAME_CLOSE = 4
    END = 5
    CARRY = 6
    ACTIONS = 7
    OPEN = 8


class Event(NamedTuple):
    """Compared as (time, kind, sequence); no two have the same sequence, so that nothing else is compared."""

    time: int
    """Nanoseconds since 1970, UTC."""
    kind: Kind
    sequence: int
    slot: int
    column: int = -1
    """Of the order that arrives; -1 means all those of the decision at `slot`."""


class EventQueue:
    """A heap of events. Nothing can be scheduled before what has already happened."""

    def __init__(self) -> None:
        self._heap: list[Event] = []
        self._sequence = 0
        self._now = -(2**63)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def push(self, time: int, kind: Kind, slot: int, column: int = -1) -> None:
        """Schedule an event; InputError where its time is past."""
        if time < self._now:
            raise InputError(f"an event at {time} ns, after {self._now} ns", "times ascend, and no latency is negative")
        self._sequence += 1
        heapq.heappush(self._heap, Event(time, kind, self._sequence, slot, column))

    def pop(self) -> Event:
        """The next event; its time is now."""
        event = heapq.heappop(self._heap)
        self._now = event.time
        return event
