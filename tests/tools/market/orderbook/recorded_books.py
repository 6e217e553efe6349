"""The real order books beside this checkout, on their grids."""

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tools.market.orderbook.feed import binance_spot, sampled_feed, trade_feed
from tools.market.orderbook.grid import Grid

FOLDER = Path(__file__).parents[4].parent / "shared" / "market" / "lob"
needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded order books are not beside this checkout"
)
SPOT = Grid("ETHUSDT", Decimal("0.01"), Decimal("0.00001"), Decimal(900), Decimal(7400))
USDM = Grid("BTCUSDT", Decimal("0.1"), Decimal("0.001"), Decimal(55000), Decimal(70000))
SAMPLES = {"spot_ethusdt_20240808": SPOT, "usdm_btcusdt_20240808": USDM}


def samples(name):
    """times (N,) ns; prices and sizes (N, 10) of bids and asks as float64 of the float32 recorded."""
    table = pd.read_parquet(FOLDER / f"{name}_book10_1s.parquet")
    columns = [
        np.ascontiguousarray(table[[f"{what}_{k}" for k in range(1, 11)]].to_numpy(dtype=np.float64))
        for what in ("bid_px", "bid_sz", "ask_px", "ask_sz")
    ]
    return nanoseconds(table), *columns


def sampled(name):
    return sampled_feed(*samples(name), SAMPLES[name])


def trades(name):
    table = pd.read_parquet(FOLDER / f"{name}_trades.parquet")
    price, size = (table[c].to_numpy(dtype=np.float64) for c in ("price", "size"))
    return trade_feed(nanoseconds(table), price, size, table["side"].to_numpy(dtype=np.int64), SAMPLES[name])


def nanoseconds(table):
    return table["ts"].to_numpy().astype("datetime64[ns]").astype(np.int64)


def raw_lines():
    with gzip.open(FOLDER / "raw_spot_ethusdt_20240808.jsonl.gz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def raw():
    return binance_spot(raw_lines(), SPOT)
