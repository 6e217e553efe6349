"""Macro facts, news and posts that a user puts beside the prices: each row says when it became known."""

from __future__ import annotations

import zlib
from pathlib import Path

import pandas as pd

from data.errors import BadFile
from data.snapshot import Finding
from data.sources.bars import column, conform
from data.sources.price_file import lower_names, read_table
from data.sources.protocol import COLUMNS, MACRO_ROLES, Kind
from data.sources.timestamps import read_moments

_NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.MACRO: ("series", "role", "event_time", "known_at", "value"),
    Kind.NEWS: ("known_at", "text"),
    Kind.POSTS: ("known_at", "text"),
}
_NUMBERS = ("value", "score")


def read_facts(kind: Kind, path: Path) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The rows of `macro`, `news` or `posts` (COLUMNS[kind]) and a "refused" finding for each unusable value.

    `known_at` must be given, for it cannot be guessed from when a thing happened; a bare day means its end.
    `event_time` of a text is its `known_at` where it is absent; a text without a symbol is market-wide, one without
    an id is named by its content. BadFile for a missing column, an unknown role, unreadable dates, or a row known
    before it happened.
    """
    raw = lower_names(path, read_table(path))
    missing = [name for name in _NEEDED[kind] if name not in raw]
    if missing:
        raise BadFile(f"{path.name} has no column {missing[0]}", "it needs " + ", ".join(_NEEDED[kind]))
    out = pd.DataFrame({"known_at": read_moments(column(raw, "known_at"), path.name, day_ends=True)})
    out["event_time"] = out["known_at"]
    if "event_time" in raw:
        out["event_time"] = read_moments(column(raw, "event_time"), path.name, day_ends=False)
    early = int((column(out, "known_at") < column(out, "event_time")).sum())
    if early:
        raise BadFile(f"{path.name} has {early} rows known before they happened", "known_at is the time of release")
    for name in COLUMNS[kind]:
        if name not in out:
            out[name] = _column(raw, name)
    if kind is Kind.MACRO:
        return _macro(path, out)
    unnamed = out["id"].eq("")
    out.loc[unnamed, "id"] = [_name(s, t) for s, t in zip(out["symbol"][unnamed], out["text"][unnamed], strict=True)]
    blank = column(out, "text").str.strip().eq("")
    found = (Finding("refused", "", f"{path.name}: {int(blank.sum())} rows without a text"),) if blank.any() else ()
    return conform(kind, out.loc[~blank]), found


def _macro(path: Path, facts: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    strange = sorted(set(facts["role"]) - set(MACRO_ROLES))
    if strange:
        raise BadFile(f"{path.name} has the role {strange[0]!r}", "roles are " + ", ".join(MACRO_ROLES))
    absent = ~column(facts, "value").abs().lt(float("inf"))
    counts = facts.loc[absent].groupby("series").size().sort_index()
    found = tuple(Finding("refused", "", f"{path.name}: {n} values of {s} are missing") for s, n in counts.items())
    return conform(Kind.MACRO, facts.loc[~absent]), found


def _column(raw: pd.DataFrame, name: str) -> pd.Series:
    if name in _NUMBERS:
        given = column(raw, name) if name in raw else pd.Series(float("nan"), raw.index)
        return pd.Series(pd.to_numeric(given, errors="coerce"), raw.index, dtype="float64")
    return (
        column(raw, name).astype("object").fillna("").astype("str")
        if name in raw
        else pd.Series("", raw.index, dtype="str")
    )


def _name(symbol: str, text: str) -> str:
    return f"{zlib.crc32(f'{symbol} {text}'.encode()):08x}"
