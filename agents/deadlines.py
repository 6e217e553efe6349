"""Deadlines of nodes: a call that may hang is waited for only so long, and what it calls can ask how long it has left.

A thread cannot be stopped in Python: one that hangs is left behind as a daemon, and holds neither the cycle nor the
exit of the process.
"""

from __future__ import annotations

import contextvars
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import TypeVar

from data.errors import DeadlinePassed

Answer = TypeVar("Answer")

OWN_SHARE = 0.8
"""Of a node's time, what a call inside it may take: the rest is for falling back in good order."""
OVERDUE = "within the node's deadline"
"""Stands in the reason for whatever was cut off."""

_ENDS: contextvars.ContextVar[float] = contextvars.ContextVar("ends", default=math.inf)


def left_s() -> float:
    """Seconds that a call inside a node may still take, at least 0; infinite where no deadline runs."""
    return max(0.0, _ENDS.get() - time.monotonic())


def within(seconds: float | None, call: Callable[[], Answer], what: str = "answer") -> Answer:
    """The result of `call`, made in a thread of its own; DeadlinePassed, "no `what`", where there is none in time.

    Inside the call `left_s` counts down from OWN_SHARE of the seconds, or from what an outer deadline leaves. None
    waits for as long as it takes.
    """
    if seconds is None:
        return call()
    ends = min(time.monotonic() + OWN_SHARE * seconds, _ENDS.get())

    def timed() -> Answer:
        _ENDS.set(ends)  # in the thread's own copy of the context
        return call()

    try:
        return in_background(timed, "node").result(timeout=seconds)
    except TimeoutError:
        raise _passed(what, seconds) from None


def _passed(what: str, seconds: float) -> DeadlinePassed:
    return DeadlinePassed(f"no {what} {OVERDUE} of {seconds:g} s", "raise node_deadline_s")


def in_background(call: Callable[[], Answer], name: str) -> Future[Answer]:
    """Run a call in a daemon thread that sees the caller's context variables."""
    future: Future[Answer] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 - carried to the caller: whoever waits for the future raises it
            future.set_exception(error)

    Thread(target=contextvars.copy_context().run, args=(run,), daemon=True, name=name).start()
    return future


@dataclass(frozen=True, slots=True)
class Deadline:
    """Wall time of each node of a cycle; None waits for as long as it takes.

    `overdue` are, in a replay, the nodes that were cut off when the cycle ran: they are again, at once, for what they
    would say now is not what was known then. No other node of a replay is cut off.
    """

    seconds: float | None = None
    overdue: frozenset[str] | None = None

    def keep(self, node: str, what: str, call: Callable[[], Answer]) -> Answer:
        """The result of `call`; DeadlinePassed, "no `what`", where `node` has none in time."""
        if self.overdue is None:
            return within(self.seconds, call, what)
        if node in self.overdue:
            raise _passed(what, self.seconds or 0.0)
        return call()
