"""Two runs over the same slots: how far they are apart, and how sure one path of the past can make of it.

The interval is that of a stationary block bootstrap (Politis and Romano 1994), both runs drawn by the same blocks; the
mean block is the one of Politis and White (2004, corrected 2009) for their difference.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from data.errors import InputError
from data.market import FloatArray
from tools.backtest.metrics import DUST, sharpe
from tools.backtest.result import Result, Trades
from tools.risk.measures import bars_per_year

DRAWS = 1000
FEWEST = 20
"""Returns below which no interval is given."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One run less another, a year: of the mean return and of the Sharpe ratio, with the ends of 95 % intervals.

    NaN where it is not defined: too few slots, or no risk.
    """

    mean_annual: float
    mean_low: float
    mean_high: float
    sharpe: float
    sharpe_low: float
    sharpe_high: float
    block: float
    """Mean length of the blocks, slots."""
    slots: int
    """Returns compared."""

    @property
    def settled(self) -> bool:
        """Whether the interval of the mean leaves 0 out."""
        return self.mean_low > 0.0 or self.mean_high < 0.0

    def as_json(self) -> dict[str, float]:
        """The figures that are defined."""
        return {name: value for name, value in asdict(self).items() if math.isfinite(value)}


def paired(one: Result, other: Result, seed: int = 0) -> Difference:
    """`one` less `other`; InputError where they are not over the same slots."""
    if not np.array_equal(one.times, other.times):
        raise InputError("two runs over different slots cannot be compared", "run both over the same window")
    returns = np.column_stack([one.returns(), other.returns()])
    periods = bars_per_year(one.times)
    mean, ratio = _apart(returns, periods)
    low, high, block = (math.nan, math.nan), (math.nan, math.nan), math.nan
    if len(returns) >= FEWEST:
        block = _block(returns[:, 0] - returns[:, 1])
        drawn = _drawn(returns, periods, block, seed)
        low, high = np.nanpercentile(drawn, (2.5, 97.5), axis=0) if np.isfinite(drawn).any() else (low, high)
    return Difference(
        mean, float(low[0]), float(high[0]), ratio, float(low[1]), float(high[1]), block, len(returns)
    )  # fmt: skip


def part(result: Result, first: int, last: int) -> Result:
    """A run from row `first` to row `last`, both included: the decisions from the one to before the other.

    Fills at row `first` belong to the part before, unless it is the run's first row.
    """
    trades = result.trades
    inside = (trades.slot > (first if first else -1)) & (trades.slot <= last)
    return Result(
        result.symbols,
        result.times[first : last + 1],
        result.equity[first : last + 1],
        result.cash[first : last + 1],
        result.units[first : last + 1],
        Trades(
            trades.slot[inside] - first, trades.column[inside], trades.quantity[inside], trades.price[inside],
            trades.cost[inside], trades.fx[inside],
        ),
    )  # fmt: skip


def _apart(returns: FloatArray, periods: float) -> tuple[float, float]:
    """Annual mean and Sharpe ratio of the first column less those of the second, (R, 2)."""
    one, other = returns[:, 0], returns[:, 1]
    return float((one - other).mean()) * periods, sharpe(one, periods) - sharpe(other, periods)


def _block(difference: FloatArray) -> float:
    """The mean block, at least 1 and at most a third of the returns; 1 where nothing differs."""
    if float(difference.std()) <= DUST:
        return 1.0
    from arch.bootstrap import optimal_block_length

    found = float(optimal_block_length(difference)["stationary"].iloc[0])
    return min(max(found, 1.0), len(difference) / 3.0) if math.isfinite(found) else 1.0


def _drawn(returns: FloatArray, periods: float, block: float, seed: int) -> FloatArray:
    """(DRAWS, 2)"""
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(round(block), returns, seed=seed)
    return bootstrap.apply(lambda sample: np.array(_apart(sample, periods)), DRAWS)
