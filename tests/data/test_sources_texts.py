"""The real newsapi-python and praw, over loopback, against stubs that speak their providers' JSON."""

import json
from datetime import timedelta

import pandas as pd
import pytest

from data.errors import BadAnswer, BadConfig, CredentialMissing, RateLimited, SourceUnavailable
from data.sources.live import NEWSAPI_URL, REDDIT_URL, LiveSource
from data.sources.protocol import COLUMNS, Kind
from data.sources.retry import Retry, Unreachable
from tests.stubs.http_stub import Reply
from tests.stubs.providers import article, at, newsapi_stub, reddit_stub

NOW = at(2024, 6, 12, 15)
NEWS_KEY = {"NEWSAPI_KEY": "a-news-key"}
REDDIT_KEYS = {"REDDIT_CLIENT_ID": "an-id", "REDDIT_CLIENT_SECRET": "a-secret", "REDDIT_USER_AGENT": "bullpen tests"}
ARTICLES = [
    article("Markets calm", "2024-06-12T14:00:00Z"),
    article("Apple (AAPL) and Exxon (NYSE: XOM) rally", "2024-06-11T14:00:00Z"),
    article("Chips", "2024-06-10T14:00:00Z", "Shares of $MSFT rose"),
    article(None, "2024-06-09T14:00:00Z"),
    article("Old", "2024-04-01T14:00:00Z"),
]
POSTS = {
    "stocks": [
        ("p3", "$AAPL or $XOM?", at(2024, 6, 12, 14)),
        ("p2", "What a day", at(2024, 6, 11, 14)),
        ("p1", "Hello", at(2024, 6, 10, 14)),
    ],
    "investing": [("q1", "Bonds", at(2024, 6, 11, 15))],
}


@pytest.fixture
def slept():
    return []


@pytest.fixture
def live(slept):
    def make(environ, **how):
        how = {"symbols": "AAPL,MSFT,XOM", "news_delay_h": 0.0, "subreddits": "stocks,investing"} | how
        return LiveSource(environ=environ, now=lambda: NOW, retry=Retry(sleep=slept.append), **how)

    return make


def news(live, stub, since=None, until=None, **how):
    return live({NEWSAPI_URL: stub.url} | NEWS_KEY, **how).fetch(Kind.NEWS, since, until)


def posts(live, stub, since=None, until=None, **how):
    return live({REDDIT_URL: stub.url} | REDDIT_KEYS, **how).fetch(Kind.POSTS, since, until)


# --- news ----------------------------------------------------------------------------------------------------------


def test_headlines_come_once_for_each_symbol_they_name(live):
    with newsapi_stub(ARTICLES) as stub:
        frame = news(live, stub)
    assert tuple(frame.columns) == COLUMNS[Kind.NEWS]
    assert list(zip(frame["symbol"], frame["text"], strict=True)) == [
        ("MSFT", "Chips"),
        ("AAPL", "Apple (AAPL) and Exxon (NYSE: XOM) rally"),
        ("XOM", "Apple (AAPL) and Exxon (NYSE: XOM) rally"),
        ("", "Markets calm"),
    ]
    assert set(frame["publisher"]) == {"The Wire"}


def test_news_is_known_when_the_plan_serves_it(live):
    with newsapi_stub(ARTICLES) as stub:
        frame = news(live, stub, news_delay_h=24.0)
        asked = stub.asked[0].query
    assert list(frame["text"].unique()) == ["Chips", "Apple (AAPL) and Exxon (NYSE: XOM) rally"]
    assert (frame["known_at"] - frame["event_time"] == pd.Timedelta(hours=24)).all()
    assert asked["to"] == "2024-06-11T15:00:00"


def test_news_increments_follow_the_window(live):
    with newsapi_stub(ARTICLES) as stub:
        frame = news(live, stub, at(2024, 6, 10, 14), at(2024, 6, 11, 14))
    assert set(frame["event_time"]) == {pd.Timestamp("2024-06-11T14:00Z")}


def test_many_articles_are_paged_until_the_plan_ends(live):
    many = [article(f"News {n}", (NOW - timedelta(minutes=n + 1)).strftime("%Y-%m-%dT%H:%M:%SZ")) for n in range(250)]
    with newsapi_stub(many, plan_end=10_000) as stub:
        assert len(news(live, stub)) == 250
        assert [asked.query["page"] for asked in stub.asked] == ["1", "2", "3"]
    with newsapi_stub(many, plan_end=100) as stub:
        assert len(news(live, stub)) == 100


def test_no_articles_is_truly_empty(live):
    with newsapi_stub([]) as stub:
        frame = news(live, stub)
    assert frame.empty
    assert tuple(frame.columns) == COLUMNS[Kind.NEWS]


def test_a_refused_news_key_names_its_variable(live):
    with newsapi_stub(ARTICLES, key="another") as stub:
        with pytest.raises(CredentialMissing, match="set NEWSAPI_KEY") as error:
            news(live, stub)
        assert len(stub.asked) == 1
    assert "a-news-key" not in str(error.value)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply("<html/>"), BadAnswer),
        (Reply("[]"), BadAnswer),
        (Reply('{"status": "ok"}'), BadAnswer),
        (Reply('{"status": "ok", "totalResults": 1, "articles": [{"title": "x"}]}'), BadAnswer),
        (Reply('{"status": "ok", "totalResults": 1, "articles": ["x"]}'), BadAnswer),
        (Reply(json.dumps({"status": "ok", "totalResults": 1, "articles": [article("x", "soon")]})), BadAnswer),
        (Reply("nonsense", 400), BadAnswer),
        (Reply("[]", 400), BadAnswer),
        (Reply('{"status": "error", "code": "parametersMissing", "message": "no q"}', 400), SourceUnavailable),
        (Reply("", 502), Unreachable),
        (Reply(status=0), Unreachable),
        (Reply('{"status":"error","code":"rateLimited"}', 429, {"Retry-After": "60"}), RateLimited),
    ],
)
def test_each_failure_of_newsapi_is_raised_under_its_name(live, reply, error):
    with newsapi_stub(ARTICLES) as stub:
        stub.fail("/v2/everything", reply, times=9)
        with pytest.raises(error) as raised:
            news(live, stub)
    assert type(raised.value) is error
    assert raised.value.remedy


def test_a_passing_failure_of_newsapi_is_survived(live, slept):
    with newsapi_stub(ARTICLES) as stub:
        stub.fail("/v2/everything", Reply("", 500))
        stub.fail("/v2/everything", Reply("", 429, {"Retry-After": "2"}))
        assert len(news(live, stub)) == 4
    assert len(slept) == 2
    assert slept[1] >= 2.0


# --- posts ---------------------------------------------------------------------------------------------------------


def test_posts_of_all_subreddits_and_pages(live):
    with reddit_stub(POSTS) as stub:
        frame = posts(live, stub)
        assert all(asked.headers["user-agent"].startswith("bullpen tests") for asked in stub.asked)
    assert tuple(frame.columns) == COLUMNS[Kind.POSTS]
    assert list(zip(frame["id"], frame["symbol"], frame["channel"], strict=True)) == [
        ("p1", "", "stocks"),
        ("p2", "", "stocks"),
        ("q1", "", "investing"),
        ("p3", "AAPL", "stocks"),
        ("p3", "XOM", "stocks"),
    ]
    assert (frame["known_at"] == frame["event_time"]).all()
    assert frame["score"].isna().all(), "votes are of the moment of reading"


def test_post_increments_follow_the_window_and_stop_reading(live):
    with reddit_stub(POSTS) as stub:
        frame = posts(live, stub, at(2024, 6, 11, 14), at(2024, 6, 11, 20))
        pages = stub.paths("/r/stocks/new")
    assert list(frame["id"]) == ["q1"]
    assert len(pages) == 1, "older pages are not asked for"


def test_refused_reddit_keys_are_named(live):
    with reddit_stub(POSTS, secret="another") as stub, pytest.raises(CredentialMissing, match="REDDIT_CLIENT_SECRET"):
        posts(live, stub)


@pytest.mark.parametrize("name", list(REDDIT_KEYS))
def test_each_missing_reddit_key_is_named(live, name):
    environ = {key: value for key, value in REDDIT_KEYS.items() if key != name}
    with pytest.raises(CredentialMissing, match=f"set {name}"):
        live(environ).fetch(Kind.POSTS, None, None)


def test_a_missing_news_key_is_named(live):
    with pytest.raises(CredentialMissing, match="set NEWSAPI_KEY"):
        live({"NEWSAPI_KEY": "  "}).fetch(Kind.NEWS, None, None)


@pytest.mark.parametrize(
    ("reply", "error", "match"),
    [
        (Reply("", 404), SourceUnavailable, "no subreddit 'stocks'"),
        (Reply("", 302, {"location": "/subreddits/search"}), SourceUnavailable, "no subreddit"),
        (Reply('{"reason": "private"}', 403), SourceUnavailable, "private"),
        (Reply("<html/>"), BadAnswer, "another form"),
        (Reply('{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "x"}}]}}'), BadAnswer, "form"),
        (Reply("", 503), Unreachable, "503"),
        (Reply(status=0), Unreachable, "cannot be reached"),
        (Reply("slow down", 429, {"retry-after": "120"}), RateLimited, "rate"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_each_failure_of_reddit_is_raised_under_its_name(live, slept, reply, error, match):
    with reddit_stub(POSTS) as stub:
        stub.fail("/r/stocks", reply, times=9)
        with pytest.raises(error, match=match) as raised:
            posts(live, stub)
    assert type(raised.value) is error
    assert raised.value.remedy


def test_a_token_that_cannot_be_had_is_unreachable(live):
    with reddit_stub(POSTS) as stub:
        stub.fail("/api/v1/access_token", Reply("", 500), times=9)
        with pytest.raises(Unreachable):
            posts(live, stub)


def test_a_reddit_that_asks_for_slowness_does_not_hold_the_desk(live, slept):
    limits = {"x-ratelimit-remaining": "0", "x-ratelimit-used": "600", "x-ratelimit-reset": "590"}
    body = json.dumps({"kind": "Listing", "data": {"after": None, "before": None, "children": []}})
    with reddit_stub(POSTS) as stub:
        stub.fail("/r/stocks", Reply(body, headers=limits))
        assert list(posts(live, stub)["id"]) == ["q1"]
    assert slept == []


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", [{"frequency": "1m"}, {"news_delay_h": -1.0}, {"history_start": "last year"}, {"symbols": ""}]
)
def test_settings_that_are_refused(live, how):
    with pytest.raises(BadConfig):
        live({}, **how)
