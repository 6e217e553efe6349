"""How symbol agents do over a stretch of dates: one sleeve a symbol, at costs, beside plain baselines.

Each sleeve follows the mean of the positions its agent's actions ask for: it is the score that the desk uses, not one
sampled or most probable action.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import BoolArray, FloatArray, IntArray
from rl.kernel import Starts
from rl.market import RowMarket
from rl.policies.network import Follower, Network
from rl.policies.opinion import expected_target, stateless_view
from rl.policies.window import windows
from rl.reward import RewardConfig
from rl.rows import PLAIN, Rows
from rl.training.figures import figures, sharpe

_ROWS_AT_ONCE = 16_384
"""Windows laid out at once: 16,384 x 608 float32 are 40 MB."""
_NOWHERE = Starts(*(np.zeros(1, dtype=np.int64) for _ in range(4)))


@dataclass(frozen=True, slots=True)
class Sleeves:
    """One sleeve a symbol over B bars: net returns, weights held after and weights ordered, (B, S)."""

    net: FloatArray
    held: FloatArray
    traded: FloatArray

    @property
    def portfolio(self) -> FloatArray:
        """The mean over symbols, (B,): every sleeve gets the same money anew each bar."""
        return self.net.mean(axis=1)


def run_sleeves(market: RowMarket, part: slice, heads: IntArray, actor: Follower | None) -> Sleeves:
    """Step every symbol from flat through `part`; with no actor, buy all on the first known bar and hold.

    A symbol stays out until its first known bar. Prices outside `part` are not used.
    """
    symbols = np.arange(len(market.symbols), dtype=np.int64)
    rows = Rows(market, _NOWHERE, PLAIN, RewardConfig(), len(symbols))
    rows.place(np.full(len(symbols), part.start, dtype=np.int64), symbols, heads, part.stop - 1)
    bars = part.stop - 1 - part.start
    net, held, traded = (np.zeros((bars, len(symbols))) for _ in range(3))
    for t in range(bars):
        rows.resume(part.start + t)
        obs = rows.look()
        known = market.arrays.ready[part.start + t]
        asked = np.ones(len(symbols)) if actor is None else expected_target(actor, obs, rows.positions)
        rows.step_to(np.where(known, asked, rows.positions))
        net[t], held[t], traded[t] = rows.net, rows.positions, rows.traded
    return Sleeves(net, held, traded)


def bought_once(net: FloatArray) -> FloatArray:
    """Returns (B,) of equal money put once into the sleeves whose returns are `net` (B, S), never rebalanced."""
    value = np.cumprod(1.0 + net, axis=0).mean(axis=1)
    return np.diff(value, prepend=1.0) / np.concatenate([[1.0], value[:-1]])


def active_returns(sleeves: Sleeves, whole: Sleeves, alive: BoolArray) -> FloatArray:
    """Portfolio return beyond holding the agents' own average position in everything all the time, (B,).

    What is left is choice of symbols and of times; being long on average earns nothing here.
    """
    mean = float(sleeves.held[alive].mean()) if alive.any() else 0.0
    return sleeves.portfolio - mean * whole.portfolio


def score_returns(market: RowMarket, part: slice, heads: IntArray, actor: Network) -> FloatArray:
    """What the stateless scores foretold within asset classes, slot by slot, before costs.

    The mean over symbols of score, less the mean score of its class at that slot, times the return from the next fill
    to the one after, in volatilities. Being long, and the fate of whole classes, cancel out: so much depends on so few
    draws of them that they would drown what can be judged. Symbols alone in their class do not count.
    """
    a, rows = market.arrays, slice(part.start, part.stop - 2)
    score = _scores(market, rows, heads, actor)
    move = (a.fill[rows.start + 1 : rows.stop + 1] / a.fill[rows] - 1.0) / a.scale[rows]
    known = a.ready[rows] & np.isfinite(move)
    told, count = np.zeros(len(score)), np.zeros(len(score))
    for group in np.unique(market.groups):
        members = market.groups == group
        s, z, k = score[:, members], np.where(known, move, 0.0)[:, members], known[:, members]
        size = k.sum(axis=1, keepdims=True)
        k = k & (size > 1)
        mean = np.where(k, s, 0.0).sum(axis=1, keepdims=True) / np.maximum(size, 1)
        told += np.where(k, (s - mean) * z, 0.0).sum(axis=1)
        count += k.sum(axis=1)
    return told[count > 0] / count[count > 0] if (count > 0).any() else np.zeros(1)


def _scores(market: RowMarket, rows: slice, heads: IntArray, actor: Network) -> FloatArray:
    """(T', S) of the slots in `rows`."""
    a, window = market.arrays, market.layout.window
    plain = window == 1 and a.context is None
    step = rows.stop - rows.start if plain else max(1, _ROWS_AT_ONCE // len(heads))
    parts = [
        stateless_view(actor, windows(a.block, a.context, window, slice(t, min(t + step, rows.stop))), heads)[0].T
        for t in range(rows.start, rows.stop, step)
    ]
    return np.concatenate(parts)


def evaluate(market: RowMarket, part: slice, heads: IntArray, actor: Network, per_year: float) -> dict[str, float]:
    """Figures of the agents and baselines over `part`, at the same costs.

    `score_sharpe` of `score_returns` (`generic_`: were all symbols strangers); `sharpe` ... of the equally weighted
    sleeves; `active_sharpe` of what timing and choice added to them; `turnover` a year, as a fraction of value;
    `symbol_sharpe_p10/50/90` over symbols; `equal_weight_*` always fully long, rebalanced freely; `buy_and_hold_*` the
    same bought once.
    """
    ours, whole = run_sleeves(market, part, heads, actor), run_sleeves(market, part, heads, None)
    alive = whole.held > 0.0
    single = [sharpe(ours.net[:, s], per_year) for s in range(ours.net.shape[1]) if alive[:, s].any()]
    low, middle, high = np.percentile(single, [10, 50, 90]) if single else (0.0, 0.0, 0.0)
    result = figures(ours.portfolio, per_year) | {
        "score_sharpe": sharpe(score_returns(market, part, heads, actor), per_year),
        "generic_score_sharpe": sharpe(score_returns(market, part, np.zeros_like(heads), actor), per_year),
        "active_sharpe": sharpe(active_returns(ours, whole, alive), per_year),
        "mean_position": float(ours.held[alive].mean()) if alive.any() else 0.0,
        "turnover": float(ours.traded.mean()) * per_year,
        "symbol_sharpe_p10": float(low),
        "symbol_sharpe_p50": float(middle),
        "symbol_sharpe_p90": float(high),
    }
    held = bought_once(whole.net)
    result |= {f"equal_weight_{name}": x for name, x in figures(whole.portfolio, per_year).items()}
    return result | {f"buy_and_hold_{name}": x for name, x in figures(held, per_year).items()}
