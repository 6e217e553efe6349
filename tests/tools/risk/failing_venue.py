"""A venue that answers as badly as a test asks, and a clock that only sleeping moves."""

from __future__ import annotations

from tools.execution.broker import OpenOrder


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0.0
        self.slept.append(seconds)
        self.now += seconds


class Venue:
    """Orders at rest, and an answer to spoil each call with: an error, or None to answer."""

    def __init__(self, names, faults=(), arriving=()):
        self.open, self.faults, self.arriving = list(names), iter(faults), list(arriving)
        self.cancelled = []

    def open_orders(self):
        self._fail()
        listed = tuple(OpenOrder(name, "A", "buy", 1.0, 0.0) for name in self.open)
        if self.arriving:
            self.open.append(self.arriving.pop())
        return listed

    def cancel(self, name):
        self._fail()
        if name in self.open:
            self.open.remove(name)
            self.cancelled.append(name)
        return "cancelled"

    def _fail(self):
        fault = next(self.faults, None)
        if fault is not None:
            raise fault
