"""Small synthetic histories: a planted AR(1) signal, or none, with every declared feature in place."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from data.features.spec import Features, FeatureSpec
from data.history import History
from data.market import AssetClass, Instrument
from data.panel import Panel
from rl.observation import SHARED_COLUMNS, SYMBOL_COLUMNS

CLASSES = tuple(AssetClass)


def history(
    slots: int = 400,
    symbols: int = 4,
    seed: int = 0,
    memory: float = 0.0,
    volatility: float = 0.01,
    drift: float = 0.0,
    classes: tuple[AssetClass, ...] = CLASSES,
) -> History:
    """Closes whose returns follow r[t+1] = memory * r[t] + noise; each fill is at the close decided on."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(drift, volatility, (slots, symbols))
    returns = noise.copy()
    for t in range(1, slots):
        returns[t] = memory * returns[t - 1] + noise[t]
    close = 100.0 * np.cumprod(1.0 + returns, axis=0)
    return from_prices(close, close.copy(), rng, classes)


def hourly(slots: int = 400, symbols: int = 4, seed: int = 0, memory: float = 0.0) -> History:
    """The same with seven slots on each date, from 15:00 to 21:00 UTC; a bar's volatility is 0.4 %."""
    daily = history(slots, symbols, seed, memory, volatility=0.004)
    days, hours = np.divmod(np.arange(slots), 7)
    start = np.datetime64("2010-06-07T15:00:00", "ns")
    times = start + days * np.timedelta64(1, "D") + hours * np.timedelta64(1, "h")
    return dataclasses.replace(daily, panel=dataclasses.replace(daily.panel, times=times))


def from_prices(
    close: np.ndarray,
    fill: np.ndarray,
    rng: np.random.Generator | None = None,
    classes: tuple[AssetClass, ...] = CLASSES,
) -> History:
    """A history around given closes and fills (T, S); ret_1 and vol_21 are real, other features are noise."""
    rng = rng or np.random.default_rng(0)
    slots, symbols = close.shape
    start = np.datetime64("2010-01-04T21:00:00", "ns")
    times = start + np.arange(slots) * np.timedelta64(1, "D")
    instruments = tuple(Instrument(f"S{i:02d}", classes[i % len(classes)]) for i in range(symbols))
    opens = np.vstack([close[:1], close[:-1]])
    panel = Panel(
        instruments, times, opens, np.maximum(opens, close), np.minimum(opens, close), close,
        np.full_like(close, 1e6), np.zeros(close.shape, dtype=np.int64), np.zeros(symbols, dtype=np.bool_),
    )  # fmt: skip
    features = _features(panel, rng)
    ready = np.isfinite(features.values).all(axis=-1)
    fill = fill.copy()
    fill[-1] = np.nan
    digest = hashlib.sha256(close.tobytes() + features.values.tobytes()).hexdigest()
    return History("synthetic", panel, features, fill, ready, digest, {"bars": 1})


def _features(panel: Panel, rng: np.random.Generator) -> Features:
    returns = panel.returns()
    vol = np.full(returns.shape, np.nan)
    for t in range(21, len(returns)):
        vol[t] = returns[t - 20 : t + 1].std(axis=0) * np.sqrt(252.0)
    values = rng.uniform(-0.5, 0.5, (*returns.shape, len(SYMBOL_COLUMNS)))
    names = [c.feature for c in SYMBOL_COLUMNS]
    values[:, :, names.index("ret_1")] = returns
    for name in ("vol_21", "vol_63"):
        values[:, :, names.index(name)] = vol
    shared = rng.uniform(0.0, 1.0, (len(returns), len(SHARED_COLUMNS)))
    return Features(
        tuple(FeatureSpec(name, 21, ("close",), "fraction") for name in names), values,
        tuple(FeatureSpec(c.feature, 1, (), "zscore") for c in SHARED_COLUMNS), shared,
    )  # fmt: skip
