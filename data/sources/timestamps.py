"""Dates as people write them into files, read without guessing."""

from __future__ import annotations

from datetime import date

import pandas as pd

from data.errors import BadFile
from data.sources.sessions import FIRST_YEAR, LAST_YEAR

_REMEDY = "write dates as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ"
_DAY = r"\d{4}-\d{2}-\d{2}"
_MIDNIGHT = rf"{_DAY}([T ]00:00(:00(\.0+)?)?(Z|[+-]\d{{2}}:?\d{{2}})?)?"


def read_times(column: pd.Series, file: str) -> pd.Series:
    """The column as naive datetime64[ns]: days as written, moments in UTC.

    A zone is dropped where every moment is a local midnight (then the day is meant) and converted to UTC otherwise;
    a moment without a zone is UTC. BadFile for numbers, for other forms than ISO 8601 (03/04/2020 is two days) and
    for dates outside the years in which there were prices.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        local = column.dt.tz_localize(None)
        days = column.dt.tz is None or bool(local.eq(local.dt.normalize()).all())
        return _checked(local if days else column.dt.tz_convert("UTC").dt.tz_localize(None), column, file)
    text = _texts(column, file)
    days = bool(text.str.fullmatch(_MIDNIGHT).fillna(False).all())
    return _checked(_parsed(text.str.slice(0, 10) if days else text), column, file)


def read_moments(column: pd.Series, file: str, *, day_ends: bool) -> pd.Series:
    """The column as datetime64[ns, UTC]; errors as in `read_times`.

    Unlike there a zone is always converted, for a release must never move to an earlier moment. A bare day means its
    first moment or, with `day_ends`, its last (24:00 UTC): what was known on a day is taken as known after it.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        moments = column if column.dt.tz is None else column.dt.tz_convert("UTC").dt.tz_localize(None)
        return _checked(moments, column, file).dt.tz_localize("UTC")
    text = _texts(column, file)
    times = _checked(_parsed(text), column, file)
    bare = text.str.fullmatch(_DAY).fillna(False).astype("bool")
    return times.where(~bare, times + pd.Timedelta(days=int(day_ends))).dt.tz_localize("UTC")


def _texts(column: pd.Series, file: str) -> pd.Series:
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        raise BadFile(f"{file} has numbers for dates, such as {column.iloc[0]}", _REMEDY)
    if column.map(type).eq(date).all():
        return column.map(date.isoformat).astype("str")
    return column.astype("str")


def _parsed(text: pd.Series) -> pd.Series:
    times = pd.Series(pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True), text.index)
    return times.dt.tz_localize(None)


def _checked(times: pd.Series, column: pd.Series, file: str) -> pd.Series:
    bad = times.isna()
    if bad.any():
        raise BadFile(f"{file} has {int(bad.sum())} unreadable dates, such as {column.loc[bad].iloc[0]!r}", _REMEDY)
    outside = (times.dt.year < FIRST_YEAR) | (times.dt.year >= LAST_YEAR)
    if outside.any():
        raise BadFile(
            f"{file} has the date {times.loc[outside].iloc[0].date()}", f"dates from {FIRST_YEAR} on are read"
        )
    return times.astype("datetime64[ns]")
