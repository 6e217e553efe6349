"""What positions would have paid: the returns of the bars ahead, and each action's share of them after its cost."""

from __future__ import annotations

import numpy as np

from data.compiled import compiled
from data.errors import InputError
from data.market import BoolArray, FloatArray, IntArray
from rl.actions import N_ACTIONS, sized_target, target_position
from rl.kernel import Starts
from rl.market import RowMarket
from tools.market.costs import trade_cost


def returns_ahead(market: RowMarket, starts: Starts, horizon: int, discount: float) -> FloatArray:
    """What a position of 1 taken at the fill of t earns by the close of t + `horizon`, (T, S), in bar volatilities.

    Each bar after the first counts `discount` times the one before; what rewards are measured against (the market's
    hedge) is taken off. Bars after `starts.stop` or without a price count nothing; NaN where the first is such.
    """
    a = market.arrays
    following = np.vstack([a.close[1:], np.full((1, a.close.shape[1]), np.nan)])
    within = np.arange(market.slots)[:, None] < starts.stop[:, None]
    first = np.where(within, following / a.fill - 1.0 - a.hedge_day, np.nan)
    later = np.nan_to_num(following / a.close - 1.0 - a.hedge_gap - a.hedge_day)
    ahead = first.copy()
    for bars in range(1, horizon):
        reached = np.arange(market.slots - bars) + bars < starts.stop[: market.slots - bars]
        ahead[: market.slots - bars] += discount**bars * np.where(reached[:, None], later[bars:], 0.0)
    return ahead / a.scale


@compiled
def action_values(
    ahead: FloatArray, scale: FloatArray, cost_bps: FloatArray, position: FloatArray, low: FloatArray, high: FloatArray,
    out: FloatArray,
) -> None:  # fmt: skip
    """Write what each action at each size would have paid, `out` (N, 7, L), beside holding nothing.

    `ahead` (N,) of `returns_ahead`, `scale` (N,) the bar volatility, `cost_bps` (N,) of the notional traded, `position`
    (N,) held, `low` and `high` (N,) its limits. L is 1 (all of what the action asks for) or 4 (rl.actions.SIZES).
    """
    levels = out.shape[2]
    for i in range(position.size):
        for action in range(N_ACTIONS):
            whole = target_position(action, position[i], True, low[i], high[i])
            for level in range(levels):
                target = sized_target(whole, position[i], level + 4 - levels)
                cost = trade_cost(target - position[i], cost_bps[i])
                out[i, action, level] = target * ahead[i] - cost / scale[i]


def limits(market: RowMarket, symbols: IntArray) -> tuple[FloatArray, FloatArray]:
    """Least and greatest weight (N,) of each row's symbol."""
    a = market.arrays
    low = np.zeros(len(market.symbols)) if a.low is None else a.low
    high = np.ones(len(market.symbols)) if a.high is None else a.high
    return low[symbols], high[symbols]


def held_out(starts: Starts, share: float, gap: int) -> tuple[Starts, Starts]:
    """Where to learn and, after `gap` slots of neither, where to judge: the last `share` of the slots.

    No episode is marked on the other's dates. Raises InputError where either has no start.
    """
    slots = np.unique(starts.slots)
    cut = int(slots[min(len(slots) - 1, int(len(slots) * (1.0 - share)))])
    stop = np.where(np.arange(len(starts.stop)) < cut, np.minimum(starts.stop, cut - 1), starts.stop)
    return _only(starts, (starts.slots < cut - 2), stop), _only(starts, starts.slots >= cut + gap, stop)


def _only(starts: Starts, kept: BoolArray, stop: IntArray) -> Starts:
    """The starts that are `kept` (one for each of `starts.slots`), each symbol with at least one of them."""
    if not kept.any():
        raise InputError("there are too few dates to hold some out", "choose a longer span")
    edges = zip(starts.offsets[:-1], starts.offsets[1:], strict=True)
    counts = np.array([int(kept[first:last].sum()) for first, last in edges])
    offsets = np.concatenate([[0], np.cumsum(counts[counts > 0])]).astype(np.int64)
    return Starts(starts.symbols[counts > 0], offsets, starts.slots[kept], stop)
