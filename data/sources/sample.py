"""The sample: real prices that installed packages carry, so that a desk runs on facts without a network.

skfolio brings adjusted closes of 20 US stocks (1990-2022) and 5 factor ETFs (2014-2022); arch brings the VIX, WTI
spot and Moody's yields, which end in 2018 and 2019: from then on they are stale, and that is left as it is. The
packages are not imported (that takes seconds): their packed tables are read where they are installed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import SourceUnavailable
from data.market import AssetClass, Instrument, TimeArray
from data.sources.bars import conform, window
from data.sources.protocol import Kind, Param
from data.sources.sessions import bar_times, later

_STOCKS = ("skfolio", "datasets/data/sp500_dataset.csv.gz")
_ETFS = ("skfolio", "datasets/data/factors_dataset.csv.gz")
_INDEX = ("skfolio", "datasets/data/sp500_index.csv.gz")
_VIX = ("arch", "data/vix/vix.csv.gz")
_WTI = ("arch", "data/wti/wti.csv.gz")
_YIELDS = ("arch", "data/default/default.csv.gz")
_TABLES = (_STOCKS, _ETFS, _INDEX, _VIX, _WTI, _YIELDS)

_READING = "sample-v1"
"""Changes when the same tables are read into other rows, so that the fingerprint does too."""

_SECTORS = {
    "AAPL": "Information Technology", "AMD": "Information Technology", "MSFT": "Information Technology",
    "BAC": "Financials", "JPM": "Financials", "BBY": "Consumer Discretionary", "HD": "Consumer Discretionary",
    "CVX": "Energy", "RRC": "Energy", "XOM": "Energy", "GE": "Industrials", "KO": "Consumer Staples",
    "PEP": "Consumer Staples", "PG": "Consumer Staples", "WMT": "Consumer Staples", "JNJ": "Health Care",
    "LLY": "Health Care", "MRK": "Health Care", "PFE": "Health Care", "UNH": "Health Care",
}  # fmt: skip


class SampleSource:
    """Closes of 25 US names on XNYS days, and four macro series; no opens, no volumes, no texts, no option chains."""

    name: str = "sample"
    static: bool = True
    calendar: str = "XNYS"
    frequency: str = "1d"

    def params(self) -> dict[str, Param]:
        """Nothing can be chosen."""
        return {}

    def fingerprint(self) -> str:
        """sha256 of the packed tables and of the way they are read."""
        return _fingerprint()

    def instruments(self) -> tuple[Instrument, ...]:
        """20 stocks with their GICS sectors and 5 factor ETFs, sorted by symbol."""
        stocks = dict.fromkeys(_wide(_STOCKS).columns, AssetClass.STOCK)
        classes = stocks | dict.fromkeys(_wide(_ETFS).columns, AssetClass.ETF)
        return tuple(Instrument(s, classes[s], self.calendar, _SECTORS.get(s, "")) for s in sorted(classes))

    def span(self) -> tuple[datetime, datetime]:
        """First and last session close of the bars (UTC)."""
        known = _bars()["known_at"]
        return known.iloc[0].to_pydatetime(), known.iloc[-1].to_pydatetime()

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Bars or macro facts with since < known_at <= until; SourceUnavailable for what the packages do not carry."""
        if kind is Kind.BARS:
            return window(_bars(), since, until)
        if kind is Kind.MACRO:
            return window(_macro(), since, until)
        raise SourceUnavailable(f"the sample carries no {kind.value}", "take the simulated market to see them at work")


@lru_cache(maxsize=1)
def _bars() -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for table in (_STOCKS, _ETFS):
        wide = _wide(table)
        times = bar_times(SampleSource.calendar, wide.index.to_numpy())
        long = pd.DataFrame({"symbol": np.repeat(wide.columns.to_numpy(), len(wide))})
        long["start"] = np.tile(times.start, wide.shape[1])
        long["event_time"] = np.tile(times.end, wide.shape[1])
        long["close"] = wide.to_numpy(np.float64).ravel(order="F")
        parts.append(long)
    bars = pd.concat(parts, ignore_index=True).assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
    for name in ("start", "event_time"):
        bars[name] = bars[name].dt.tz_localize("UTC")
    bars["known_at"] = bars["event_time"]
    return conform(Kind.BARS, bars.loc[bars["close"].notna()])


@lru_cache(maxsize=1)
def _macro() -> pd.DataFrame:
    parts = [
        # The S&P 500 is one of the leading indicators of growth; as 100 log points its changes are in percent.
        _series(
            "SP500_INDEX", "growth", "100 log points", 100.0 * _column(_INDEX, "SP500").map(math.log), _at_close(0)
        ),
        # The VIX is computed until a quarter of an hour after the stock market has closed.
        _series("VIX", "volatility", "vol points", _column(_VIX, "vix"), _at_close(15)),
        # EIA publishes the spot prices of Tuesday to Monday on the Wednesday after them.
        _series("WTI_SPOT", "oil", "USD/bbl", _column(_WTI, "DCOILWTICO"), _days_later(9)),
        # Moody's monthly averages are out in the first days of the next month.
        _series("BAA_AAA", "credit", "percent", _column(_YIELDS, "BAA") - _column(_YIELDS, "AAA"), _after_month_end(5)),
    ]
    return conform(Kind.MACRO, pd.concat(parts, ignore_index=True))


Release = Callable[[TimeArray], TimeArray]
"""From reference dates (N,) to the UTC times at which their values were out."""


def _series(name: str, role: str, unit: str, values: pd.Series, release: Release) -> pd.DataFrame:
    told = values.dropna()
    days = told.index.to_numpy()
    frame = pd.DataFrame({"event_time": days, "known_at": release(days), "value": told.to_numpy(np.float64)})
    frame = frame.assign(series=name, role=role, unit=unit)
    for column in ("event_time", "known_at"):
        frame[column] = frame[column].astype("datetime64[ns]").dt.tz_localize("UTC")
    return frame


def _at_close(minutes: int) -> Release:
    delay = np.timedelta64(minutes, "m")
    return lambda days: later(bar_times(SampleSource.calendar, days).end, delay)


def _days_later(count: int) -> Release:
    return lambda days: later(days.astype("datetime64[D]"), np.timedelta64(count, "D"))


def _after_month_end(count: int) -> Release:
    def released(days: TimeArray) -> TimeArray:
        following = later(days.astype("datetime64[M]"), np.timedelta64(1, "M"))
        return later(following.astype("datetime64[D]"), np.timedelta64(count, "D"))

    return released


@lru_cache(maxsize=len(_TABLES))
def _wide(table: tuple[str, str]) -> pd.DataFrame:
    """A packed table: dates down, one column a series; what is no number is NaN."""
    frame = pd.read_csv(_path(table), index_col=0)
    iso = "%Y-%m-%d" if table[0] == "skfolio" else "%m/%d/%Y"
    dates = pd.to_datetime(frame.index, format=iso)
    return pd.DataFrame({name: pd.to_numeric(frame[name], errors="coerce") for name in frame}).set_index(dates)


def _column(table: tuple[str, str], name: str) -> pd.Series:
    wide = _wide(table)
    return pd.Series(wide[name].to_numpy(np.float64), wide.index)


@lru_cache(maxsize=1)
def _fingerprint() -> str:
    digest = hashlib.sha256(_READING.encode())
    for table in _TABLES:
        digest.update(_path(table).read_bytes())
    return digest.hexdigest()


def _path(table: tuple[str, str]) -> Path:
    package, inside = table
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    path = Path(folders[0], inside) if folders else Path(inside)
    if not path.is_file():
        raise SourceUnavailable(f"the package {package} does not carry {inside}", f"install {package} again")
    return path
