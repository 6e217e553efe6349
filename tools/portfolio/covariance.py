"""Correlations of a universe as they were known when it was last rebalanced: a trailing window, shrunk.

Scales are left to the volatilities that a decision knows anyway: a covariance here is D C D with D of today and C of
the week's first slot.
"""

from __future__ import annotations

import numpy as np

from data.market import FloatArray, IntArray, TimeArray

WINDOW = 252
"""Slots of moves that a correlation is estimated from: a trading year of days."""
_WEEK = np.timedelta64(7, "D")
_MONDAY = np.datetime64("1970-01-05T00:00:00", "ns")


def rebalanced(times: TimeArray) -> IntArray:
    """For each slot of `times` (T,) the latest one that began a week (Monday, UTC), itself included; the first slot
    counts as one. A function of the times alone, so that a cycle and a history agree."""
    weeks = (times - _MONDAY) // _WEEK
    begins = np.append(True, weeks[1:] != weeks[:-1])
    return np.maximum.accumulate(np.where(begins, np.arange(times.size), 0))


def shrunk_correlation(moves: FloatArray) -> FloatArray:
    """Correlations (S, S) of simple returns `moves` (n, S), 0 where unknown; positive definite, 1 on the diagonal.

    Taken about 0 and shrunk to the identity by the intensity of Ledoit and Wolf (2004, A well-conditioned estimator for
    large-dimensional covariance matrices). What never moved is uncorrelated with all else.
    """
    size = moves.shape[1]
    found = np.eye(size)
    scale = np.sqrt((moves**2).mean(axis=0)) if len(moves) else np.zeros(size)
    live = np.flatnonzero(scale > 0.0)
    if live.size > 1:
        found[np.ix_(live, live)] = _shrunk(moves[:, live] / scale[live])
    return found


def correlations(moves: FloatArray, slots: IntArray) -> FloatArray:
    """`shrunk_correlation` as known at the close of each of `slots` (K,), (K, S, S).

    `moves` (T, S) are returns from the close before to each slot's close; at most the last WINDOW of them are used.
    """
    return np.stack([shrunk_correlation(moves[max(0, slot + 1 - WINDOW) : slot + 1]) for slot in slots.tolist()])


def _shrunk(unit: FloatArray) -> FloatArray:
    """Of columns (n, p) whose mean square is 1: (1 - d) R + d I."""
    count, size = unit.shape
    sample = unit.T @ unit / count
    squares = unit**2
    noise = ((squares.T @ squares).sum() / count - (sample**2).sum()) / (size * count)
    distance = ((sample**2).sum() - size) / size
    intensity = min(noise, distance) / distance if distance > 0.0 else 0.0
    shrunk = (1.0 - intensity) * sample
    np.fill_diagonal(shrunk, 1.0)
    return shrunk
