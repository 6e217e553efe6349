"""The market and the rule on which engines are compared: seeded random walks in cents, long while SMA(20) > SMA(50)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.market import FloatArray


class Walks(NamedTuple):
    """(T, S) each; prices are rounded to cents, `signal` is int8."""

    close: FloatArray
    open: FloatArray
    signal: npt.NDArray[np.int8]


def walks(slots: int, symbols: int, seed: int = 7) -> Walks:
    """Daily returns of 0.02 % +- 1.5 %, opens 0.3 % around the close before."""
    rng = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0002, 0.015, (slots, symbols)), axis=0)), 2)
    opens = np.round(np.vstack([close[:1], close[:-1]]) * np.exp(rng.normal(0.0, 0.003, close.shape)), 2)
    return Walks(close, opens, (average(close, 20) > average(close, 50)).astype(np.int8))


def average(close: FloatArray, over: int) -> FloatArray:
    """Simple moving average (T, S), NaN before it is full."""
    total = np.cumsum(close, axis=0)
    total[over:] -= total[:-over].copy()
    total[: over - 1] = np.nan
    return total / over
