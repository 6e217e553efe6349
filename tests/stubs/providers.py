"""Yahoo, FRED, NewsAPI and Reddit as far as the live source asks them, in their own formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tests.stubs.http_stub import Asked, Reply, Stub, serving

CHART = "/v8/finance/chart/"


@dataclass
class Chart:
    """What Yahoo knows of one symbol: (open time, open, high, low, close, volume) and splits (time, ratio)."""

    bars: list[tuple[datetime, float | None, float | None, float | None, float | None, int | None]]
    kind: str = "EQUITY"
    zone: str = "America/New_York"
    splits: dict[datetime, float] = field(default_factory=dict)


def chart_reply(symbol: str, chart: Chart, first: int, last: int, interval: str) -> Reply:
    """Yahoo's chart of `symbol` between two Unix times."""
    bars = [bar for bar in chart.bars if first <= bar[0].timestamp() < last]
    if not bars:
        return _chart_error(400, "Bad Request", f"Data doesn't exist for startDate = {first}, endDate = {last}")
    columns: dict[str, list[Any]] = {
        name: [bar[at] for bar in bars] for at, name in enumerate(("open", "high", "low", "close", "volume"), 1)
    }
    stamps = [int(bar[0].timestamp()) for bar in bars]
    meta = {
        "currency": "USD", "symbol": symbol, "exchangeName": "NMS", "instrumentType": chart.kind,
        "firstTradeDate": stamps[0], "regularMarketTime": stamps[-1], "gmtoffset": -18000, "timezone": "EST",
        "exchangeTimezoneName": chart.zone, "regularMarketPrice": bars[-1][4], "priceHint": 2,
        "dataGranularity": interval, "range": "", "validRanges": ["1d", "5d", "1mo", "max"],
        "currentTradingPeriod": {
            part: {"timezone": "EST", "start": stamps[-1], "end": stamps[-1] + 23400, "gmtoffset": -18000}
            for part in ("pre", "regular", "post")
        },
    }  # fmt: skip
    if interval == "1h":
        days = sorted({stamp // 86400 for stamp in stamps})
        meta["tradingPeriods"] = [
            [{"timezone": "EST", "start": day * 86400, "end": (day + 1) * 86400, "gmtoffset": -18000}] for day in days
        ]
    result: dict[str, Any] = {"meta": meta, "timestamp": stamps, "indicators": {"quote": [columns]}}
    if interval == "1d":
        result["indicators"]["adjclose"] = [{"adjclose": [None if c is None else c / 2 for c in columns["close"]]}]
    if chart.splits:
        result["events"] = {"splits": {
            str(int(day.timestamp())): {
                "date": int(day.timestamp()), "numerator": ratio, "denominator": 1, "splitRatio": f"{ratio}:1",
            } for day, ratio in chart.splits.items()
        }}  # fmt: skip
    return Reply(json.dumps({"chart": {"result": [result], "error": None}}))


@contextmanager
def yahoo_stub(charts: dict[str, Chart]) -> Iterator[Stub]:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/v1/test/getcrumb":
            return Reply("acrumb")
        if not asked.path.startswith(CHART):
            return Reply("", 404)
        symbol = unquote(asked.path.removeprefix(CHART))
        if symbol not in charts:
            return _chart_error(404, "Not Found", "No data found, symbol may be delisted")
        first, last = int(asked.query.get("period1", 0)), int(asked.query.get("period2", 2**40))
        return chart_reply(symbol, charts[symbol], first, last, asked.query["interval"])

    with serving(answer) as stub:
        yield stub


def _chart_error(status: int, code: str, description: str) -> Reply:
    told = {"chart": {"result": None, "error": {"code": code, "description": description}}}
    return Reply(json.dumps(told), status)


@contextmanager
def fred_stub(
    vintages: dict[str, list[tuple[str, str, str]]], key: str = "a-fred-key", page: int = 100_000
) -> Iterator[Stub]:
    """`vintages`: series -> (reference day, first day of the vintage, value), in FRED's order; `page` rows a page."""

    def answer(asked: Asked) -> Reply:
        if asked.query.get("api_key") != key:
            return _fred_error("The value for variable api_key is not registered.")
        series = asked.query.get("series_id", "")
        if asked.path != "/fred/series/observations" or series not in vintages:
            return _fred_error("Bad Request. The series does not exist.")
        rows = vintages[series]
        first = asked.query.get("realtime_start")
        if first is None:
            rows = [(day, "2020-12-31", value) for day, value in {day: value for day, _, value in rows}.items()]
        else:
            standing = {day: (day, first, value) for day, known, value in rows if known <= first}
            rows = [*standing.values(), *(row for row in rows if row[1] > first)]
        offset = int(asked.query.get("offset", 0))
        observations = "".join(
            f'<observation realtime_start="{known}" realtime_end="9999-12-31" date="{day}" value="{value}"/>'
            for day, known, value in rows[offset : offset + page]
        )
        head = '<?xml version="1.0" encoding="utf-8" ?>'
        return Reply(f'{head}<observations count="{len(rows)}" limit="{page}">{observations}</observations>')

    with serving(answer) as stub:
        stub.url += "/fred"
        yield stub


def _fred_error(message: str) -> Reply:
    return Reply(f'<?xml version="1.0" encoding="utf-8" ?><error code="400" message="{message}" />', 400)


@contextmanager
def newsapi_stub(articles: list[dict[str, Any]], key: str = "a-news-key", plan_end: int = 100) -> Iterator[Stub]:
    """Articles newest first, 100 a page; past `plan_end` of them the plan ends."""

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("authorization") != key:
            return _news_error(401, "apiKeyInvalid", "Your API key is invalid or incorrect.")
        size, page = int(asked.query["pageSize"]), int(asked.query["page"])
        if (page - 1) * size >= plan_end:
            return _news_error(426, "maximumResultsReached", "You have requested too many results.")
        first, last = asked.query["from"] + "Z", asked.query["to"] + "Z"
        found = [a for a in articles if first <= a["publishedAt"] <= last]
        shown = found[(page - 1) * size : page * size]
        return Reply(json.dumps({"status": "ok", "totalResults": len(found), "articles": shown}))

    with serving(answer) as stub:
        yield stub


def article(title: str | None, published: str, description: str = "") -> dict[str, Any]:
    return {
        "source": {"id": None, "name": "The Wire"}, "author": None, "title": title, "description": description,
        "url": f"https://wire.example/{published}/{title}", "urlToImage": None, "publishedAt": published,
        "content": None,
    }  # fmt: skip


def _news_error(status: int, code: str, message: str) -> Reply:
    return Reply(json.dumps({"status": "error", "code": code, "message": message}), status)


@contextmanager
def reddit_stub(posts: dict[str, list[tuple[str, str, datetime]]], secret: str = "a-secret") -> Iterator[Stub]:
    """`posts`: subreddit -> (id, title, written), newest first; pages of two."""

    def answer(asked: Asked) -> Reply:
        if asked.path == "/api/v1/access_token":
            import base64

            given = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
            if given.split(":")[1] != secret:
                return Reply(json.dumps({"message": "Unauthorized", "error": 401}), 401)
            return Reply(
                json.dumps({"access_token": "a-token", "token_type": "bearer", "expires_in": 3600, "scope": "*"})
            )
        name = asked.path.split("/")[2]
        if asked.headers.get("authorization") != "bearer a-token" or name not in posts:
            return Reply(json.dumps({"message": "Not Found", "error": 404}), 404)
        names = [f"t3_{post}" for post, _, _ in posts[name]]
        first = names.index(asked.query["after"]) + 1 if asked.query.get("after") else 0
        shown = posts[name][first : first + 2]
        after = f"t3_{shown[-1][0]}" if first + 2 < len(names) else None
        children = [
            {"kind": "t3", "data": {
                "id": post, "name": f"t3_{post}", "title": title, "created_utc": written.timestamp(), "score": 99,
                "selftext": "", "subreddit": name,
            }} for post, title, written in shown
        ]  # fmt: skip
        return Reply(json.dumps({"kind": "Listing", "data": {"after": after, "before": None, "children": children}}))

    with serving(answer) as stub:
        yield stub


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]
