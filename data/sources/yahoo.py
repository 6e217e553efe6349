"""Bars from Yahoo Finance through yfinance: what yfinance would log and swallow is raised here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from data.errors import BadAnswer, BadConfig, SourceUnavailable, UnknownSymbol
from data.market import AssetClass, Instrument
from data.quality import check_bars
from data.snapshot import Finding
from data.sources.bar_findings import name_refused
from data.sources.bars import column, conform, empty, window
from data.sources.protocol import Kind
from data.sources.retry import Retry
from data.sources.sessions import bar_times, hour_ends
from data.sources.yahoo_session import Tickers, open_yahoo

SETTLING = timedelta(minutes=20)
"""How long after its close a bar is still moving: Yahoo's quotes come up to a quarter of an hour late."""
HOURLY_DAYS = 729
"""How far back Yahoo keeps hourly bars."""

_TYPES = {
    "EQUITY": AssetClass.STOCK, "ETF": AssetClass.ETF, "CRYPTOCURRENCY": AssetClass.CRYPTO,
    "CURRENCY": AssetClass.FOREX,
}  # fmt: skip
"""Yahoo's instrumentType where it says what the class is (a FUTURE may be a commodity or an index)."""


@dataclass(frozen=True, slots=True)
class YahooAsk:
    """What is asked of Yahoo: `frequency` is "1d" or "1h", `history_start` (UTC) the first moment of any interest."""

    instruments: tuple[Instrument, ...]
    frequency: str
    history_start: datetime


class YahooBars:
    """Traded prices, adjusted for splits and not for dividends, of the instruments on their calendars.

    A bar becomes known at its close, and is never handed over while it may still change. When a split falls into the
    time asked for, all earlier bars of that symbol come again on the new basis, known from the split on: a revision.
    """

    def __init__(
        self, ask: YahooAsk, *, base_url: str = "", cache: str = "", now: Callable[[], datetime], retry: Retry
    ) -> None:
        self._ask, self._base_url, self._cache, self._now, self._retry = ask, base_url, cache, now, retry
        self._findings: tuple[Finding, ...] = ()

    def findings(self) -> tuple[Finding, ...]:
        """Bars of the last fetch that cannot be used, and symbols it could not have."""
        return self._findings

    def fetch(self, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Bars with since < known_at <= until.

        A symbol that Yahoo no longer knows raises UnknownSymbol where its whole history is asked for, and is a
        finding in an increment: the desk goes on, and the symbol grows stale. Raises BadConfig where a symbol is of
        another class than was said, RateLimited, SourceUnavailable, and BadAnswer for another form.
        """
        last = min(until or self._now(), self._now() - SETTLING)
        parts: list[pd.DataFrame] = [empty(Kind.BARS)]
        gone: list[Finding] = []
        with open_yahoo(self._base_url, self._cache) as tickers:
            for one in self._ask.instruments:
                try:
                    parts.append(self._bars(tickers, one, since, last))
                except UnknownSymbol as error:
                    if since is None:
                        raise
                    gone.append(Finding("missing", one.symbol, error.message))
        if len(gone) == len(self._ask.instruments):
            raise SourceUnavailable("Yahoo knows none of the symbols any more", "ask again later")
        bars = window(conform(Kind.BARS, pd.concat(parts, ignore_index=True)), since, last)
        self._findings = (*gone, *name_refused(check_bars(bars).refused))
        return bars

    def _bars(self, tickers: Tickers, one: Instrument, since: datetime | None, last: datetime) -> pd.DataFrame:
        earliest = self._ask.history_start
        if self._ask.frequency == "1h":
            earliest = max(earliest, self._now() - timedelta(days=HOURLY_DAYS))
        # A bar that closes after `since` may be dated a weekend before it.
        first = earliest if since is None else max(earliest, since - timedelta(days=4))
        bars = self._told(tickers, one, first)
        if since is None:
            return bars
        split = bars.loc[bars["split"] & (bars["known_at"] > since) & (bars["known_at"] <= last), "known_at"].max()
        if pd.isna(split):
            return bars
        bars = self._told(tickers, one, earliest)
        return bars.assign(known_at=column(bars, "known_at").clip(lower=split))

    def _told(self, tickers: Tickers, one: Instrument, first: datetime) -> pd.DataFrame:
        """COLUMNS[BARS] and `split` of one symbol from `first` on, as Yahoo tells them today."""
        told = self._retry.call("Yahoo", lambda: _history(tickers, one, first, self._ask.frequency))
        try:
            return _timed(told, one, self._ask.frequency)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(f"Yahoo sent {one.symbol} in another form", "ask again later") from error


def _history(tickers: Tickers, one: Instrument, first: datetime, frequency: str) -> pd.DataFrame:
    """yfinance's table of one symbol; empty where Yahoo has no bar in that time."""
    from curl_cffi.requests.exceptions import RequestException
    from yfinance.exceptions import YFException, YFPricesMissingError

    symbol = one.symbol
    try:
        ticker = tickers(symbol)
        told = ticker.history(start=first, interval=frequency, auto_adjust=False, actions=True)
        kind = str(ticker.history_metadata.get("instrumentType", ""))
    except YFPricesMissingError as error:
        return _without_prices(symbol, error.yahoo_reason)
    except (YFException, RequestException, LookupError, ValueError, TypeError, AttributeError) as error:
        raise BadAnswer(f"Yahoo sent {symbol} in another form ({type(error).__name__})", "ask again later") from error
    asset_class = _TYPES.get(kind)
    if asset_class not in (None, one.asset_class):
        raise BadConfig(f"{symbol} is of class {asset_class}", f"write it {symbol}:{asset_class}")
    return told


def _without_prices(symbol: str, reason: str | None) -> pd.DataFrame:
    """An empty table where Yahoo says that it has no bar in the time asked for, and an error for any other reason."""
    if not reason:
        raise BadAnswer(f"Yahoo answered without prices of {symbol}", "ask again later")
    if "Data doesn't exist" in reason:
        return pd.DataFrame()
    if "No data found" in reason:
        raise UnknownSymbol(f"Yahoo does not know {symbol}", "check its spelling")
    raise SourceUnavailable(f"Yahoo refused {symbol}: {reason[:120]}", "ask again later")


def _timed(told: pd.DataFrame, one: Instrument, frequency: str) -> pd.DataFrame:
    """yfinance's table as COLUMNS[BARS], and `split`: True on the day of a split."""
    if told.empty:
        return empty(Kind.BARS).assign(split=pd.Series(dtype="bool"))
    index = pd.DatetimeIndex(told.index)
    if frequency == "1h":
        start = index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[ns]")
        end = hour_ends(one.calendar, start)
    else:
        times = bar_times(one.calendar, index.tz_localize(None).to_numpy())
        start, end = times.start, times.end
    bars = pd.DataFrame({
        "symbol": one.symbol,
        "start": pd.DatetimeIndex(start, tz="UTC"),
        "event_time": pd.DatetimeIndex(end, tz="UTC"),
        "known_at": pd.DatetimeIndex(end, tz="UTC"),
        **{name: told[name.title()].to_numpy(np.float64) for name in ("open", "high", "low", "close", "volume")},
        "split": told["Stock Splits"].to_numpy(np.float64) > 0.0,
    })  # fmt: skip
    # Yahoo writes 0 for the volume of currencies, which have none to tell.
    return bars.assign(volume=np.nan) if one.asset_class is AssetClass.FOREX else bars
