"""Features that compare the symbols of one slot with each other."""

from __future__ import annotations

import numpy as np

from data.market import BoolArray, FloatArray


def ranks(values: FloatArray, alive: BoolArray) -> FloatArray:
    """Each value's rank among those of its slot, from -1 (lowest) to 1 (highest), (T, S).

    Equal values share their mean rank; a single one has rank 0. Symbols that are not `alive` have none (NaN).
    """
    shown = np.where(alive, values, np.nan)
    slots, size = shown.shape
    order = np.argsort(shown, axis=1, kind="stable")
    ordered = np.take_along_axis(shown, order, axis=1)
    begins = np.ones((slots, size), np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones((slots, size), np.bool_)
    ends[:, :-1] = begins[:, 1:]
    place = np.broadcast_to(np.arange(size), (slots, size))
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, size)[:, ::-1], axis=1)[:, ::-1]
    others = np.maximum(np.sum(~np.isnan(shown), axis=1, keepdims=True) - 1, 1)
    scaled = (first + last) / others - 1.0
    alone = np.sum(~np.isnan(shown), axis=1, keepdims=True) == 1
    out = np.empty((slots, size))
    np.put_along_axis(out, order, np.where(alone, 0.0, scaled), axis=1)
    return np.where(np.isnan(shown), np.nan, out)


def breadth(ratio: FloatArray, alive: BoolArray) -> FloatArray:
    """Share of symbols above their mean price, (T,); NaN where no symbol's is known. `ratio` is price / mean - 1."""
    known = alive & ~np.isnan(ratio)
    count = known.sum(axis=1)
    above = (known & (ratio > 0.0)).sum(axis=1)
    return np.divide(above, count, out=np.full(len(ratio), np.nan), where=count > 0)
