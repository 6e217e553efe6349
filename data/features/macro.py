"""Macro features: how surprising the latest releases are against the series' own past, as known at each slot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.frames import moments, numbers, where, words
from data.market import BoolArray, FloatArray, IntArray, TimeArray
from data.sources.protocol import MACRO_ROLES

_TIMES = ("event_time", "known_at")
MIN_CHANGES = 8
"""Changes of a series that must be known before one can be called large or small."""
MAX_Z = 5.0
GRACE = np.timedelta64(10, "D")
"""A release is stale when its successor is overdue by more than its usual gap and this grace."""


def releases(macro: pd.DataFrame) -> pd.DataFrame:
    """Rows that were the latest figure of their series when they became known, by series and known_at.

    `change` is the difference from the period before, in its vintage of that moment; NaN for a first release.
    Figures without a number, and those said to be known before their period, are passed over.
    """
    told = ~np.isnan(numbers(macro, "value")) & (moments(macro, "known_at") >= moments(macro, "event_time"))
    rows = where(macro, told)
    series = pd.factorize(rows["series"], sort=True)[0]
    period, instant = (np.unique(moments(rows, name), return_inverse=True)[1] for name in _TIMES)
    size = len(rows) + 1
    key = series * size + period
    by_time = np.lexsort((period, instant, series))
    latest = by_time[key[by_time] == np.maximum.accumulate(key[by_time])] if len(rows) else by_time
    previous = _period_before(key[latest], series[latest])
    vintages = np.sort(key * size + instant)
    order = np.argsort(key * size + instant, kind="stable")
    at = np.searchsorted(vintages, previous * size + instant[latest], side="right") - 1
    there = (previous >= 0) & (at >= 0)
    value = numbers(rows, "value")
    before = np.where(there, value[order[at]], np.nan) if len(rows) else value
    return rows.iloc[latest].assign(change=value[latest] - before)


def _period_before(key: IntArray, series: IntArray) -> IntArray:
    """For each row, the key of the period its series was at before, (N,); -1 where there was none."""
    if not len(key):
        return key
    begins = np.r_[True, key[1:] != key[:-1]]
    run = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    earlier = first[np.maximum(run - 1, 0)]
    return np.where((run > 0) & (series[earlier] == series), key[earlier], -1)


def macro_features(macro: pd.DataFrame, times: TimeArray) -> dict[str, FloatArray]:
    """`macro_<role>` (T,): mean z-score of the latest changes of the role's series; `macro_known` (T,).

    A z-score is against all changes known so far and lies in [-5, 5]; it is 0 where no series of the role has a known,
    timely release. `macro_known` is the share of roles that have one.
    """
    sums = {role: np.zeros(len(times)) for role in MACRO_ROLES}
    counts = {role: np.zeros(len(times)) for role in MACRO_ROLES}
    for _, rows in releases(macro).groupby("series", sort=True):
        role = words(rows, "role")[-1]
        if role in sums:
            score, timely = _of_series(rows, times)
            sums[role] += np.where(timely, score, 0.0)
            counts[role] += timely
    out = {
        f"macro_{role}": np.divide(sums[role], counts[role], out=np.zeros(len(times)), where=counts[role] > 0.0)
        for role in MACRO_ROLES
    }
    out["macro_known"] = np.mean([counts[role] > 0.0 for role in MACRO_ROLES], axis=0)
    return out


def _of_series(rows: pd.DataFrame, times: TimeArray) -> tuple[FloatArray, BoolArray]:
    """z-score of the latest change at each slot (T,), and whether it is known and timely."""
    known = moments(rows, "known_at")
    change = numbers(rows, "change")
    filled = np.nan_to_num(change, nan=0.0)
    count = np.cumsum(~np.isnan(change))
    mean = np.cumsum(filled) / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(np.cumsum(filled**2) / np.maximum(count, 1) - mean**2, 0.0))
    usable = (count >= MIN_CHANGES) & ~np.isnan(change) & (spread > 1e-12)
    score = np.clip((filled - mean) / np.where(usable, spread, 1.0), -MAX_Z, MAX_Z)
    at = np.searchsorted(known, times, side="right") - 1
    due: TimeArray = known + 2 * _usual_gap(known) + GRACE
    timely = (at >= 0) & usable[at] & (times <= due[at])
    return np.where(timely, score[at], 0.0), timely


def _usual_gap(known: TimeArray) -> np.ndarray:
    """Mean time between the releases so far, (N,) timedelta64[ns]; zero at the first."""
    elapsed = (known - known[:1]).astype(np.int64)
    return (elapsed // np.maximum(np.arange(len(known)), 1)).astype("timedelta64[ns]")
