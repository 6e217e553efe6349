"""The one requests session live sources hand to their client libraries: other base URLs, a timeout, typed failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from data.sources.retry import Unreachable, check_status

TIMEOUT_S = 15.0


class ProviderSession(requests.Session):
    """A requests.Session that can be pointed at another server and whose failures are ours.

    `bases` maps the library's own base URL to the one to use. A 429 raises RateLimited, a 408, a 5xx, a timeout and
    a broken connection raise Unreachable; every other answer goes to the library, which knows what it means.
    """

    def __init__(self, provider: str, bases: Mapping[str, str]) -> None:
        super().__init__()
        self._provider = provider
        self._bases = dict(bases)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests.Session.request; see the class for what is raised."""
        kwargs["timeout"] = TIMEOUT_S
        try:
            answer = super().request(str(method), rebase(str(url), self._bases), *args, **kwargs)
        except requests.RequestException as error:
            # The text of the error holds the URL, and a URL may hold a key: only its kind is told.
            kind = type(error).__name__
            raise Unreachable(f"{self._provider} cannot be reached ({kind})", "check the network") from None
        check_status(self._provider, answer.status_code, answer.headers)
        # praw would sleep up to ten minutes inside a cycle on this header; a 429 tells us soon enough.
        answer.headers.pop("x-ratelimit-remaining", None)
        return answer


def rebase(url: str, bases: Mapping[str, str]) -> str:
    """The URL with its base replaced by the one to use for it."""
    for base, other in bases.items():
        if other and url.startswith(base):
            return other.rstrip("/") + url[len(base) :]
    return url
