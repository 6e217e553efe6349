"""Deadlines of nodes: a call that may hang is waited for only so long, and what it calls can ask how long it has left.

A thread cannot be stopped in Python: one that hangs is left behind as a daemon, and holds neither the cycle nor the
exit of the process.
"""

from __future__ import annotations

import contextvars
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import TypeVar

from agents.protocol import Agent
from agents.view import AgentKind, View, abstain
from data.errors import DeadlinePassed
from data.snapshot import Snapshot

Answer = TypeVar("Answer")

OWN_SHARE = 0.8
"""Of a node's time, what a call inside it may take: the rest is for falling back in good order."""
OVERDUE = "no opinion within the node's deadline"
"""How the reason of an agent that was cut off begins."""

_ENDS: contextvars.ContextVar[float] = contextvars.ContextVar("ends", default=math.inf)


def left_s() -> float:
    """Seconds that a call inside a node may still take, at least 0; infinite where no deadline runs."""
    return max(0.0, _ENDS.get() - time.monotonic())


def within(seconds: float | None, call: Callable[[], Answer]) -> Answer:
    """The result of `call`, made in a thread of its own; DeadlinePassed where there is none after `seconds`.

    Inside the call `left_s` counts down from OWN_SHARE of them, or from what an outer deadline leaves. None waits for
    as long as it takes.
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
        raise DeadlinePassed(f"nothing came within {seconds:g} s", "raise node_deadline_s") from None


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


def overdue(agent: Agent, seconds: float) -> View:
    """The abstention of an agent that was cut off."""
    return abstain(agent.name, agent.kind, f"{OVERDUE} of {seconds:g} s")


@dataclass(frozen=True, slots=True)
class CutOff:
    """An agent of a replay that was cut off when the cycle ran: what it would say now is not what was known then."""

    said: View

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.said.agent

    @property
    def kind(self) -> AgentKind:
        """The agent's kind."""
        return self.said.kind

    def view(self, snapshot: Snapshot) -> View:
        """The recorded abstention."""
        return self.said


def as_cut_off(agents: Mapping[str, Agent], views: Sequence[View]) -> dict[str, Agent]:
    """The agents of a replay: those whose recorded view is an abstention by the deadline are not asked again."""
    silent = {v.agent: CutOff(v) for v in views if v.abstained and v.reason.startswith(OVERDUE)}
    return {name: silent.get(name, agent) for name, agent in agents.items()}
