"""Snapshots and histories from the lake: lake -> checked bars -> panel -> features -> facts, frozen and hashed.

Only `ingest` writes. All else is a function of lake versions and an instant: rows are cut at known_at <= as_of before
anything is computed, so that nothing later can reach a Snapshot.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import pandas as pd

from data.alignment import build_panel, fresh, refused_cells
from data.arrays import features_from, freeze, panel_from
from data.chains import summarise_chains
from data.clock import Slots, slot_text, to_datetime, to_datetime64, to_utc
from data.content import content_hash
from data.errors import InputError, OutOfRange, SourceUnavailable
from data.facts import find, macro_facts, texts_of
from data.features.catalog import compute_features
from data.features.groups import absent_kinds, known_beside, reasons, without_groups
from data.features.regime_fit import RegimeFits
from data.features.spec import Features
from data.features.text import LOOKBACK_SLOTS
from data.frames import cut, moments
from data.history import History
from data.lake import tables
from data.lake.ingest import IngestReport
from data.lake.lake import Lake
from data.market import BoolArray, Instrument
from data.outcomes import FillTapes, NextBar, fill_prices
from data.panel import Panel
from data.quality import Checked
from data.snapshot import Snapshot
from data.sources.protocol import Kind, Source
from data.universe import select

CACHED_SNAPSHOTS = 4
REGIMES = "regimes"
"""The folder of regime models under the lake's root."""


class SnapshotBuilder(Protocol):
    """Whatever can tell what was knowable at an instant."""

    def build(self, as_of: datetime) -> Snapshot:
        """The facts with known_at <= as_of."""
        ...


@dataclass(frozen=True, slots=True)
class _Facts:
    """The rows that were known at an instant: everything a snapshot is computed from."""

    instruments: tuple[Instrument, ...]
    checked: Checked
    macro: pd.DataFrame
    news: pd.DataFrame
    posts: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Computed:
    """Panel and features at every slot; `ready` (T, S) is True where a symbol may be traded."""

    panel: Panel
    features: Features
    full: Features
    """With the groups that are switched off: what is found wrong with the data does not depend on them."""
    ready: BoolArray


class LakeSnapshots:
    """Snapshots of one source on one clock. `symbols` (None: all) are traded; `history_bars` 0 keeps every slot.

    The feature groups `off` (data.features.groups) are absent from all it builds. Raises UnknownSymbol, and OutOfRange
    where the source has no data at an instant.
    """

    def __init__(
        self,
        source: Source,
        lake: Lake,
        slots: Slots,
        symbols: tuple[str, ...] | None = None,
        history_bars: int = 0,
        off: frozenset[str] = frozenset(),
    ) -> None:
        self._source, self._lake, self._slots = source, lake, slots
        self._symbols, self._history_bars, self._off = symbols, history_bars, off
        self._key = tables.source_key(source)
        self._fits = RegimeFits(lake.root / REGIMES)
        self._ingested: tuple[datetime, IngestReport] | None = None
        self._versions: dict[str, int] = {}
        self._built: OrderedDict[tuple[object, ...], Snapshot] = OrderedDict()
        self._tapes: tuple[int, FillTapes] | None = None

    @property
    def source_key(self) -> str:
        """The folder of the source's tables in the lake."""
        return self._key

    def showing(self, off: frozenset[str]) -> LakeSnapshots:
        """The same facts with other groups of features off."""
        return LakeSnapshots(self._source, self._lake, self._slots, self._symbols, self._history_bars, off)

    def ingest(self, as_of: datetime) -> IngestReport:
        """Bring the lake up to `as_of`."""
        report = self._lake.ingest(self._source, as_of)
        self._ingested, self._versions = (to_utc(as_of), report), report.versions
        return report

    def build(
        self, as_of: datetime, versions: dict[str, int] | None = None, unavailable: dict[str, str] | None = None
    ) -> Snapshot:
        """The Snapshot at the slot `as_of`.

        With `versions` (and what was `unavailable`, as a record has them) nothing is ingested: a replay. Raises
        CorruptFile where a version cannot be read, SourceUnavailable where there are no bars at all.
        """
        as_of = to_utc(as_of)
        if versions is None:
            versions, unavailable = self._present(as_of)
        self._versions = versions
        name = (as_of, tuple(sorted(versions.items())), tuple(sorted((unavailable or {}).items())))
        if name not in self._built:
            self._built[name] = self._snapshot(as_of, versions, dict(unavailable or {}))
            while len(self._built) > CACHED_SNAPSHOTS:
                self._built.popitem(last=False)
        return self._built[name]

    def keep(self, snapshot: Snapshot) -> dict[str, int]:
        """Store the features a decision is made on in the gold table, once; gives the table's name and version."""
        return {tables.FEATURES: self._lake.append_gold(self._key, snapshot)}

    def history(self, start: datetime, end: datetime, versions: dict[str, int] | None = None) -> History:
        """Slots start..end with their outcomes; rows are bit-equal to those of the snapshots, and nothing known
        after `end` is in it (so the last fill is NaN)."""
        end = to_utc(end)
        versions = self._present(end)[0] if versions is None else versions
        facts = self._facts(end, versions, {})
        done = self._computed(facts, end, 0)
        first = int(np.searchsorted(done.panel.times, to_datetime64(start), side="left"))
        if first == len(done.panel.times):
            raise OutOfRange(f"there is no slot from {start:%Y-%m-%d} to {end:%Y-%m-%d}", "choose an earlier start")
        panel, features = panel_from(done.panel, first), features_from(done.features, first)
        fill, ready = fill_prices(facts.checked.clean, panel), done.ready[first:]
        digest = content_hash({"source": self._source.name}, panel, features, fill, ready)
        return freeze(History(self._source.name, panel, features, fill, ready, digest, dict(versions)))

    def bars(self, until: datetime | None = None, versions: dict[str, int] | None = None) -> pd.DataFrame:
        """Bars that may be used (COLUMNS[BARS]) with known_at <= until, of the versions last ingested or built."""
        held = versions or self._versions
        if tables.table_name(Kind.BARS) not in held:
            raise InputError("no facts are open", "ingest or build a slot before asking for bars")
        return cut(self._lake.bars(self._key, held[tables.table_name(Kind.BARS)]).clean, None, until)

    def next_bar(self, symbol: str, after: datetime) -> NextBar | None:
        """The price a decision taken at `after` is filled at; None while no later bar is known."""
        version = self._versions.get(tables.table_name(Kind.BARS), -1)
        if self._tapes is None or self._tapes[0] != version:
            self._tapes = (version, FillTapes(self.bars()))
        return self._tapes[1].next_bar(symbol, after)

    # --- from versions to facts -------------------------------------------------------------------------------

    def _present(self, as_of: datetime) -> tuple[dict[str, int], dict[str, str]]:
        held = self._ingested
        report = held[1] if held is not None and held[0] == as_of else self.ingest(as_of)
        return report.versions, report.unavailable

    def _facts(self, as_of: datetime, versions: dict[str, int], unavailable: dict[str, str]) -> _Facts:
        """Rows known at `as_of`; OutOfRange where the bars do not reach it."""
        bars = versions.get(tables.table_name(Kind.BARS))
        if bars is None:
            raise SourceUnavailable(
                f"{self._source.name} has no bars: {unavailable.get(Kind.BARS, 'none were stored')}",
                "choose another source, or try again later",
            )
        everything = self._lake.bars(self._key, bars)
        instruments = self._instruments(versions)
        self._within(everything, as_of)
        checked = Checked(cut(everything.clean, None, as_of), cut(everything.refused, None, as_of))
        absent = absent_kinds(self._off)
        rows = {
            kind: tables.empty(kind) if kind in absent else self._read(kind, versions, as_of)
            for kind in (Kind.MACRO, Kind.NEWS, Kind.POSTS)
        }
        return _Facts(instruments, checked, rows[Kind.MACRO], rows[Kind.NEWS], rows[Kind.POSTS])

    def _read(self, kind: Kind, versions: dict[str, int], as_of: datetime) -> pd.DataFrame:
        version = versions.get(tables.table_name(kind))
        if version is None:
            return tables.empty(kind)
        return self._lake.read(self._key, kind, version, None, as_of)

    def _instruments(self, versions: dict[str, int]) -> tuple[Instrument, ...]:
        version = versions.get(tables.table_name(tables.INSTRUMENTS))
        known = self._source.instruments() if version is None else self._lake.instruments(self._key, version)
        return known if self._symbols is None else select(known, self._symbols, self._source.name)

    def _within(self, bars: Checked, as_of: datetime) -> None:
        """`as_of` must be a slot within the data, of which refused bars may be the last. A live source may be behind:
        its symbols are stale then."""
        nearest = self._slots.at_or_before(as_of)
        if nearest != as_of:
            remedy = f"the slot before it is {slot_text(nearest)}"
            raise OutOfRange(f"{slot_text(as_of)} is no slot of {self._slots.calendar}", remedy)
        if bars.clean.empty:
            raise OutOfRange(f"{self._source.name} has no usable bars", "choose another source")
        first = to_datetime(moments(bars.clean, "known_at")[0])
        last = to_datetime(max(moments(each, "known_at")[-1] for each in (bars.clean, bars.refused) if len(each)))
        if as_of < first or (as_of > last and self._source.static):
            span = f"{self._source.name} has {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            raise OutOfRange(f"{slot_text(as_of)} is outside the data", f"{span}; name a date within it")

    # --- from facts to snapshot -------------------------------------------------------------------------------

    def _computed(self, facts: _Facts, as_of: datetime, history_bars: int) -> _Computed:
        """From the first slot at which one of the instruments has a bar; the last `history_bars` slots (0: all)."""
        clean, instruments = facts.checked.clean, facts.instruments
        slots = self._slots.between(to_datetime(moments(clean, "known_at")[0]), as_of)
        panel = build_panel(clean, instruments, slots)
        begun = np.flatnonzero((panel.age >= 0).any(axis=1))
        if not len(begun):
            raise OutOfRange(f"no symbol has a bar by {slot_text(as_of)}", "name a later date, or more symbols")
        panel = panel_from(panel_from(panel, int(begun[0])), -history_bars)
        max_age = self._slots.max_age
        full = compute_features(panel, facts.news, facts.posts, facts.macro, fits=self._fits, max_age=max_age)
        refused = refused_cells(facts.checked, instruments, panel.times)
        ready = fresh(panel, max_age) & known_beside(full, self._off) & ~refused
        return _Computed(panel, without_groups(full, self._off), full, ready)

    def _snapshot(self, as_of: datetime, versions: dict[str, int], unavailable: dict[str, str]) -> Snapshot:
        facts = self._facts(as_of, versions, unavailable)
        unavailable |= reasons(self._off)
        done = self._computed(facts, as_of, self._history_bars)
        recent = self._slots.back(as_of, LOOKBACK_SLOTS)
        symbols = done.panel.symbols
        macro = macro_facts(facts.macro)
        news = texts_of(cut(facts.news, recent, None), "publisher", symbols)
        posts = texts_of(cut(facts.posts, recent, None), "channel", symbols)
        chains = summarise_chains(self._chains(versions, recent, as_of))
        findings = find(done.panel, done.full, facts.checked.refused, unavailable, self._slots.max_age)
        tradable = done.ready[-1].copy()
        words = {
            "source": self._source.name, "as_of": as_of, "frequency": self._slots.frequency, "macro": macro,
            "news": news, "posts": posts, "chains": chains, "findings": findings, "unavailable": unavailable,
        }  # fmt: skip
        snapshot = Snapshot(
            self._source.name, as_of, self._slots.frequency, done.panel, done.features, tradable, macro, news, posts,
            chains, findings, unavailable, dict(versions),
            content_hash(words, done.panel, done.features, tradable),
        )  # fmt: skip
        return freeze(snapshot)

    def _chains(self, versions: dict[str, int], since: datetime, as_of: datetime) -> pd.DataFrame:
        version = versions.get(tables.table_name(Kind.CHAINS))
        if version is None:
            return tables.empty(Kind.CHAINS)
        return self._lake.read(self._key, Kind.CHAINS, version, since, as_of)
