"""A folder of price files as one table of bars: read, put on their calendars, checked.

    files -> long tables -> one frequency -> instruments -> session times -> repeated bars out -> bars

A bar that cannot be used is handed over as it is and named: whoever stores it sets it aside by the same rules.

Everything here is a function of the files' content; only the reading touches the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data.clock import to_datetime
from data.errors import BadFile
from data.frames import equal, moments, where
from data.market import AssetClass, Instrument
from data.quality import CONTRADICTS, check_bars
from data.snapshot import Finding
from data.sources.bar_findings import drop_repeats, name_refused
from data.sources.bars import column, conform
from data.sources.price_file import ENDINGS, NotPrices, PriceFile, read_prices
from data.sources.protocol import Kind
from data.sources.sessions import bar_times, hour_ends
from data.sources.universe_file import Listing, hinted_class, instrument

FREQUENCIES = ("1d", "1h")
RESERVED = ("universe", "macro", "news", "posts")
"""Names (without ending) of the other tables a folder may hold."""


@dataclass(frozen=True, slots=True)
class Bars:
    """All bars (COLUMNS[BARS]) of the instruments, each of which has a usable one; what was found wrong on the way.

    `first_usable` is when the first usable bar became known (UTC).
    """

    frame: pd.DataFrame
    instruments: tuple[Instrument, ...]
    first_usable: datetime
    frequency: str
    findings: tuple[Finding, ...]


def data_files(path: Path) -> tuple[Path, ...]:
    """The Parquet and CSV files at `path` (one file, or a folder without its subfolders), sorted by name."""
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise BadFile(f"there is nothing at {path}", "give the path of a folder or file with prices")
    found = sorted(f for f in path.iterdir() if f.is_file() and f.name.lower().endswith(ENDINGS))
    if not found:
        inside = sorted(f.name for f in path.iterdir() if f.is_dir() and not f.name.startswith("."))
        hint = f"give one of its folders: {', '.join(inside[:8])}" if inside else "put Parquet or CSV files into it"
        raise BadFile(f"{path.name or path} holds no Parquet or CSV file", hint)
    return tuple(found)


def read_bars(
    path: Path, asset_class: AssetClass | None, calendar: str, frequency: str, listings: dict[str, Listing]
) -> Bars:
    """All bars at `path`; "" or None leave calendar, frequency and class to the files. BadFile says what to mend."""
    chosen, frequency, skipped = _of_one_frequency(*_price_files(path), frequency)
    bars = pd.concat([p.bars.assign(file=p.file) for p in chosen], ignore_index=True)
    if bars.empty:
        raise BadFile(f"{path.name} holds no bar", "every price in it is missing")
    home = path.resolve().parent.name if path.is_file() else path.resolve().name
    firsts = bars.drop_duplicates("symbol").set_index("symbol")["file"].sort_index()
    names = tuple(
        instrument(str(s), listings.get(str(s)), asset_class or hinted_class(str(f), home), calendar)
        for s, f in firsts.items()
    )
    timed, snapped = _timed(bars, names, frequency)
    once, repeated = drop_repeats(timed.assign(known_at=timed["event_time"]))
    checked = check_bars(once)
    _refuse_conflicts(where(checked.refused, equal(checked.refused, "reason", CONTRADICTS)))
    refused = name_refused(checked.refused)
    if checked.clean.empty:
        raise BadFile(f"{path.name} holds no usable bar", refused[0].detail)
    usable = set(column(checked.clean, "symbol").unique())
    kept = tuple(i for i in names if i.symbol in usable)
    told = once if len(kept) == len(names) else where(once, column(once, "symbol").isin(usable).to_numpy(np.bool_))
    first = to_datetime(moments(checked.clean, "known_at").min())
    return Bars(conform(Kind.BARS, told), kept, first, frequency, (*skipped, *snapped, *refused, *repeated))


def _price_files(path: Path) -> tuple[list[PriceFile], list[NotPrices]]:
    files = [f for f in data_files(path) if path.is_file() or f.name.split(".")[0].lower() not in RESERVED]
    prices: list[PriceFile] = []
    others: list[NotPrices] = []
    for file in files:
        try:
            prices.append(read_prices(file))
        except NotPrices as error:
            others.append(error)
    if not prices:
        raise others[0] if others else BadFile(f"{path.name} holds no prices", "put Parquet or CSV files into it")
    return prices, others


def _of_one_frequency(
    prices: list[PriceFile], others: list[NotPrices], wanted: str
) -> tuple[list[PriceFile], str, list[Finding]]:
    """The files of the wanted frequency (or of the only one), that frequency, and findings on those passed over."""
    found = {p.file: _frequency(p) for p in prices}
    kinds = sorted(set(found.values()))
    if not wanted and len(kinds) > 1:
        told = ", ".join(f"{name} {kind}" for name, kind in sorted(found.items()))
        raise BadFile(f"the files have bars of different length: {told}", "say which frequency, or give one file")
    frequency = wanted or kinds[0]
    if frequency not in kinds or frequency not in FREQUENCIES:
        name, kind = sorted(found.items())[0]
        asked = f", {wanted} were asked for" if wanted else ""
        raise BadFile(f"{name} has {kind} bars{asked}", "bars of 1d and 1h are read: resample the file")
    skipped = [Finding("refused", "", f"passed over: {error.message}") for error in others]
    skipped += [
        Finding("refused", "", f"passed over: {name} has {kind} bars")
        for name, kind in sorted(found.items())
        if kind != frequency
    ]
    return [p for p in prices if found[p.file] == frequency], frequency, skipped


def _frequency(prices: PriceFile) -> str:
    """The usual step between two bars of a symbol: "1d", "1h", or what else it is."""
    ordered = prices.bars.loc[:, ["symbol", "when"]].drop_duplicates().sort_values(["symbol", "when"])
    same = ordered["symbol"].to_numpy()[1:] == ordered["symbol"].to_numpy()[:-1]
    steps = np.diff(ordered["when"].to_numpy())[same] / np.timedelta64(1, "m")
    if not len(steps):
        midnight = column(prices.bars, "when").eq(column(prices.bars, "when").dt.normalize()).all()
        return "1d" if midnight else "1h"
    minutes = float(np.median(steps))
    if 0.8 * 1440 <= minutes <= 4 * 1440:
        return "1d"
    if minutes > 4 * 1440:
        return f"{round(minutes / 1440)}d"
    return f"{round(minutes / 60)}h" if minutes >= 60 else f"{max(1, round(minutes))}m"


def _timed(
    bars: pd.DataFrame, instruments: tuple[Instrument, ...], frequency: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The bars with start and event_time, and a "snapped" finding for each symbol with bars on days of no session."""
    calendars = {i.symbol: i.calendar for i in instruments}
    of_row = column(bars, "symbol").map(calendars).to_numpy()
    when = bars["when"].to_numpy().astype("datetime64[ns]")
    start, end, known = when.copy(), when.copy(), np.ones(len(bars), np.bool_)
    for name in sorted(set(calendars.values())):
        rows = of_row == name
        if frequency == "1h":
            end[rows] = hour_ends(name, when[rows])
        else:
            times = bar_times(name, when[rows])
            start[rows], end[rows], known[rows] = times.start, times.end, times.known
    timed = bars.assign(
        start=pd.Series(start, bars.index).dt.tz_localize("UTC"),
        event_time=pd.Series(end, bars.index).dt.tz_localize("UTC"),
    )
    counts = bars.loc[~known].groupby("symbol").size().sort_index()
    return timed, tuple(
        Finding("snapped", str(s), f"{n} bars on days without a {calendars[str(s)]} session end at 24:00 UTC")
        for s, n in counts.items()
    )


def _refuse_conflicts(contradicting: pd.DataFrame) -> None:
    if contradicting.empty:
        return
    first = contradicting.sort_values(["symbol", "event_time", "file"]).iloc[:2]
    symbol, files = first["symbol"].iloc[0], sorted(set(column(first, "file")))
    day = pd.Timestamp(first["event_time"].iloc[0]).strftime("%Y-%m-%dT%H:%MZ")
    raise BadFile(
        f"{symbol} has two different bars for {day} in {' and '.join(files)}",
        "give one of the files by its path"
        if len(files) > 1
        else "keep one of the two rows (is a column symbol missing?)",
    )
