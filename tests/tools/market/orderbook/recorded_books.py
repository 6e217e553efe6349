"""The real order books beside this checkout, on their grids."""

import gzip
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tools.market.orderbook.feed import binance_spot
from tools.market.orderbook.grid import Grid
from tools.market.orderbook.tables import sampled_table, samples_of, trade_table

FOLDER = Path(__file__).parents[4].parent / "shared" / "market" / "lob"
needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded order books are not beside this checkout"
)
SPOT = Grid("ETHUSDT", Decimal("0.01"), Decimal("0.00001"), Decimal(900), Decimal(7400))
USDM = Grid("BTCUSDT", Decimal("0.1"), Decimal("0.001"), Decimal(55000), Decimal(70000))
SAMPLES = {"spot_ethusdt_20240808": SPOT, "usdm_btcusdt_20240808": USDM}


def samples(name):
    return samples_of(pd.read_parquet(FOLDER / f"{name}_book10_1s.parquet"))


def sampled(name):
    return sampled_table(pd.read_parquet(FOLDER / f"{name}_book10_1s.parquet"), SAMPLES[name])


def trades(name):
    return trade_table(pd.read_parquet(FOLDER / f"{name}_trades.parquet"), SAMPLES[name])


def raw_lines():
    with gzip.open(FOLDER / "raw_spot_ethusdt_20240808.jsonl.gz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def raw():
    return binance_spot(raw_lines(), SPOT)
