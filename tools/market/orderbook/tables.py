"""Recorded books as tables: one row a sample (ts, bid_px_1, bid_sz_1, ask_px_1, ask_sz_1, bid_px_2, ...) or a trade."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from data.errors import BadFile
from data.market import FloatArray, IntArray
from tools.market.orderbook.feed import Feed, sampled_feed, trade_feed
from tools.market.orderbook.grid import Grid


class Samples(NamedTuple):
    """N samples of K levels, best first, as recorded."""

    times: IntArray
    """(N,) ns since 1970 (UTC)."""
    bid_px: FloatArray
    """(N, K), like the three below."""
    bid_sz: FloatArray
    ask_px: FloatArray
    ask_sz: FloatArray


def samples_of(table: pd.DataFrame) -> Samples:
    """The columns of a table of samples, as many levels as it has; BadFile names a column that is missing."""
    levels = sum(column.startswith("bid_px_") for column in table.columns)
    names = [[f"{what}_{k + 1}" for k in range(levels)] for what in ("bid_px", "bid_sz", "ask_px", "ask_sz")]
    _need(table, ["ts", "bid_px_1", *(name for group in names for name in group)])
    bid_px, bid_sz, ask_px, ask_sz = (_columns(table, group) for group in names)
    return Samples(_times(table), bid_px, bid_sz, ask_px, ask_sz)


def sampled_table(table: pd.DataFrame, grid: Grid) -> Feed:
    """A table of samples as a feed; BadFile as in `sampled_feed`."""
    return sampled_feed(*samples_of(table), grid)


def trade_table(table: pd.DataFrame, grid: Grid) -> Feed:
    """A table of trades (ts, price, size, side of the aggressor: 1 or -1) as a feed; BadFile as in `trade_feed`."""
    _need(table, ["ts", "price", "size", "side"])
    price, size = (_columns(table, [name]).ravel() for name in ("price", "size"))
    return trade_feed(_times(table), price, size, table["side"].to_numpy(dtype=np.int64), grid)


def _columns(table: pd.DataFrame, names: list[str]) -> FloatArray:
    return np.ascontiguousarray(table[names].to_numpy(dtype=np.float64))


def _times(table: pd.DataFrame) -> IntArray:
    return table["ts"].to_numpy().astype("datetime64[ns]").astype(np.int64)


def _need(table: pd.DataFrame, names: list[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise BadFile(f"a recorded table without {missing[0]}", "see the first line of tables.py for its columns")
