"""What adapters that speak HTTP share: a timeout on every request, and how long a 429 asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests.adapters import HTTPAdapter

TIMEOUT_S = 10.0
"""Seconds without a byte after which an answer is given up: then the outcome is unknown."""
PAUSE_S = 1.0
"""The pause where a 429 does not say one (seconds)."""


class TimeoutAdapter(HTTPAdapter):
    """requests' adapter with a timeout where the caller sets none. Nothing is retried here."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(max_retries=0)
        self._timeout_s = timeout_s

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Any:
        """As HTTPAdapter.send, never without a timeout."""
        return super().send(request, stream, self._timeout_s if timeout is None else timeout, verify, cert, proxies)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds that Retry-After asks for; `PAUSE_S` where it does not, or is no number."""
    try:
        return max(0.0, float(headers.get("Retry-After", PAUSE_S)))
    except ValueError:
        return PAUSE_S
