"""Whether who holds a slot is still alive, told without trusting anybody's wall clock.

A claimant counts its signs of life up. Who watches takes a claim for lapsed when it has itself seen the same count for
a whole lease, by its own monotonic clock: a jump of either machine's time changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.scheduling.tables import Trigger


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how often a scheduler gives a sign of life, how long it may be silent before its slots are taken over,
    how often it looks at schedules at least, and how long a late source is left alone."""

    beat_s: float = 10.0
    lease_s: float = 60.0
    poll_s: float = 15.0
    retry_s: float = 120.0


class LeaseWatch:
    """What one process has seen of the others' claims. `me` is the process itself."""

    def __init__(self, me: str, lease_s: float, monotonic: Callable[[], float]) -> None:
        self._me, self._lease_s, self._monotonic = me, lease_s, monotonic
        self._seen: dict[str, tuple[tuple[str, str, int, int], float]] = {}
        self._lock = threading.Lock()

    def lapsed(self, claim: Trigger) -> bool:
        """Whether a running slot may be taken over. Its own it may always: it asks only where it runs nothing."""
        if claim.claimed_by == self._me:
            return True
        mark = (claim.slot, claim.claimed_by, claim.attempt, claim.beat)
        now = self._monotonic()
        with self._lock:
            known = self._seen.get(claim.book)
            if known is None or known[0] != mark:
                self._seen[claim.book] = (mark, now)
                return False
            return now - known[1] >= self._lease_s
