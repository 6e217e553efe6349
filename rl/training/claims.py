"""Whether a track record claims anything: the deflated Sharpe ratio, and a permutation test of scores.

Both are asked of what was learned on pure noise too, where the right answer is no.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from data.market import FloatArray

_NORMAL = NormalDist()


def deflated_sharpe(returns: FloatArray, trials: FloatArray) -> float:
    """Probability that the true Sharpe ratio of `returns` (B,) is above what the best of N idle trials would show.

    Bailey and Lopez de Prado 2014, "The Deflated Sharpe Ratio". `trials` (N,): Sharpe ratios a bar of all that were
    tried, this one included. Below 0.95 nothing is claimed. 0 where the returns do not vary.
    """
    spread = float(returns.std())
    if spread < 1e-15:
        return 0.0
    scaled = (returns - returns.mean()) / spread
    skew, kurtosis = float((scaled**3).mean()), float((scaled**4).mean())
    idle = best_of_idle(trials.size, float(trials.var(ddof=1)) if trials.size > 1 else 0.0)
    return probabilistic_sharpe(float(returns.mean()) / spread, idle, returns.size, skew, kurtosis)


def best_of_idle(trials: int, variance: float) -> float:
    """Expected highest of `trials` Sharpe ratios of that variance and a true value of 0."""
    if trials < 2:
        return 0.0
    high, higher = (_NORMAL.inv_cdf(1.0 - 1.0 / (trials * share)) for share in (1.0, math.e))
    return math.sqrt(variance) * ((1.0 - np.euler_gamma) * high + np.euler_gamma * higher)


def probabilistic_sharpe(found: float, against: float, bars: int, skew: float, kurtosis: float) -> float:
    """Probability that the true Sharpe ratio a bar is above `against` (Bailey and Lopez de Prado 2012); `kurtosis` of
    a normal law is 3."""
    error = math.sqrt(1.0 - skew * found + 0.25 * (kurtosis - 1.0) * found**2)
    return _NORMAL.cdf((found - against) * math.sqrt(bars - 1.0) / error)


def permutation_p(scores: FloatArray, moves: FloatArray, seed: int, draws: int = 999) -> float:
    """Share of shuffles in which `scores` (B, S) foretell `moves` (B, S) at least as well as unshuffled; at least
    1 / (draws + 1).

    A shuffle gives each symbol the scores of another: exact where symbols are independent worlds of one law. The
    statistic is the mean product.
    """
    products = scores.T @ moves / len(moves)
    order = np.random.default_rng(seed)
    found, columns = float(np.trace(products)), np.arange(products.shape[1])
    others = [float(products[order.permutation(columns), columns].sum()) for _ in range(draws)]
    return (1 + sum(other >= found for other in others)) / (draws + 1)
