"""Bars from paths: highs and lows by the law of the Brownian bridge, volumes that rise with the move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.market import FloatArray, IntArray, TimeArray
from data.simulated.randomness import ar1, normals, uniforms
from data.simulated.timeline import Bars

_DIGITS = 6
"""Significant digits of a price."""


@dataclass(frozen=True, slots=True)
class Block:
    """OHLCV of the symbols of one calendar, arrays (N, K, S)."""

    bars: Bars
    symbols: tuple[str, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


def to_digits(price: FloatArray) -> FloatArray:
    """Prices rounded to six significant digits; monotone, so it keeps the order of open, high, low and close."""
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(price)))
    return np.round(price * scale) / scale


def make_block(
    bars: Bars,
    symbols: tuple[str, ...],
    opening: FloatArray,
    path: FloatArray,
    volume: FloatArray,
    key: tuple[int, str],
) -> Block:
    """Bars from the opening price (N, S) and the log return since then at each bar's end (N, K, S).

    `volume` is the session's volume (N, S), split over its bars; `key` is the seed and purpose of the noise.
    """
    seed, purpose = key
    close = opening[:, None] * np.exp(path)
    open_ = np.concatenate([opening[:, None], close[:, :-1]], axis=1)
    move = np.log(close / open_)
    spread = 2.0 * session_variance(path[:, -1])[:, None] * bars.span[:, :, None]
    up, down = (
        0.5 * np.sqrt(move * move - spread * np.log(uniforms(seed, f"{side} {purpose}", *path.shape)))
        for side in ("high", "low")
    )  # fmt: skip
    high, low = open_ * np.exp(0.5 * move + up), open_ * np.exp(0.5 * move - down)
    first, last = to_digits(open_), to_digits(close)
    return Block(
        bars, symbols, first, np.maximum(to_digits(high), np.maximum(first, last)),
        np.minimum(to_digits(low), np.minimum(first, last)), last, _split(volume, bars, purpose, seed),
    )  # fmt: skip


def session_variance(intra: FloatArray) -> FloatArray:
    """Running variance of the return between open and close, (N, S), memory 0.94; it sees no later session."""
    square = intra * intra
    out = np.empty_like(square)
    now = square[:21].mean(axis=0)
    for row in range(len(square)):
        now = 0.94 * now + 0.06 * square[row]
        out[row] = now
    return out


def session_volume(typical: FloatArray, total: FloatArray, regime: IntArray, purpose: str, seed: int) -> FloatArray:
    """Units traded a session (N, S): persistent, higher on large moves of `total` (N, S) and in turbulence."""
    size = np.abs(total) / np.sqrt(session_variance(total) + 1e-12)
    slow = ar1(normals(seed, f"volume {purpose}", *total.shape), 0.85)
    rough = 0.2 * (regime == 2)[:, None]
    return typical * np.exp(0.30 * slow + 0.35 * (np.minimum(size, 4.0) - 0.8) + rough)


def _split(volume: FloatArray, bars: Bars, purpose: str, seed: int) -> FloatArray:
    """Whole units by bar (N, K, S): busy at the open and at the close of the session."""
    passed = np.cumsum(bars.span, axis=1) - bars.span / 2
    noise = normals(seed, f"volume split {purpose}", *bars.span.shape, volume.shape[1])
    weight = (bars.span * (1.0 + 3.0 * (2.0 * passed - 1.0) ** 2))[:, :, None] * np.exp(0.25 * noise)
    return np.maximum(np.round(volume[:, None] * weight / weight.sum(axis=1, keepdims=True)), 1.0)


def bar_frame(blocks: list[Block]) -> pd.DataFrame:
    """All blocks as one table with the columns of Kind.BARS, sorted by known_at and symbol."""
    names = sorted(name for block in blocks for name in block.symbols)
    rank = np.concatenate([_per_bar(b, np.array([names.index(s) for s in b.symbols])) for b in blocks])
    start, end = (
        np.concatenate([np.repeat(getattr(b.bars, side)[b.bars.valid], len(b.symbols)) for b in blocks])
        for side in ("start", "end")
    )
    order = np.lexsort((rank, end))
    table: dict[str, object] = {"symbol": pd.Index(names, dtype="str").take(rank[order])}
    table |= {"start": utc(start[order]), "event_time": utc(end[order]), "known_at": utc(end[order])}
    for column in ("open", "high", "low", "close", "volume"):
        cells = np.concatenate([getattr(b, column)[b.bars.valid].ravel() for b in blocks])
        table[column] = cells[order]
    return pd.DataFrame(table)


def _per_bar(block: Block, values: IntArray) -> IntArray:
    return np.tile(values, int(block.bars.valid.sum()))


def utc(times: TimeArray) -> pd.DatetimeIndex:
    """datetime64[ns] as aware UTC timestamps."""
    return pd.DatetimeIndex(times.astype("datetime64[ns]")).tz_localize("UTC")
