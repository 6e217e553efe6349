"""Asking a provider again: a few times, each time later, and never sooner than it asked us to."""

from __future__ import annotations

import math
import os
import random
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from data.errors import RateLimited, SourceUnavailable

Answer = TypeVar("Answer")

UNSTATED_WAIT_S = 60.0
"""What a rate limit asks for where the provider does not say."""


class Unreachable(SourceUnavailable):
    """A failure that may pass: a server error, a timeout, a refused connection."""


@dataclass(frozen=True, slots=True)
class Retry:
    """At most `attempts` calls; waits grow from `first_wait_s` by two, with up to half as much jitter on top.

    A provider that asks for more than `longest_wait_s` is not waited for: the desk goes on without it.
    """

    attempts: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def call(self, provider: str, ask: Callable[[], Answer], left_s: Callable[[], float] = lambda: math.inf) -> Answer:
        """The answer of `ask`; its last RateLimited or Unreachable where none came. Other errors pass at once.

        Nothing is waited for that would take as long as `left_s` says there is.
        """
        # Each thread waits differently (that is what jitter is for), and a wait decides nothing that is recorded.
        jitter = random.Random(zlib.crc32(provider.encode()) ^ os.getpid() ^ threading.get_ident())
        for attempt in range(self.attempts - 1):
            try:
                return ask()
            except RateLimited as error:
                wait = max(error.retry_after_s, self._wait(attempt, jitter))
                if error.retry_after_s > self.longest_wait_s or wait >= left_s():
                    raise
            except Unreachable:
                wait = self._wait(attempt, jitter)
                if wait >= left_s():
                    raise
            self.sleep(wait)
        return ask()

    def _wait(self, attempt: int, jitter: random.Random) -> float:
        return min(self.first_wait_s * 2.0**attempt * (1.0 + 0.5 * jitter.random()), self.longest_wait_s)


def check_status(provider: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise RateLimited for 429 and Unreachable for 408 and 5xx; let every other answer pass."""
    if status == 429:
        wait = retry_after_s(headers)
        raise RateLimited(f"{provider} limits the rate of requests", wait, f"ask again in {wait:.0f} s")
    if status == 408 or status >= 500:
        raise Unreachable(f"{provider} answered with HTTP {status}", "ask again later")


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header (a count, or a date against the answer's own Date); UNSTATED_WAIT_S without."""
    told = {name.lower(): value for name, value in headers.items()}
    wait = told.get("retry-after", "").strip()
    try:
        return max(0.0, float(wait))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(wait) - parsedate_to_datetime(told["date"])).total_seconds())
    except (KeyError, ValueError, TypeError):
        return UNSTATED_WAIT_S
