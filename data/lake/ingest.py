"""Bringing one source's tables up to date: static sources whole, once for each fingerprint; live ones by increments.

Every step is one Delta commit, is skipped where it was already made, and leaves the table as it was where it fails.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from data.clock import slot_text, to_datetime
from data.errors import SourceUnavailable
from data.frames import equal, moments, numbers, where
from data.lake import storage, tables
from data.lake.texts import clean_texts
from data.market import BoolArray
from data.redaction import Redactor
from data.snapshot import Finding
from data.sources.protocol import Kind, Source

CHAIN_WINDOWS = (timedelta(days=1), timedelta(days=5))
"""How far back the latest option chains are looked for: a day, and across a long weekend."""

OVERLAP = {Kind.BARS: timedelta(days=10), Kind.MACRO: timedelta(0), Kind.NEWS: timedelta(2), Kind.POSTS: timedelta(2)}
"""How far behind what is stored a live source is asked again: for what it delivered late or has corrected since."""

HELD = "_held"
_NOISE = 1e-6
"""A relative change of a number below this is a provider's rounding, not a revision."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Table name -> version to read; kind -> reason, for kinds that could not be had; what the source says of itself.

    The findings speak of a source's whole content, its future included, and so never enter a Snapshot.
    """

    versions: dict[str, int]
    unavailable: dict[str, str]
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Outcome:
    """The report being written."""

    versions: dict[str, int]
    unavailable: dict[str, str]

    def note(self, kind: Kind | str, path: Path, version: int | None, reason: str = "") -> None:
        """A kind was had at a version, or could not be had for a reason (an older version may still stand)."""
        if version is not None:
            self.versions[tables.table_name(kind)] = version
        if reason:
            self.unavailable[str(kind)] = Redactor().text(reason)


def table_path(root: Path, key: str, kind: Kind | str) -> Path:
    """The folder of one source's table."""
    return root / tables.SILVER / str(kind) / key


def take_static(root: Path, key: str, source: Source) -> Outcome:
    """Each table at the version that holds this fingerprint, written where there is none yet."""
    out = Outcome({}, {})
    fingerprint = source.fingerprint()
    for kind in tables.WHOLE:
        path = table_path(root, key, kind)
        version = _version_of(path, fingerprint)
        if version is None:
            try:
                frame = prepare(kind, source.fetch(kind, None, None))
            except SourceUnavailable as error:
                out.note(kind, path, None, error.message)
                continue
            version = storage.write(path, tables.to_arrow(kind, frame), fingerprint, append=False)
        out.note(kind, path, version)
    take_instruments(root, key, source, fingerprint, out)
    return out


def take_live(root: Path, key: str, source: Source, until: datetime) -> Outcome:
    """Append what became known by `until` and is not stored yet; a kind that fails keeps its last version."""
    out = Outcome({}, {})
    for kind in tables.WHOLE:
        path = table_path(root, key, kind)
        held = tables.from_arrow(kind, storage.read(path)) if storage.exists(path) else None
        last = storage.last(path)
        version = last.version if last else None
        try:
            new = _increment(kind, source, held, until)
        except SourceUnavailable as error:
            out.note(kind, path, version, error.message)
            continue
        if held is None or len(new):
            version = storage.write(path, tables.to_arrow(kind, new), slot_text(until), append=held is not None)
        out.note(kind, path, version)
    listing = repr(source.instruments())
    take_instruments(root, key, source, hashlib.sha256(listing.encode()).hexdigest(), out)
    return out


def take_chains(root: Path, key: str, source: Source, until: datetime, out: Outcome) -> None:
    """Append the latest chains known at `until`, unless they are stored; a new fingerprint starts the table anew."""
    path = table_path(root, key, Kind.CHAINS)
    fingerprint = source.fingerprint()
    last = storage.last(path)
    current = last if last is not None and last.note == fingerprint else None
    try:
        frame = _latest_chains(source, until)
    except SourceUnavailable as error:
        out.note(Kind.CHAINS, path, current.version if current else None, error.message)
        return
    if current is not None:
        held = sorted(storage.partitions(path, tables.INSTANT))
        frame = where(frame, ~np.isin(tables.instants(frame), held))
    version = current.version if current else None
    if version is None or len(frame):
        table = tables.to_arrow(Kind.CHAINS, frame)
        append = current is not None
        version = storage.write(path, table, fingerprint, append=append, partition_by=tables.INSTANT)
    out.note(Kind.CHAINS, path, version)


def take_instruments(root: Path, key: str, source: Source, fingerprint: str, out: Outcome) -> None:
    """The tradable names, so that a record replays with those it saw."""
    path = table_path(root, key, tables.INSTRUMENTS)
    version = _version_of(path, fingerprint)
    if version is None:
        version = storage.write(path, tables.instrument_table(source.instruments()), fingerprint, append=False)
    out.note(tables.INSTRUMENTS, path, version)


def prepare(kind: Kind, frame: pd.DataFrame) -> pd.DataFrame:
    """A source's frame as it is stored."""
    return clean_texts(frame) if kind in (Kind.NEWS, Kind.POSTS) else frame


def _version_of(path: Path, fingerprint: str) -> int | None:
    return next((c.version for c in storage.commits(path) if c.note == fingerprint), None)


def _increment(kind: Kind, source: Source, held: pd.DataFrame | None, until: datetime) -> pd.DataFrame:
    """New facts and revisions. A value that changed without a new known_at is a revision known at `until`."""
    if held is None or held.empty:
        return prepare(kind, source.fetch(kind, None, until))
    watermark = to_datetime(moments(held, "known_at")[-1])
    if watermark >= until:
        return held.iloc[:0]
    fetched = prepare(kind, source.fetch(kind, watermark - OVERLAP[kind], until))
    keys = list(tables.KEYS[kind])
    latest = held.drop_duplicates(keys, keep="last")
    both = fetched.merge(latest, on=keys, how="left", suffixes=("", HELD), indicator="where")
    known = equal(both, "where", "both")
    if kind in (Kind.NEWS, Kind.POSTS):
        return where(fetched, ~known)
    changed = known & _differs(both)
    silent = changed & (moments(both, "known_at") <= moments(both, f"known_at{HELD}"))
    known_at = fetched["known_at"].mask(silent, pd.Timestamp(until))
    return where(fetched.assign(known_at=known_at), ~known | changed)


def _differs(both: pd.DataFrame) -> BoolArray:
    """Rows in which a number moved by more than rounding (an unknown one that stays unknown did not)."""
    out = np.zeros(len(both), np.bool_)
    for name in both.columns:
        if f"{name}{HELD}" in both.columns and both[name].dtype.kind == "f":
            new, old = numbers(both, name), numbers(both, f"{name}{HELD}")
            out |= ~np.isclose(new, old, rtol=_NOISE, atol=0.0, equal_nan=True)
    return out


def _latest_chains(source: Source, until: datetime) -> pd.DataFrame:
    frame = source.fetch(Kind.CHAINS, until - CHAIN_WINDOWS[0], until)
    for window in CHAIN_WINDOWS[1:]:
        frame = frame if len(frame) else source.fetch(Kind.CHAINS, until - window, until)
    last = frame.groupby("underlying")["known_at"].transform("max")
    return where(frame, np.asarray(frame["known_at"] == last, np.bool_))
