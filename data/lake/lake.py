"""The lake: silver tables of facts and the gold table of features decisions were made on, all of them versioned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from filelock import FileLock, Timeout

from data.clock import to_utc
from data.errors import StorageFailed
from data.frames import cut
from data.lake import gold, storage, tables
from data.lake.ingest import IngestReport, Outcome, table_path, take_chains, take_live, take_static
from data.market import Instrument
from data.quality import Checked, check_bars
from data.snapshot import Snapshot
from data.sources.protocol import Kind, Source

CACHED_TABLES = 12
LOCK_TIMEOUT_S = 120.0

_T = TypeVar("_T")


class Lake:
    """All tables under one root, `<root>/silver/<kind>/<source key>` and `<root>/gold/features/<source key>`.

    One process writes at a time; readers need no lock, since a version never changes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._cache: OrderedDict[tuple[Path, int, str], Any] = OrderedDict()
        self._settled: dict[tuple[str, str], Outcome] = {}
        self._chains: dict[tuple[str, str, datetime], Outcome] = {}
        self._gold: dict[tuple[str, str], int] = {}

    def ingest(self, source: Source, until: datetime) -> IngestReport:
        """Bring the source's tables up to `until` and say which versions hold what it knows.

        A kind the source cannot deliver stands in `unavailable`; a live one may still have an older version.
        Raises StorageFailed (the table is as it was) and CorruptFile.
        """
        key, until = tables.source_key(source), to_utc(until)
        whole = self._whole(key, source, until)
        chains = self._latest_chains(key, source, until)
        speaks: Callable[[], tuple[Any, ...]] | None = getattr(source, "findings", None)
        return IngestReport(
            dict(sorted((whole.versions | chains.versions).items())),
            dict(sorted((whole.unavailable | chains.unavailable).items())),
            tuple(speaks()) if speaks is not None else (),
        )

    def read(
        self, key: str, kind: Kind, version: int, since: datetime | None = None, until: datetime | None = None
    ) -> pd.DataFrame:
        """Rows of a version with since < known_at <= until, in the order tables.ORDER; news and posts with `tone`.

        Raises CorruptFile where the version cannot be read. The frame is shared: it must not be written to.
        """
        path = table_path(self.root, key, kind)
        if kind is Kind.CHAINS:
            bounds = ((">", since), ("<=", until))
            filters = [("known_at", sign, moment) for sign, moment in bounds if moment is not None]
            return tables.from_arrow(kind, storage.read(path, version, filters or None))
        frame = self._cached(path, version, "rows", lambda: tables.from_arrow(kind, storage.read(path, version)))
        return cut(frame, since, until)

    def bars(self, key: str, version: int) -> Checked:
        """All bars of a version, sorted into those that may be used and those that may not."""
        path = table_path(self.root, key, Kind.BARS)
        return self._cached(path, version, "checked", lambda: check_bars(self.read(key, Kind.BARS, version)))

    def instruments(self, key: str, version: int) -> tuple[Instrument, ...]:
        """The tradable names of a version, sorted by symbol."""
        path = table_path(self.root, key, tables.INSTRUMENTS)
        return self._cached(path, version, "names", lambda: tables.to_instruments(storage.read(path, version)))

    def append_gold(self, key: str, snapshot: Snapshot) -> int:
        """Keep the features a decision was made on; gives the version that holds them.

        Idempotent for a source, `as_of` and content: whichever book asks, and however often, the rows stand once.
        """
        path = self.root / tables.FEATURES / key
        decision = (key, gold.decision_name(snapshot))
        if decision not in self._gold or not storage.has_version(path, self._gold[decision]):
            with self._alone():
                self._gold[decision] = gold.append(path, snapshot)
        return self._gold[decision]

    def read_gold(self, key: str, version: int) -> pd.DataFrame:
        """The feature rows of a version: one a decision and symbol."""
        return storage.read(self.root / tables.FEATURES / key, version).to_pandas()

    # --- what is settled is not looked at again ---------------------------------------------------------------

    def _whole(self, key: str, source: Source, until: datetime) -> Outcome:
        if not source.static:
            with self._alone():
                return take_live(self.root, key, source, until)
        known = (key, source.fingerprint())
        if known not in self._settled or not self._in_place(key, self._settled[known]):
            with self._alone():
                self._settled[known] = take_static(self.root, key, source)
        return self._settled[known]

    def _latest_chains(self, key: str, source: Source, until: datetime) -> Outcome:
        known = (key, source.fingerprint(), until)
        if not source.static or known not in self._chains or not self._in_place(key, self._chains[known]):
            out = Outcome({}, {})
            with self._alone():
                take_chains(self.root, key, source, until, out)
            self._chains[known] = out
        return self._chains[known]

    def _in_place(self, key: str, outcome: Outcome) -> bool:
        return all(storage.has_version(self.root / name / key, version) for name, version in outcome.versions.items())

    def _cached(self, path: Path, version: int, what: str, load: Callable[[], _T]) -> _T:
        name = (path, version, what)
        if name not in self._cache:
            self._cache[name] = load()
            while len(self._cache) > CACHED_TABLES:
                self._cache.popitem(last=False)
        self._cache.move_to_end(name)
        return self._cache[name]

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One writer at a time; the operating system releases the lock even after a kill."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / "lake.lock", timeout=LOCK_TIMEOUT_S)
            lock.acquire()
        except Timeout as error:
            raise StorageFailed("another process is writing the lake", "wait for it and run it again") from error
        except OSError as error:
            message = f"the lake folder cannot be written: {error.strerror}"
            raise StorageFailed(message, "check the disk and the folder's permissions") from error
        try:
            yield
        finally:
            lock.release()
