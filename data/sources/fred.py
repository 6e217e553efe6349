"""Macro series from FRED through fredapi, each value at the time it was released.

A revised series is asked of ALFRED, FRED's archive of vintages: every value carries the day it was published, and a
revision is a new row. A market rate that is never revised has thousands of vintages, which FRED refuses to list; it
is taken as it stands, a stated number of days after its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from data.errors import BadAnswer, CredentialMissing, SourceUnavailable
from data.sources.bars import conform, window
from data.sources.http_session import TIMEOUT_S
from data.sources.protocol import Kind
from data.sources.retry import Retry, Unreachable, check_status


@dataclass(frozen=True, slots=True)
class FredSeries:
    """A series and what it stands for. `lag_days` is None for a revised series, whose vintages tell its releases."""

    series: str
    role: str
    unit: str
    lag_days: int | None = None


SERIES = (
    FredSeries("INDPRO", "growth", "index 2017=100"),
    FredSeries("CPIAUCSL", "inflation", "index 1982-84=100"),
    FredSeries("DGS10", "rate", "percent", lag_days=2),
    FredSeries("BAA10Y", "credit", "percent", lag_days=2),
    FredSeries("VIXCLS", "volatility", "vol points", lag_days=2),
    FredSeries("DCOILWTICO", "oil", "USD/bbl", lag_days=9),
)
"""One series a role. A lag counts from the first moment of the day: 2 is the end of the next day; EIA publishes the
spot prices of Tuesday to Monday on the Wednesday after them."""


class FredMacro:
    """`series` from FRED; what is released on a day is known at its end (24:00 UTC), after every US release."""

    def __init__(
        self,
        key: str,
        series: tuple[FredSeries, ...] = SERIES,
        *,
        base_url: str = "",
        now: Callable[[], datetime],
        retry: Retry,
    ) -> None:
        self._key, self._series, self._base_url, self._now, self._retry = key, series, base_url, now, retry

    def fetch(self, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Releases with since < known_at <= until; event_time is the first day of the reference period.

        Raises CredentialMissing for a refused key, RateLimited, SourceUnavailable (also for a series FRED does not
        have), and BadAnswer for another form.
        """
        client = _client(self._key, self._base_url)
        parts = [self._retry.call("FRED", lambda one=one: _released(client, one, since)) for one in self._series]
        frame = conform(Kind.MACRO, pd.concat(parts, ignore_index=True))
        return window(frame, since, min(until or self._now(), self._now()))


def _released(client: Any, one: FredSeries, since: datetime | None) -> pd.DataFrame:
    """Values of a series that are numbers, with the time each became known: all, or at least those after `since`."""
    # What stood on the first day asked for is told as of that day: a day early, so that it is not taken for news.
    first = None if since is None else f"{since.astimezone(UTC) - timedelta(days=1):%Y-%m-%d}"
    try:
        if one.lag_days is None:
            vintages = client.get_series_all_releases(one.series, realtime_start=first)
            days, values = vintages["date"], vintages["value"]
            known = pd.to_datetime(vintages["realtime_start"]) + pd.Timedelta(days=1)
        else:
            standing = client.get_series(one.series)
            days, values = standing.index.to_series(), standing
            known = pd.to_datetime(days) + pd.Timedelta(days=one.lag_days)
        frame = pd.DataFrame({
            "event_time": pd.to_datetime(days).to_numpy().astype("datetime64[ns]"),
            "known_at": known.to_numpy().astype("datetime64[ns]"),
            # Beside dates, fredapi's absent value comes as NaT.
            "value": values.where(values.notna(), np.nan).map(float).to_numpy(np.float64),
        })  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadAnswer(f"FRED sent {one.series} in another form", "ask again later") from error
    for name in ("event_time", "known_at"):
        frame[name] = frame[name].dt.tz_localize("UTC")
    told = frame.loc[np.isfinite(frame["value"])]
    return told.assign(series=one.series, role=one.role, unit=one.unit)


def _client(key: str, base_url: str) -> Any:
    from fredapi import Fred

    class Client(Fred):
        """fredapi with a timeout, all pages, and failures that keep their HTTP status (it has no hook for these)."""

        def _Fred__fetch_data(self, url: str) -> ElementTree.Element:
            root = _answer(f"{url}&api_key={key}")
            while 0 < len(root) < int(root.get("count", "0")):
                page = _answer(f"{url}&api_key={key}&offset={len(root)}")
                if not len(page):
                    raise BadAnswer("FRED sent fewer observations than it counted", "ask again later")
                root.extend(page)
            return root

    client = Client(api_key=key)
    client.root_url = base_url.rstrip("/") or Fred.root_url
    return client


def _answer(url: str) -> ElementTree.Element:
    """The XML at the URL. No error tells the URL, for it holds the key."""
    try:
        with urlopen(url, timeout=TIMEOUT_S) as response:
            body = response.read()
    except HTTPError as error:
        check_status("FRED", error.code, dict(error.headers.items()))
        raise _refusal(error.code, error.read()) from None
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        kind = type(error).__name__
        raise Unreachable(f"FRED cannot be reached ({kind})", "check the network") from None
    root = _xml(body)
    if root is None or root.tag != "observations":
        raise BadAnswer("FRED did not answer with observations", "ask again later")
    return root


def _refusal(status: int, body: bytes) -> SourceUnavailable:
    root = _xml(body)
    told = "" if root is None else str(root.get("message", ""))[:120]
    if "api_key" in told:
        return CredentialMissing("FRED refused the key", "set FRED_API_KEY to a valid key")
    if "does not exist" in told:
        return SourceUnavailable(f"FRED does not have the series: {told}", "choose other series")
    return SourceUnavailable(f"FRED refused the request (HTTP {status}): {told}", "see fred.stlouisfed.org/docs/api")


def _xml(body: bytes) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None
