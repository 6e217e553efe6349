"""What has left the gate lately: messages, repeated patterns, and orders that look like one another."""

from __future__ import annotations

from collections import deque

from tools.execution.orders import Order
from tools.risk.gate.limits import GateLimits

KEPT = 10_000
"""Recent orders remembered before those outside the window are dropped."""
SECOND = 1.0

Pattern = tuple[str, str]
"""Symbol and side: what a runaway loop repeats."""


class Traffic:
    """Counts by the gate's clock, seconds; it survives reopening, so that a loop around the cycle is seen too."""

    def __init__(self, limits: GateLimits) -> None:
        self._limits = limits
        self._messages: deque[float] = deque(maxlen=limits.max_messages_per_s)
        self._repeats: dict[Pattern, deque[float]] = {}
        self._alike: dict[tuple[str, str, float], tuple[float, str]] = {}

    def rate_is_full(self, now: float) -> bool:
        """Whether `max_messages_per_s` left within the last second."""
        sent = self._messages
        return len(sent) == sent.maxlen and not now - sent[0] >= SECOND

    def pattern_is_full(self, order: Order, now: float) -> bool:
        """Whether `max_repeats` orders of this symbol and side left within the window."""
        seen = self._repeats.get((order.symbol, order.side))
        return seen is not None and len(seen) == seen.maxlen and not now - seen[0] > self._limits.repeat_window_s

    def looks_sent(self, order: Order, now: float) -> bool:
        """Whether another order of the same symbol, side and size left within the duplicate window."""
        last = self._alike.get((order.symbol, order.side, order.quantity))
        if last is None or last[1] == order.order_id:
            return False
        return not now - last[0] >= self._limits.duplicate_window_s

    def message(self, now: float) -> None:
        """An order leaves, for the first time or again."""
        self._messages.append(now)

    def execution(self, order: Order, now: float) -> None:
        """A new order leaves."""
        pattern = (order.symbol, order.side)
        if pattern not in self._repeats:
            self._repeats[pattern] = deque(maxlen=self._limits.max_repeats)
        self._repeats[pattern].append(now)
        self._alike[(order.symbol, order.side, order.quantity)] = (now, order.order_id)
        if len(self._alike) > KEPT:
            self._alike = {k: v for k, v in self._alike.items() if not now - v[0] >= self._limits.duplicate_window_s}

    def forget(self, order: Order) -> None:
        """Begin counting a pattern anew: a person has to switch trading on again before the next one."""
        self._repeats.pop((order.symbol, order.side), None)
