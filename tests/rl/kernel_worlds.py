"""Random small markets with everything the kernel knows switched on, and rules that use it."""

from __future__ import annotations

import numpy as np

from rl.actions import N_ACTIONS
from rl.kernel import Layout, MarketArrays, Rules
from rl.market import RowMarket

OFF = Rules(
    horizon=1 << 30, cost_low=1.0, cost_high=1.0, generic=0.0, random_position=0.0, noise=0.0, blind=0.0, seed=0
)
ALL = Rules(
    horizon=40, cost_low=0.5, cost_high=2.0, generic=0.3, random_position=0.5, noise=0.1, blind=0.3, seed=0,
    capital=1e6, stop=0.05, trailing=0.04, block=9.0, renoise=0.5, delay=0.4, dropout=0.2,
)  # fmt: skip
"""Every rule at once."""


def layout(window: int = 3, bar: int = 5, context: int = 4, book: bool = True, directives: int = 2) -> Layout:
    """Window, context, own state, directives, mask, three zeros, head; two shared columns at the context's start."""
    seen = window * bar
    own, columns = seen + context, 10 if book else 4
    mask = own + columns + directives
    shared = min(own, seen + 2)
    return Layout(window, own, columns, own + columns, directives, mask, mask + 10, seen, shared, mask + 11)


def market(
    seed: int = 0, slots: int = 150, symbols: int = 3, shape: Layout | None = None, bar: int = 5, low: float = -1.0,
    high: float = 1.5, volatility: float = 0.02, gaps: bool = True, **changes: object,
) -> RowMarket:  # fmt: skip
    """Prices of a random walk with overnight gaps; some bars unknown, some fills missing, all costs and carries."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, volatility, (2, slots, symbols))
    close = 50.0 * np.exp(np.cumsum(noise.sum(axis=0), axis=0))
    fill = close * np.exp(np.vstack([noise[0, 1:], np.zeros((1, symbols))]))
    fill[-1] = np.nan
    ready = np.ones((slots, symbols), dtype=np.bool_)
    if gaps:
        ready[rng.integers(10, slots, 5), rng.integers(0, symbols, 5)] = False
        fill[rng.integers(10, slots, 3), rng.integers(0, symbols, 3)] = np.nan
    volume = rng.uniform(1e6, 1e8, (slots, symbols))
    volume[rng.integers(0, slots, 9), rng.integers(0, symbols, 9)] = np.nan
    shown = shape or layout(bar=bar)
    context = shown.own - shown.window * bar
    arrays = MarketArrays(
        close=close, fill=fill, ready=ready, scale=rng.uniform(0.5, 2.0, (slots, symbols)) * volatility,
        cost_bps=rng.uniform(0.0, 30.0, symbols), hedge_gap=0.1 * noise[0], hedge_day=0.1 * noise[1],
        block=rng.normal(size=(symbols, slots, bar)).astype(np.float32),
        context=rng.normal(size=(symbols, slots, context)).astype(np.float32),
        impact=rng.uniform(0.0, 1.0, symbols), volume=volume, borrow=rng.uniform(0.0, 1e-3, symbols), financing=2e-4,
        funding=rng.normal(0.0, 1e-4, (slots, symbols)), low=np.full(symbols, low), high=np.full(symbols, high),
    )  # fmt: skip
    names = tuple(f"S{s}" for s in range(symbols))
    return RowMarket(names, np.zeros(symbols, dtype=np.int64), arrays._replace(**changes), shown)


def hybrid_actions(rng: np.random.Generator, rows: int) -> np.ndarray:
    """(N, 2): any action at any size."""
    return np.stack([rng.integers(0, N_ACTIONS, rows), rng.integers(0, 4, rows)], axis=1)
