"""One file of prices, whatever its layout, as one long table; or the reason why it cannot be read.

Understood are long tables (symbol, date, open, high, low, close, adj_close, volume: closes alone will do), one file a
symbol (the name of the file is the symbol) and wide tables of closes (date, then one column a symbol).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import BadFile
from data.market import CASH
from data.sources.bars import column
from data.sources.timestamps import read_times

SYMBOL = ("symbol", "ticker", "pair", "series")
DATE = ("date", "ts", "timestamp", "datetime", "time")
PRICES = ("open", "high", "low", "close")
VOLUME = ("volume", "volume_usd", "tick_volume")
ENDINGS = (".parquet", ".csv", ".csv.gz")

_NEAR = 0.75


class NotPrices(BadFile):
    """The file holds no prices; beside files that do, it is passed over and named."""


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What one file holds: `bars` has symbol, when (datetime64[ns], as written), open, high, low, close, volume."""

    file: str
    bars: pd.DataFrame


def read_prices(path: Path) -> PriceFile:
    """Read a file of prices.

    Raises NotPrices where it has no date or no price column, BadFile where it is torn, empty, lacks a column that
    its others call for, or has dates that cannot be read.
    """
    written = read_table(path)
    raw = lower_names(path, written)
    date = _first(raw, DATE)
    near = _near("close", raw) if "close" not in raw and "adj_close" not in raw else ""
    if near or _is_long(raw):
        return _finish(path, _long(path, raw, _require(path, raw, date, DATE)))
    if date is None:
        raise NotPrices(f"{path.name} has no date column", "its first column must be called date")
    if _first(raw, SYMBOL) is not None:
        raise NotPrices(f"{path.name} has no price column", "name the column of closing prices close")
    return _finish(path, _wide(path, written, column(raw, date)))


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a CSV, gzipped CSV or Parquet file; BadFile where it is torn or empty."""
    try:
        raw = _read(path)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        # pandas' parser and pyarrow's errors are ValueErrors and OSErrors; a torn gzip ends early or in zlib.
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise BadFile(f"{path.name} cannot be read: {reason}", "write it again as CSV or Parquet") from error
    if raw.empty:
        raise BadFile(f"{path.name} has no rows", "remove it or fill it")
    return raw


def lower_names(path: Path, written: pd.DataFrame) -> pd.DataFrame:
    """The table under lower-case names without spaces; BadFile where two columns then share one."""
    names = [str(name).strip().lower().replace(" ", "_") for name in written.columns]
    repeated = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if repeated is not None:
        raise BadFile(f"{path.name} has the column {repeated} twice", "name each column once")
    return written.set_axis(names, axis=1)


def _read(path: Path) -> pd.DataFrame:
    if path.name.lower().endswith(".parquet"):
        raw = pd.read_parquet(path)
        dated = isinstance(raw.index, pd.DatetimeIndex)
        return raw.rename_axis(index=raw.index.name or "date").reset_index() if dated else raw
    # NA is a ticker: only an empty cell and NaN mean that nothing is there.
    raw = pd.read_csv(path, keep_default_na=False, na_values=["", "NaN", "nan"], low_memory=False)
    if raw.columns[0] != "Unnamed: 0":
        return raw
    # The first column is an index that was written without a name: the dates, or row numbers and other labels.
    dated = len(raw) > 0 and str(raw.iloc[0, 0])[:8].count("-") == 2
    return raw.rename(columns={"Unnamed: 0": "date"}) if dated else raw.iloc[:, 1:]


def _is_long(raw: pd.DataFrame) -> bool:
    """A close makes a long table, and so do two other columns of a bar: LOW alone may be the ticker in a wide one."""
    return "close" in raw or "adj_close" in raw or sum(name in raw for name in (*PRICES, *VOLUME)) > 1


def _long(path: Path, raw: pd.DataFrame, date: str) -> pd.DataFrame:
    out = pd.DataFrame({"when": read_times(column(raw, date), path.name)})
    symbol = _first(raw, SYMBOL)
    out["symbol"] = _symbol_of(path) if symbol is None else raw[symbol]
    given = [name for name in PRICES if name in raw]
    if "close" not in raw and "adj_close" in raw and not given:
        raw = raw.assign(close=raw["adj_close"])
    if given != ["close"]:
        for name in PRICES if given else ("close",):
            _require(path, raw, name if name in raw else None, (name,))
    for name in PRICES:
        out[name] = _numbers(column(raw, name)) if name in raw else np.nan
    out["volume"] = _volume(raw, column(out, "close"))
    return _adjusted(out, _numbers(column(raw, "adj_close"))) if "adj_close" in raw else out


def _wide(path: Path, written: pd.DataFrame, dates: pd.Series) -> pd.DataFrame:
    """Every cell of a wide table that holds a number is a bar: an empty one says only that there was none."""
    cells = {str(n): _numbers(column(written, n)) for n in written.columns if str(n).strip().lower() != dates.name}
    if not cells or any(bool(closes.isna().all()) for closes in cells.values()):
        raise NotPrices(f"{path.name} has a column without any number", "a wide table has a date and closes only")
    out = pd.DataFrame({
        "when": np.tile(read_times(dates, path.name).to_numpy(), len(cells)),
        "symbol": np.repeat(np.array(list(cells), dtype=object), len(written)),
        "close": np.concatenate([closes.to_numpy(np.float64) for closes in cells.values()]),
    })  # fmt: skip
    out = out.loc[out["close"].notna()]
    return out.assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)


def _finish(path: Path, bars: pd.DataFrame) -> PriceFile:
    missing = int(column(bars, "symbol").isna().sum())
    if missing:
        raise BadFile(f"{path.name} has {missing} rows without a symbol", "give each row its symbol")
    bars["symbol"] = bars["symbol"].astype("str").str.strip()
    if bool(column(bars, "symbol").eq(CASH).any()):
        raise BadFile(f"{path.name} has a symbol named {CASH}, which is the desk's own", "give it another name")
    return PriceFile(path.name, bars)


def _adjusted(bars: pd.DataFrame, adjusted: pd.Series) -> pd.DataFrame:
    """Prices on the basis of the adjusted close; volume goes the other way, so that money traded stays the same."""
    close = bars["close"].to_numpy(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = adjusted.to_numpy(np.float64) / close
    # A close that is no price keeps its value, to be refused under its own name.
    ratio[~(close > 0.0)] = 1.0
    ratio[~((ratio > 0.0) & np.isfinite(ratio))] = np.nan
    scaled = {name: bars[name].to_numpy(np.float64) * ratio for name in PRICES}
    return bars.assign(**scaled, volume=bars["volume"].to_numpy(np.float64) / ratio)


def _volume(raw: pd.DataFrame, close: pd.Series) -> pd.Series:
    name = _first(raw, VOLUME)
    if name is None:
        return pd.Series(np.nan, raw.index)
    volume = _numbers(column(raw, name))
    return volume / close.where(close > 0.0) if name == "volume_usd" else volume


def _numbers(values: pd.Series) -> pd.Series:
    """As float64; what is no number is NaN, and the check of the bars names it."""
    return pd.Series(pd.to_numeric(values, errors="coerce"), values.index, dtype="float64")


def _symbol_of(path: Path) -> str:
    name = path.name
    for ending in ENDINGS:
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return name


def _first(raw: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in raw), None)


def _near(name: str, raw: pd.DataFrame) -> str:
    near = get_close_matches(name, [str(known) for known in raw.columns], 1, _NEAR)
    return near[0] if near else ""


def _require(path: Path, raw: pd.DataFrame, found: str | None, names: tuple[str, ...]) -> str:
    if found is not None:
        return found
    near = next(filter(None, (_near(name, raw) for name in names)), "")
    remedy = f"did you mean {near}? rename it to {names[0]}" if near else f"add a column named {names[0]}"
    raise BadFile(f"{path.name} has no column {names[0]}", remedy)
