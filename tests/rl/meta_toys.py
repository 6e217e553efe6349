"""A small made-up history in which one agent's view is truly predictive, by a known amount."""

from __future__ import annotations

import numpy as np

from data.features.spec import Features, FeatureSpec
from data.history import History
from data.market import AssetClass, Instrument
from data.panel import Panel
from rl.meta.inputs import AGENTS
from tools.strategies.scores import Scores

FEATURES = ("ret_5", "mom_63", "rank_mom_63", "rank_mom_252", "rank_vol_21", "vol_21", "vol_63")
SHARED = tuple(f"shared_{i}" for i in range(11))


def spec(name: str) -> FeatureSpec:
    return FeatureSpec(name, 1, ("close",), "fraction")


def toy(
    seed: int = 0, slots: int = 300, symbols: int = 12, strength: float = 0.0, oracle: str = "momentum"
) -> tuple[History, dict[str, Scores]]:
    """`strength` is the correlation of the oracle's score with the next return beyond the market's."""
    rng = np.random.default_rng(seed)
    volatility = rng.uniform(0.1, 0.4, symbols)
    score = persistent(rng, slots, symbols)
    own = strength * score[:-1] / 0.5 + np.sqrt(1 - strength**2) * rng.standard_normal((slots - 1, symbols))
    market = 0.3 * rng.standard_normal((slots - 1, 1))
    moves = (own + market) * volatility / np.sqrt(252) + 0.0001
    close = 100 * np.exp(np.vstack([np.zeros((1, symbols)), np.cumsum(moves, axis=0)]))
    gap = np.exp(0.1 * rng.standard_normal((slots - 1, symbols)) * volatility / np.sqrt(252))
    fill = np.vstack([close[:-1] * gap, np.full((1, symbols), np.nan)])
    values = np.stack([persistent(rng, slots, symbols, 0.97) for _ in FEATURES], axis=-1)
    values[:, :, -2:] = volatility[:, None]
    times = np.datetime64("2015-01-02T21:00:00", "ns") + np.arange(slots) * np.timedelta64(1, "D")
    instruments = tuple(Instrument(f"S{i:02d}", AssetClass.ETF) for i in range(symbols))
    age = np.zeros(close.shape, dtype=np.int64)
    panel = Panel(
        instruments, times, close, close, close, close, np.ones_like(close), age, np.zeros(symbols, dtype=bool)
    )
    features = Features(
        tuple(spec(n) for n in FEATURES), values, tuple(spec(n) for n in SHARED), persistent(rng, slots, 11, 0.99)
    )
    ready = rng.random(close.shape) > 0.02
    history = History("toy", panel, features, fill, ready, "0" * 64, {})
    scores = {agent: Scores(persistent(rng, slots, symbols), np.full(close.shape, 0.5)) for agent in AGENTS}
    scores[oracle] = Scores(score, np.full(close.shape, 0.5))
    return history, scores


def persistent(rng: np.random.Generator, slots: int, symbols: int, memory: float = 0.9) -> np.ndarray:
    """A score that moves slowly: AR(1) of standard deviation 0.5, inside [-1, 1]."""
    out = np.empty((slots, symbols))
    out[0] = 0.5 * rng.standard_normal(symbols)
    for t in range(1, slots):
        out[t] = memory * out[t - 1] + np.sqrt(1 - memory**2) * 0.5 * rng.standard_normal(symbols)
    return np.clip(out, -1.0, 1.0)
