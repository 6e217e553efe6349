"""The last gate of a book: one a process, so that what left lately is remembered from cycle to cycle."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from data.clock import parse_slot
from graph.config import CycleConfig
from tools.risk.gate.gate import Gate
from tools.risk.kill_switch.halt import halt, read_halt

BY = "the last gate"


class SlotClock:
    """Seconds of the slot being run, and of how long this process has been at it.

    Slots that are run one after the other in a backtest are as far apart as they were; a loop inside a slot is not.
    """

    def __init__(self, slot: datetime) -> None:
        self._slot, self._since = slot, time.monotonic()

    def move_to(self, slot: datetime) -> None:
        """Another slot begins; the same one again goes on counting."""
        if slot != self._slot:
            self._slot, self._since = slot, time.monotonic()

    def __call__(self) -> float:
        """Seconds that never go back within a slot."""
        return self._slot.timestamp() + time.monotonic() - self._since


class BookGates:
    """The gates of a home's books. A runaway pattern throws the home's own kill switch."""

    def __init__(self, config: CycleConfig, home: Path) -> None:
        restricted = tuple(sorted({*config.gate.restricted, *config.limits.restricted}))
        self._limits = config.gate.model_copy(update={"restricted": restricted})
        self._home = home
        self._held: dict[str, tuple[Gate, SlotClock]] = {}

    def at(self, book: str, slot: str) -> Gate:
        """The gate of `book`, its clock at `slot` (ISO UTC)."""
        moment = parse_slot(slot)
        if book not in self._held:
            clock = SlotClock(moment)
            gate = Gate(
                self._limits,
                halted=lambda: read_halt(self._home).on,
                throw=lambda reason: halt(self._home, reason, BY),
                clock=clock,
            )
            self._held[book] = (gate, clock)
        gate, clock = self._held[book]
        clock.move_to(moment)
        return gate
