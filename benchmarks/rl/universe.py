"""143 US stocks and exchange-traded funds, 2015 to 2022, as a folder that the `files` source reads.

Run: python -m benchmarks.rl.universe MARKET FOLDER, with MARKET the folder of real prices that the tests use.

All funds, and the stocks that were traded most in 2015, the first year: what came later decides nothing. The lists of
names themselves are of 2021, so that the histories survive by selection.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

SYMBOLS = 143
FIRST, CHOSEN_BY = "2015-01-01", "2015-12-31"
STOCKS = "stocks/us_stocks_daily_adj_2015_2022.parquet"


def build(market: Path, folder: Path) -> tuple[str, ...]:
    """Write prices.parquet and universe.csv into `folder`; the symbols, sorted."""
    funds = pd.concat([pd.read_parquet(path) for path in sorted((market / "etf").glob("*_daily_*.parquet"))])
    funds = funds[funds["date"] >= FIRST].drop_duplicates(["date", "ticker"])
    stocks = pd.read_parquet(market / STOCKS)
    named = sorted(funds["ticker"].unique())
    chosen = _most_traded(stocks[~stocks["ticker"].isin(named)], SYMBOLS - len(named))
    sectors = pd.read_csv(market / "stocks" / "us_sectors_dev.csv")
    folder.mkdir(parents=True, exist_ok=True)
    prices = pd.concat([funds, stocks[stocks["ticker"].isin(chosen)]]).sort_values(["date", "ticker"])
    prices.to_parquet(folder / "prices.parquet", index=False)
    universe = pd.DataFrame({"symbol": named + chosen})
    universe["asset_class"] = ["etf"] * len(named) + ["stock"] * len(chosen)
    sector = dict(zip(sectors.iloc[:, 0], sectors.iloc[:, 1], strict=True))
    universe["sector"] = [str(sector.get(symbol, "")) for symbol in universe["symbol"]]
    universe.to_csv(folder / "universe.csv", index=False)
    return tuple(sorted(universe["symbol"]))


def _most_traded(stocks: pd.DataFrame, count: int) -> list[str]:
    early = stocks[stocks["date"] <= CHOSEN_BY]
    notional = (early["close"] * early["volume"]).groupby(early["ticker"]).sum()
    return sorted(notional.nlargest(count).index)


if __name__ == "__main__":
    print(f"{len(build(Path(sys.argv[1]), Path(sys.argv[2])))} symbols")
