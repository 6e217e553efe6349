"""Headlines from NewsAPI through newsapi-python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from data.errors import BadAnswer, CredentialMissing, SourceUnavailable
from data.sources.bars import conform, empty, window
from data.sources.http_session import ProviderSession
from data.sources.mentions import mentioned
from data.sources.protocol import Kind
from data.sources.retry import Retry

ORIGIN = "https://newsapi.org"
LONGEST_DAYS = 28
"""How far back the developer plan answers."""
PAGE, MOST_PAGES = 100, 5

_KEY_CODES = {"apiKeyDisabled", "apiKeyExhausted", "apiKeyInvalid", "apiKeyMissing"}
_PLAN_END = "maximumResultsReached"


class NewsApiNews:
    """Articles that match `query`, newest first, at most PAGE * MOST_PAGES of them in one fetch.

    An article becomes known `delay_h` hours after its publication: the developer plan serves it a day late, and a
    desk must not read in its past what it could not have read then. One row for each symbol the title or the
    description names ($AAPL, (AAPL), NASDAQ: AAPL), one with symbol "" where it names none.
    """

    def __init__(
        self,
        key: str,
        symbols: tuple[str, ...],
        query: str,
        *,
        delay_h: float = 24.0,
        base_url: str = "",
        now: Callable[[], datetime],
        retry: Retry,
    ) -> None:
        self._key, self._symbols, self._query = key, symbols, query
        self._delay, self._base_url, self._now, self._retry = timedelta(hours=delay_h), base_url, now, retry

    def fetch(self, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """News with since < known_at <= until.

        Raises CredentialMissing for a refused key, RateLimited, SourceUnavailable, and BadAnswer for another form.
        """
        last = min(until or self._now(), self._now()).astimezone(UTC) - self._delay
        first = last - timedelta(days=LONGEST_DAYS)
        first = max(first, since.astimezone(UTC) - self._delay) if since else first
        rows: dict[tuple[str, str], dict[str, object]] = {}
        for article in self._articles(first, last):
            for row in self._rows(article):
                rows[str(row["id"]), str(row["symbol"])] = row
        frame = conform(Kind.NEWS, pd.DataFrame(list(rows.values()))) if rows else empty(Kind.NEWS)
        return window(frame, since, last + self._delay)

    def _articles(self, first: datetime, last: datetime) -> list[dict[str, Any]]:
        from newsapi import NewsApiClient

        with ProviderSession("NewsAPI", {ORIGIN: self._base_url}) as session:
            client = NewsApiClient(self._key, session=session)
            found: list[dict[str, Any]] = []
            for page in range(1, MOST_PAGES + 1):
                answer = self._retry.call("NewsAPI", lambda page=page: self._page(client, first, last, page))
                found += answer["articles"]
                if len(answer["articles"]) < PAGE or len(found) >= answer["totalResults"]:
                    break
            return found

    def _page(self, client: Any, first: datetime, last: datetime, page: int) -> dict[str, Any]:
        from newsapi.newsapi_exception import NewsAPIException

        span = {"from_param": first.replace(tzinfo=None), "to": last.replace(tzinfo=None)}
        try:
            answer: Any = client.get_everything(
                q=self._query, language="en", sort_by="publishedAt", page=page, page_size=PAGE, **span
            )
        except NewsAPIException as error:
            told: Any = error.get_exception()
            if isinstance(told, dict) and told.get("code") == _PLAN_END and page > 1:
                return {"articles": [], "totalResults": 0}
            raise _refusal(told) from error
        except ValueError as error:
            raise BadAnswer("NewsAPI did not answer in JSON", "ask again later") from error
        if not isinstance(answer, dict) or answer.get("status") != "ok" or not isinstance(answer.get("articles"), list):
            raise BadAnswer("NewsAPI answered without articles", "ask again later")
        return {"articles": answer["articles"], "totalResults": int(answer.get("totalResults") or 0)}

    def _rows(self, article: Any) -> list[dict[str, object]]:
        try:
            published = datetime.fromisoformat(article["publishedAt"]).astimezone(UTC)
            title, url = str(article["title"] or ""), str(article["url"])
            about = str(article.get("description") or "")
            publisher = str((article.get("source") or {}).get("name") or "")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadAnswer("NewsAPI sent an article in another form", "ask again later") from error
        if not title.strip():
            return []
        told: dict[str, object] = {
            "id": url, "event_time": published, "known_at": published + self._delay, "publisher": publisher,
            "text": title,
        }  # fmt: skip
        return [told | {"symbol": symbol} for symbol in mentioned(f"{title} {about}", self._symbols) or ("",)]


def _refusal(told: Any) -> SourceUnavailable:
    if not isinstance(told, dict):
        return BadAnswer("NewsAPI refused in another form", "ask again later")
    code, message = str(told.get("code", "")), str(told.get("message", ""))[:120]
    if code in _KEY_CODES:
        return CredentialMissing(f"NewsAPI refused the key ({code})", "set NEWSAPI_KEY to a valid key")
    return SourceUnavailable(f"NewsAPI refused the request ({code}): {message}", "see newsapi.org/docs/errors")
