"""Latency: an order is live only after its way to the venue, and we know of what happened only after the way back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

import numpy as np

from data.errors import BadConfig

MESSAGE = TypeVar("MESSAGE")


class Latency(Protocol):
    """How long one message is on its way, in nanoseconds."""

    def delay_ns(self) -> int:
        """Of the next message; never negative."""
        ...


class FixedLatency:
    """The same delay for every message."""

    def __init__(self, delay_ms: float) -> None:
        """BadConfig unless `delay_ms` is finite, not negative and under a day."""
        self._delay_ns = _nanoseconds(delay_ms, "a delay")

    def delay_ns(self) -> int:
        """Always the same."""
        return self._delay_ns


class LogNormalLatency:
    """Delays that spread around a median with a long tail, from a generator of a seed of its own."""

    def __init__(self, median_ms: float, sigma: float, seed: int, floor_ms: float = 0.0) -> None:
        """`sigma` is the standard deviation of the log (0.3: the 99th percentile is twice the median); `floor_ms` is
        added to each, the way of light. BadConfig for what is not finite or negative, or a sigma over 5."""
        if not 0.0 <= sigma <= 5.0:
            raise BadConfig(f"a log-normal latency with sigma {sigma}", "give 0 to 5")
        self._median_ns = _nanoseconds(median_ms, "a median")
        self._floor_ns = _nanoseconds(floor_ms, "a floor")
        self._sigma = sigma
        self._random = np.random.default_rng(seed)

    def delay_ns(self) -> int:
        """A new draw."""
        return self._floor_ns + round(self._median_ns * math.exp(self._sigma * float(self._random.standard_normal())))


class Line(Generic[MESSAGE]):
    """One connection: messages arrive after their latency, and never overtake each other (as on one TCP session).

    The way back is another Line, for the acknowledgements.
    """

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._last = 0
        self._under_way: deque[tuple[int, MESSAGE]] = deque()

    def send(self, now: int, message: MESSAGE) -> int:
        """Hand in a message at `now` (ns); returns when it will arrive."""
        self._last = max(self._last, now + self._latency.delay_ns())
        self._under_way.append((self._last, message))
        return self._last

    def arrived(self, now: int) -> Iterator[tuple[int, MESSAGE]]:
        """(arrival, message) of all that has arrived by `now`, in order; each is given once."""
        while self._under_way and self._under_way[0][0] <= now:
            yield self._under_way.popleft()


def _nanoseconds(milliseconds: float, what: str) -> int:
    if not 0.0 <= milliseconds < 86_400_000.0:
        raise BadConfig(f"{what} of {milliseconds} ms", "give 0 to a day")
    return round(milliseconds * 1e6)
