"""The user's own prices: a folder (or one file) of Parquet or CSV, read as it is and checked bar by bar."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from data.errors import BadConfig, SourceUnavailable
from data.market import Instrument
from data.snapshot import Finding
from data.sources.bars import window
from data.sources.fact_file import read_facts
from data.sources.price_folder import FREQUENCIES, data_files, read_bars
from data.sources.protocol import Kind, Param
from data.sources.universe_file import asset_class_of, read_universe

_READING = "files-v2"
"""Changes when the same files are read into other rows, so that the fingerprint does too."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """Everything a path holds; the frames are never changed (pandas copies on write)."""

    frames: Mapping[Kind, pd.DataFrame]
    instruments: tuple[Instrument, ...]
    first_usable: datetime
    calendar: str
    frequency: str
    findings: tuple[Finding, ...]


class FilesSource:
    """Bars, and where the folder has them macro facts, news and posts, of the files at `path`.

    `asset_class`, `calendar` (exchange-calendars name) and `frequency` ("1d" or "1h") are taken from the files where
    they are empty. Opening reads the files: BadFile names the file that cannot be used and what to do, BadConfig a
    setting that is refused. Bars that cannot be used are handed over as they are, and named by `findings()`.
    """

    name: str = "files"
    static: bool = True

    def __init__(self, path: str, asset_class: str = "", calendar: str = "", frequency: str = "") -> None:
        if frequency and frequency not in FREQUENCIES:
            raise BadConfig(f"bars of {frequency} are not read", "choose 1d or 1h, or leave it to the files")
        self._given: dict[str, Param] = {
            "path": path, "asset_class": asset_class, "calendar": calendar, "frequency": frequency,
        }  # fmt: skip
        place = Path(path).expanduser()
        self._fingerprint = _digest(place, asset_class, calendar, frequency)
        self._tables = _load(place, self._fingerprint, asset_class, calendar, frequency)
        self.calendar: str = self._tables.calendar
        self.frequency: str = self._tables.frequency

    def params(self) -> dict[str, Param]:
        """The arguments as they were given."""
        return dict(self._given)

    def fingerprint(self) -> str:
        """sha256 of the names and contents of the files, and of how they were asked to be read."""
        return self._fingerprint

    def instruments(self) -> tuple[Instrument, ...]:
        """All names with at least one usable bar, sorted by symbol."""
        return self._tables.instruments

    def span(self) -> tuple[datetime, datetime]:
        """The first usable bar, and the last bar of any kind (UTC): on a day of refused bars the desk must abstain."""
        return self._tables.first_usable, self._tables.frames[Kind.BARS]["known_at"].iloc[-1].to_pydatetime()

    def findings(self) -> tuple[Finding, ...]:
        """Files passed over, bars refused or given twice, bars on days without a session."""
        return self._tables.findings

    def fetch(self, kind: Kind, since: datetime | None, until: datetime | None) -> pd.DataFrame:
        """Rows with since < known_at <= until; SourceUnavailable for a kind of which the folder has no file."""
        frame = self._tables.frames.get(kind)
        if frame is None:
            remedy = "" if kind is Kind.CHAINS else f"put a {kind.value}.csv or {kind.value}.parquet beside the prices"
            raise SourceUnavailable(f"the files carry no {kind.value}", remedy)
        return window(frame, since, until)


@lru_cache(maxsize=4)
def _load(path: Path, fingerprint: str, asset_class: str, calendar: str, frequency: str) -> _Tables:
    """All tables at a path; `fingerprint` is part of the key, so that changed files are read again."""
    beside = {} if path.is_file() else {f.name.split(".")[0].lower(): f for f in data_files(path)}
    listings = read_universe(beside["universe"]) if "universe" in beside else {}
    chosen = asset_class_of(asset_class, "the setting asset_class") if asset_class else None
    bars = read_bars(path, chosen, calendar, frequency, listings)
    frames, findings = {Kind.BARS: bars.frame}, list(bars.findings)
    for kind in (Kind.MACRO, Kind.NEWS, Kind.POSTS):
        if kind.value in beside:
            frames[kind], found = read_facts(kind, beside[kind.value])
            findings += found
    calendars = [i.calendar for i in bars.instruments]
    usual = max(sorted(set(calendars)), key=calendars.count)
    return _Tables(frames, bars.instruments, bars.first_usable, calendar or usual, bars.frequency, tuple(findings))


def _digest(path: Path, *reading: str) -> str:
    digest = hashlib.sha256("\n".join((_READING, *reading)).encode())
    for file in data_files(path):
        digest.update(f"\n{file.name}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
