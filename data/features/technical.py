"""Price and volume features of each symbol on its own, through TA-Lib."""

from __future__ import annotations

import numpy as np
import talib

from data.market import BoolArray, FloatArray, IntArray
from data.panel import Panel

SLOTS_PER_YEAR = 252.0
"""Volatility is stated for a year of this many slots, whatever the frequency."""

OBV_WINDOW = 20

_TALIB = (
    "sma_ratio_20", "sma_ratio_50", "sma_ratio_200", "ema_ratio_12", "ema_ratio_26", "macd_hist", "rsi_14",
    "bollinger_20", "atr_14", "obv_slope_20", "vol_21", "vol_63",
)  # fmt: skip


def technical(panel: Panel) -> dict[str, FloatArray]:
    """Feature name -> (T, S), NaN until a symbol has enough bars.

    Where a bar has no high or low, and where no new bar arrived, its close stands for them: the true range is then
    the close-to-close range. A slot without a new bar adds no volume.
    """
    close = panel.close
    columns = {f"ret_{n}": _change(close, n) for n in (1, 5, 21)}
    columns |= {f"mom_{n}": _change(close, n) for n in (21, 63, 252)}
    new = panel.age == 0
    high, low = (np.where(new & ~np.isnan(side), side, close) for side in (panel.high, panel.low))
    volume = np.where(new | (panel.age < 0), panel.volume, 0.0)
    known, traded = _known_volume(volume, panel.age)
    columns["volume_known"] = (known & traded).astype(np.float64)
    filled = np.nan_to_num(volume, nan=0.0)
    block = {name: np.full(close.T.shape, np.nan) for name in _TALIB}
    rows = [np.ascontiguousarray(a.T) for a in (close, high, low, filled, columns["ret_1"], traded, known)]
    for s in np.flatnonzero((panel.age[-1:] >= 0).any(axis=0)):
        for name, values in _one(*(row[s] for row in rows)).items():
            block[name][s] = values
    return columns | {name: np.ascontiguousarray(values.T) for name, values in block.items()}


def _one(
    close: FloatArray, high: FloatArray, low: FloatArray, volume: FloatArray, ret: FloatArray, traded: BoolArray,
    known: BoolArray,
) -> dict[str, FloatArray]:  # fmt: skip
    """The TA-Lib features of one symbol, each (T,); `close` may begin with NaN."""
    out: dict[str, FloatArray] = {f"sma_ratio_{n}": close / talib.SMA(close, n) - 1.0 for n in (20, 50, 200)}
    out |= {f"ema_ratio_{n}": close / talib.EMA(close, n) - 1.0 for n in (12, 26)}
    out["macd_hist"] = talib.MACD(close, 12, 26, 9)[2] / close
    out["rsi_14"] = _rsi(close)
    upper, middle, _ = talib.BBANDS(close, 20, 2.0, 2.0)
    band = upper - middle
    flat = band <= 1e-9 * middle
    out["bollinger_20"] = np.where(flat, 0.0, (close - middle) / np.where(flat, 1.0, band))
    out["atr_14"] = talib.ATR(high, low, close, 14) / close
    out["obv_slope_20"] = _obv_slope(close, volume, known & traded)
    for n in (21, 63):
        sample_to_year = np.sqrt(n / (n - 1.0) * SLOTS_PER_YEAR)
        out[f"vol_{n}"] = ret if np.isnan(ret).all() else talib.STDDEV(ret, n, sample_to_year)
    return out


def _rsi(close: FloatArray) -> FloatArray:
    """RSI(14) as a fraction; a price that never moved is neither up nor down: 0.5."""
    rsi = talib.RSI(close, 14) / 100.0
    first = close[int(np.argmax(~np.isnan(close)))]
    moved = np.maximum.accumulate(~np.isnan(close) & (close != first))
    return np.where(~moved & ~np.isnan(rsi), 0.5, rsi)


def _obv_slope(close: FloatArray, volume: FloatArray, usable: BoolArray) -> FloatArray:
    """Signed share of the last 20 slots' volume; 0 where that volume is not known, NaN before there are 20 changes."""
    obv = talib.OBV(np.nan_to_num(close, nan=0.0), volume)
    total = np.cumsum(volume)
    out = np.full(len(close), np.nan)
    out[OBV_WINDOW:] = 0.0
    change, traded = (a[OBV_WINDOW:] - a[:-OBV_WINDOW] for a in (obv, total))
    good = usable[OBV_WINDOW:] & (traded > 0.0)
    out[OBV_WINDOW:][good] = np.clip(change[good] / traded[good], -1.0, 1.0)
    out[OBV_WINDOW:][np.isnan(close[:-OBV_WINDOW])] = np.nan
    return out


def _known_volume(volume: FloatArray, age: IntArray) -> tuple[BoolArray, BoolArray]:
    """(T, S): the last 20 slots' volumes are all known; at least one of them is positive."""
    known, traded = (_last(flag & (age >= 0)) for flag in (~np.isnan(volume), volume > 0.0))
    return known == OBV_WINDOW, traded > 0


def _last(flags: BoolArray) -> IntArray:
    """How often each flag was set within the last 20 slots, (T, S)."""
    counts = np.cumsum(flags, axis=0, dtype=np.int64)
    counts[OBV_WINDOW:] -= counts[:-OBV_WINDOW].copy()
    return counts


def _change(close: FloatArray, slots: int) -> FloatArray:
    out = np.full(close.shape, np.nan)
    out[slots:] = close[slots:] / close[:-slots] - 1.0
    return out
