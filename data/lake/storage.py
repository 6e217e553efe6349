"""Delta tables on disk: one commit or none, read at any version, and every failure under its own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from deltalake.exceptions import DeltaError

from data.errors import CorruptFile, StorageFailed

Metadata = Mapping[str, str]

_FOREVER = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}
"""A record names a version for good, so no version is ever cleaned away."""

_LOG = "_delta_log"
_OURS = "bullpen"
"""The one metadata key we write; its value is chosen by the caller."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One version of a table, and the note it was written with."""

    version: int
    note: str


def exists(path: Path) -> bool:
    """Whether a table was ever committed here; a first write that failed left none."""
    return any((path / _LOG).glob("*.json"))


def has_version(path: Path, version: int) -> bool:
    """Whether the log entry of a version is in place."""
    return (path / _LOG / f"{version:020d}.json").exists()


def commits(path: Path, limit: int | None = None) -> tuple[Commit, ...]:
    """Commits, newest first; none where there is no table."""
    if not exists(path):
        return ()
    history = _guarded(path, lambda: _open(path, None).history(limit))
    return tuple(Commit(int(entry["version"]), str(entry.get(_OURS, ""))) for entry in history)


def last(path: Path) -> Commit | None:
    """The newest commit."""
    return next(iter(commits(path, 1)), None)


def partitions(path: Path, column: str) -> frozenset[str]:
    """Values of a partition column at the latest version."""
    rows: list[dict[str, Any]] = _guarded(path, lambda: _open(path, None).partitions())
    return frozenset(str(row[column]) for row in rows)


def read(path: Path, version: int | None = None, filters: list[tuple[str, str, Any]] | None = None) -> pa.Table:
    """Rows of a version (None: the latest) that pass the filters."""
    return _guarded(path, lambda: _open(path, version).to_pyarrow_table(filters=filters))


def write(path: Path, table: pa.Table, note: str, *, append: bool, partition_by: str | None = None) -> int:
    """Commit a table whole (append=False) or more rows of it; gives the new version.

    Raises StorageFailed where the write did not reach the disk: the table then is as it was.
    """
    if exists(path):
        _guarded(path, lambda: _open(path, None))
    try:
        write_deltalake(
            path,
            table,
            mode="append" if append else "overwrite",
            partition_by=partition_by,
            configuration=None if append and exists(path) else _FOREVER,
            commit_properties=CommitProperties(custom_metadata={_OURS: note}),
            post_commithook_properties=PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False),
        )
    except (DeltaError, OSError) as error:
        message = f"the lake table {_label(path)} could not be written: {_line(error)}"
        raise StorageFailed(message, "free some disk space and run it again; nothing was changed") from error
    return _guarded(path, lambda: _open(path, None).version())


def _open(path: Path, version: int | None) -> DeltaTable:
    for entry in (path / _LOG).glob("*.json"):
        if not entry.stat().st_size:
            raise OSError(f"log entry {entry.name} is empty")
    return DeltaTable(path, version=version)


def _guarded(path: Path, action: Any) -> Any:
    """What the action gives; CorruptFile where the table is not what was written."""
    try:
        return action()
    except (DeltaError, OSError, pa.ArrowException) as error:
        remedy = f"move the folder {path} away; a static source is read into it again, records of it no longer replay"
        raise CorruptFile(f"the lake table {_label(path)} cannot be read: {_line(error)}", remedy) from error


def _label(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__
