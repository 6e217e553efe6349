"""The strategies that come with the desk, by name: baselines first, then opinions."""

from __future__ import annotations

from tools.backtest.strategies.crossover import SmaCrossover
from tools.backtest.strategies.passive import BuyAndHold, EqualWeight, InverseVolatility
from tools.backtest.strategies.scored import Scored
from tools.backtest.strategy import Strategy

SHIPPED: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        BuyAndHold(),
        EqualWeight(),
        InverseVolatility(),
        SmaCrossover(fast=20, slow=50),
        Scored(score="momentum"),
        Scored(score="mean_reversion"),
        Scored(score="macro"),
        Scored(score="risk"),
    )
}
"""None of them keeps anything between slots, so that one object serves any number of runs."""
