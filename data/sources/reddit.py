"""Posts from Reddit through praw, read-only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from data.errors import BadAnswer, CredentialMissing, SourceUnavailable
from data.sources.bars import conform, empty, window
from data.sources.http_session import ProviderSession
from data.sources.mentions import mentioned
from data.sources.protocol import Kind
from data.sources.retry import Retry

ORIGIN, OAUTH_ORIGIN = "https://www.reddit.com", "https://oauth.reddit.com"
MOST_POSTS = 500
"""Newest posts read of each subreddit; Reddit itself stops at a thousand."""


@dataclass(frozen=True, slots=True)
class RedditKeys:
    """What Reddit gives a registered script."""

    client_id: str
    client_secret: str
    user_agent: str


class RedditPosts:
    """The newest posts of some subreddits: titles only, which cannot be edited once they stand.

    `score` is NaN: Reddit tells the votes of this moment, not those of the moment of the post. One row for each
    symbol the title names, one with symbol "" where it names none.
    """

    def __init__(
        self,
        keys: RedditKeys,
        symbols: tuple[str, ...],
        subreddits: tuple[str, ...],
        *,
        base_url: str = "",
        now: Callable[[], datetime],
        retry: Retry,
    ) -> None:
        self._keys, self._symbols, self._subreddits = keys, symbols, subreddits
        self._base_url, self._now, self._retry = base_url, now, retry

    def fetch(self, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Posts with since < known_at <= until.

        Raises CredentialMissing for refused keys, RateLimited, SourceUnavailable (also for a subreddit that is
        private or gone), and BadAnswer for another form.
        """
        rows: dict[tuple[str, str], dict[str, object]] = {}
        with ProviderSession("Reddit", {ORIGIN: self._base_url, OAUTH_ORIGIN: self._base_url}) as session:
            client = self._client(session)
            for name in self._subreddits:
                for row in self._retry.call("Reddit", lambda name=name: self._newest(client, name, since)):
                    rows[str(row["id"]), str(row["symbol"])] = row
        frame = conform(Kind.POSTS, pd.DataFrame(list(rows.values()))) if rows else empty(Kind.POSTS)
        return window(frame, since, min(until or self._now(), self._now()))

    def _client(self, session: ProviderSession) -> Any:
        import praw

        return praw.Reddit(
            client_id=self._keys.client_id,
            client_secret=self._keys.client_secret,
            user_agent=self._keys.user_agent,
            reddit_url=ORIGIN,
            oauth_url=OAUTH_ORIGIN,
            check_for_updates=False,
            requestor_kwargs={"session": session},
        )

    def _newest(self, client: Any, name: str, since: datetime | None) -> list[dict[str, object]]:
        """The rows of one subreddit, newest first, down to `since`."""
        from prawcore.exceptions import OAuthException, PrawcoreException, RequestException, ResponseException

        rows: list[dict[str, object]] = []
        try:
            for post in client.subreddit(name).new(limit=MOST_POSTS):
                written = datetime.fromtimestamp(float(post.created_utc), UTC)
                if since is not None and written <= since:
                    break
                rows += self._rows(name, str(post.id), str(post.title), written)
        except RequestException as error:
            if isinstance(error.original_exception, SourceUnavailable):
                raise error.original_exception from None
            raise SourceUnavailable("Reddit cannot be asked", str(error)[:120]) from error
        except OAuthException as error:
            raise _refused_keys() from error
        except ResponseException as error:
            raise _refusal(name, error.response.status_code) from error
        except PrawcoreException as error:
            raise BadAnswer("Reddit answered in another form", "ask again later") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadAnswer("Reddit sent a post in another form", "ask again later") from error
        return rows

    def _rows(self, channel: str, post: str, title: str, written: datetime) -> list[dict[str, object]]:
        told: dict[str, object] = {
            "id": post, "event_time": written, "known_at": written, "channel": channel, "text": title,
            "score": float("nan"),
        }  # fmt: skip
        return [told | {"symbol": symbol} for symbol in mentioned(title, self._symbols) or ("",)]


def _refused_keys() -> CredentialMissing:
    return CredentialMissing("Reddit refused the keys", "set REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET to valid ones")


def _refusal(name: str, status: int) -> SourceUnavailable:
    if status == 401:
        return _refused_keys()
    if status in (302, 404):
        return SourceUnavailable(f"there is no subreddit {name!r}", "choose others")
    if status == 403:
        return SourceUnavailable(f"the subreddit {name} is private", "choose others")
    return BadAnswer(f"Reddit answered in another form (HTTP {status})", "ask again later")
