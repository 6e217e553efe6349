"""Tone and number of recent texts about each symbol."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.frames import equal, moments, numbers
from data.market import FloatArray, IntArray
from data.panel import Panel

LOOKBACK_SLOTS = 5
DECAY = 0.7
"""Weight of a text a slot later."""
MARKET_WIDE = 0.25
"""Weight of a text about the whole market, where one about the symbol has 1."""


def text_features(prefix: str, texts: pd.DataFrame, panel: Panel) -> dict[str, FloatArray]:
    """`<prefix>_tone` (T, S): decayed mean tone of the last 5 slots' texts; `<prefix>_count`: log(1 + their weight).

    Both are 0 where there was no text. Texts known at or before the first slot are passed over: how long before it
    they were known cannot be told.
    """
    slots, size = panel.close.shape
    known = moments(texts, "known_at")
    slot = np.searchsorted(panel.times, known, side="left")
    seen = (slot > 0) & (slot < slots)
    column = pd.Index(panel.symbols).get_indexer(pd.Index(texts["symbol"]))
    wide = equal(texts, "symbol", "")
    tone = numbers(texts, "tone")
    own = seen & (column >= 0)
    market = seen & wide
    tones = _sums(slot[own], column[own], tone[own], slots, size)
    counts = _sums(slot[own], column[own], np.ones(int(own.sum())), slots, size)
    nowhere = np.zeros(int(market.sum()), np.int64)
    tones += MARKET_WIDE * _sums(slot[market], nowhere, tone[market], slots, 1)
    counts += MARKET_WIDE * _sums(slot[market], nowhere, np.ones(len(nowhere)), slots, 1)
    weight = _decayed(counts, DECAY)
    mean = np.divide(_decayed(tones, DECAY), weight, out=np.zeros((slots, size)), where=weight > 0.0)
    return {f"{prefix}_tone": np.clip(mean, -1.0, 1.0), f"{prefix}_count": np.log1p(_decayed(counts, 1.0))}


def _sums(slot: IntArray, column: IntArray, values: FloatArray, slots: int, size: int) -> FloatArray:
    """Values summed into their cells of a (T, S) block, in the order given."""
    sums = np.bincount(slot * size + column, weights=values, minlength=slots * size)
    return sums.astype(np.float64).reshape(slots, size)


def _decayed(block: FloatArray, decay: float) -> FloatArray:
    """Sum over the last 5 slots, each slot back weighted by one more factor of `decay`."""
    out = block.copy()
    for back in range(1, LOOKBACK_SLOTS):
        out[back:] += decay**back * block[:-back]
    return out
