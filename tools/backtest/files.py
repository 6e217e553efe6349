"""A run on disk: equity, units and trades as Parquet, its figures as JSON, all there or none."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.errors import CorruptFile, InputError, NotFound, StorageFailed
from tools.backtest.result import Result, Trades

SUMMARY, EQUITY, UNITS, TRADES = "summary.json", "equity.parquet", "units.parquet", "trades.parquet"
FILES = (SUMMARY, EQUITY, UNITS, TRADES)


def save(folder: Path, result: Result, summary: Mapping[str, Any], extra: Callable[[Path], None] | None = None) -> None:
    """Write a run into `folder`, which appears whole; a run that stands there already is replaced.

    `extra` may add files (a report) to the folder in the making. InputError where `folder` holds anything else,
    StorageFailed where the disk refuses.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMMARY).is_file():
        raise InputError(f"{folder.name} is a folder with other things in it", "name an empty or a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _write(making, result, summary)
            if extra is not None:
                extra(making)
            if folder.exists():
                shutil.rmtree(folder)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise StorageFailed(f"the run was not written: {error.strerror}", "free the disk and run it again") from error


def load(folder: Path) -> tuple[Result, dict[str, Any]]:
    """The run kept in `folder` and its summary; NotFound where there is none, CorruptFile where its fills are not
    those that were written."""
    if not all((folder / name).is_file() for name in FILES):
        raise NotFound(f"there is no run in {folder.name}", "make one with `bullpen backtest`")
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    equity, units, trades = (pd.read_parquet(folder / name) for name in (EQUITY, UNITS, TRADES))
    symbols = tuple(units.columns[1:])
    result = Result(
        symbols,
        equity["time"].to_numpy(dtype="datetime64[ns]"),
        equity["equity"].to_numpy(dtype=np.float64),
        equity["cash"].to_numpy(dtype=np.float64),
        units[list(symbols)].to_numpy(dtype=np.float64),
        _trades(trades),
    )
    if result.order_hash() != summary.get("order_hash"):
        raise CorruptFile(f"the fills in {folder.name} are not those that were written", "run it again")
    return result, summary


def _write(folder: Path, result: Result, summary: Mapping[str, Any]) -> None:
    times = pd.Series(result.times).dt.tz_localize("UTC")
    pd.DataFrame({"time": times, "equity": result.equity, "cash": result.cash}).to_parquet(folder / EQUITY, index=False)
    units = pd.DataFrame(result.units, columns=list(result.symbols))
    units.insert(0, "time", times)
    units.to_parquet(folder / UNITS, index=False)
    made = result.trades
    pd.DataFrame(
        {
            "time": times.to_numpy()[made.slot], "symbol": np.array(result.symbols, dtype=object)[made.column],
            "slot": made.slot, "column": made.column, "quantity": made.quantity, "price": made.price,
            "cost": made.cost, "fx": made.fx,
        }
    ).to_parquet(folder / TRADES, index=False)  # fmt: skip
    text = json.dumps({**summary, "order_hash": result.order_hash()}, indent=1, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")


def _trades(frame: pd.DataFrame) -> Trades:
    whole = [np.ascontiguousarray(frame[name].to_numpy(dtype=np.int64)) for name in ("slot", "column")]
    parts = [frame[name].to_numpy(dtype=np.float64) for name in ("quantity", "price", "cost", "fx")]
    return Trades(*whole, *parts)
