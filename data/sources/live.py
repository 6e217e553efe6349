"""The live source: bars from Yahoo, macro from FRED, news from NewsAPI and posts from Reddit behind one contract."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from data.clock import Slots
from data.errors import BadConfig, CredentialMissing, SourceUnavailable
from data.market import CALENDARS, AssetClass, Instrument
from data.snapshot import Finding
from data.sources.fred import FredMacro
from data.sources.newsapi import NewsApiNews
from data.sources.price_folder import FREQUENCIES
from data.sources.protocol import Kind, Param
from data.sources.reddit import RedditKeys, RedditPosts
from data.sources.retry import Retry
from data.sources.universe_file import asset_class_of
from data.sources.yahoo import SETTLING, YahooAsk, YahooBars

UNIVERSE = "SPY:etf,QQQ:etf,IWM:etf,TLT:etf,GLD:etf,AAPL,MSFT,JPM,XOM,JNJ,WMT,CL=F,ES=F,EURUSD=X,BTC-USD,ETH-USD"
"""The symbols of a live book that names none."""

YAHOO_URL, FRED_URL = "BULLPEN_YAHOO_URL", "BULLPEN_FRED_URL"
NEWSAPI_URL, REDDIT_URL = "BULLPEN_NEWSAPI_URL", "BULLPEN_REDDIT_URL"
"""Environment variables that put another server in the place of a provider's."""

_INDEX_FUTURES = frozenset({"ES=F", "NQ=F", "YM=F", "RTY=F", "MES=F", "MNQ=F", "MYM=F", "M2K=F", "NKD=F"})


class _Feed(Protocol):
    def fetch(self, since: datetime | None, until: datetime | None) -> pd.DataFrame: ...


class LiveSource:
    """Sixteen names by default; a kind whose key is not set is unavailable, and says which variable to set.

    `symbols` are Yahoo's, separated by commas, each with a class where it is not plain from its form ("SPY:etf").
    `history_start` is a day; `subreddits` are separated by commas. Keys come from `environ` (the process's own by
    default): FRED_API_KEY, NEWSAPI_KEY, and REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET, REDDIT_USER_AGENT; they never
    enter `params()`. Raises BadConfig for a setting that is refused.
    """

    name: str = "yahoo"
    static: bool = False

    def __init__(
        self,
        symbols: str = UNIVERSE,
        calendar: str = "XNYS",
        frequency: str = "1d",
        history_start: str = "2015-01-01",
        news_query: str = "stock market",
        news_delay_h: float = 24.0,
        subreddits: str = "stocks,investing,wallstreetbets",
        *,
        environ: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        retry: Retry | None = None,
    ) -> None:
        if frequency not in FREQUENCIES:
            raise BadConfig(f"bars of {frequency} are not read", "choose 1d or 1h")
        if news_delay_h < 0.0:
            raise BadConfig(f"news cannot be known {news_delay_h} h before it is published", "give 0 or more hours")
        self.calendar: str = calendar
        self.frequency: str = frequency
        self._params: dict[str, Param] = {
            "symbols": symbols, "calendar": calendar, "frequency": frequency, "history_start": history_start,
            "news_query": news_query, "news_delay_h": news_delay_h, "subreddits": subreddits,
        }  # fmt: skip
        self._instruments = parse_symbols(symbols)
        self._start = _day(history_start)
        self._environ = os.environ if environ is None else environ
        self._now, self._retry = now, retry or Retry()
        self._findings: tuple[Finding, ...] = ()

    def params(self) -> dict[str, Param]:
        """The settings; never a key or an address."""
        return dict(self._params)

    def fingerprint(self) -> str:
        """ "": what a live source holds is never finished."""
        return ""

    def instruments(self) -> tuple[Instrument, ...]:
        """The names asked for, sorted by symbol."""
        return self._instruments

    def span(self) -> tuple[datetime, datetime]:
        """The start of the history, and the last slot of `calendar` and `frequency` whose bars have settled."""
        return self._start, Slots(self.calendar, self.frequency).at_or_before(self._now() - SETTLING)

    def findings(self) -> tuple[Finding, ...]:
        """Bars of the last fetch that cannot be used, and symbols it could not have."""
        return self._findings

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Rows with since < known_at <= until; CredentialMissing names the variable to set for a kind without a key."""
        if kind is Kind.BARS:
            bars = self._bars()
            frame = bars.fetch(since, until)
            self._findings = bars.findings()
            return frame
        return self._feed(kind).fetch(since, until)

    def _feed(self, kind: Kind) -> _Feed:
        symbols = tuple(i.symbol for i in self._instruments)
        if kind is Kind.MACRO:
            key = self._key("FRED_API_KEY", "macro series")
            return FredMacro(key, base_url=self._environ.get(FRED_URL, ""), now=self._now, retry=self._retry)
        if kind is Kind.NEWS:
            return NewsApiNews(
                self._key("NEWSAPI_KEY", "news"), symbols, str(self._params["news_query"]),
                delay_h=float(self._params["news_delay_h"]), base_url=self._environ.get(NEWSAPI_URL, ""),
                now=self._now, retry=self._retry,
            )  # fmt: skip
        if kind is Kind.POSTS:
            names = ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET", "REDDIT_USER_AGENT")
            keys = RedditKeys(*(self._key(name, "posts") for name in names))
            listed = _listed(str(self._params["subreddits"]))
            base = self._environ.get(REDDIT_URL, "")
            return RedditPosts(keys, symbols, listed, base_url=base, now=self._now, retry=self._retry)
        raise SourceUnavailable(
            "the live source carries no option chains", "Yahoo tells only those of this moment, without their time"
        )

    def _bars(self) -> YahooBars:
        home = self._environ.get("BULLPEN_HOME", "")
        cache = str(Path(home, "cache", "yahoo")) if home else ""
        ask = YahooAsk(self._instruments, self.frequency, self._start)
        base = self._environ.get(YAHOO_URL, "")
        return YahooBars(ask, base_url=base, cache=cache, now=self._now, retry=self._retry)

    def _key(self, name: str, what: str) -> str:
        key = self._environ.get(name, "").strip()
        if not key:
            raise CredentialMissing(f"{what} need a key", f"set {name}")
        return key


def parse_symbols(text: str) -> tuple[Instrument, ...]:
    """Instruments of "SPY:etf,AAPL,ES=F,EURUSD=X,BTC-USD", sorted by symbol; BadConfig for what cannot be traded."""
    found: dict[str, Instrument] = {}
    for item in _listed(text):
        symbol, _, said = item.partition(":")
        if not re.fullmatch(r"[A-Za-z0-9.=\-]{1,15}", symbol):
            raise BadConfig(f"{symbol!r} cannot be traded", "an index (^GSPC) has funds and futures that can")
        asset_class = asset_class_of(said, symbol) if said else _class_by_form(symbol)
        found[symbol] = Instrument(symbol, asset_class, CALENDARS[asset_class])
    if not found:
        raise BadConfig("no symbol is named", "name some, such as SPY:etf,AAPL")
    return tuple(found[symbol] for symbol in sorted(found))


def _class_by_form(symbol: str) -> AssetClass:
    if symbol.endswith("=X"):
        return AssetClass.FOREX
    if symbol.endswith("=F"):
        return AssetClass.INDEX_FUTURE if symbol in _INDEX_FUTURES else AssetClass.COMMODITY
    return AssetClass.CRYPTO if symbol.endswith(("-USD", "-USDT", "-EUR")) else AssetClass.STOCK


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadConfig(f"history_start {text!r} is not a day", "write it YYYY-MM-DD") from error
