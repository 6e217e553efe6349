"""Value at risk and the mean loss beyond it, by three methods; positive is a loss.

historical       the percentile of past returns itself, no distribution assumed
parametric       a normal distribution of their mean and standard deviation
cornish_fisher   that distribution's quantile bent by their skewness and excess kurtosis; the mean beyond it is the
                 closed form of Maillard, "A User's Guide to the Cornish Fisher Expansion" (2012), and never less than
                 the value at risk, for which strong skewness or kurtosis leave the domain of the expansion
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from data.market import FloatArray
from tools.risk.limits import VarMethod
from tools.risk.measures import LEVEL, historical_tail


class Tail(NamedTuple):
    """Losses of one bar: the one exceeded in a share 1 - level of bars, and the mean of those beyond it."""

    var: float
    cvar: float


def tail(returns: FloatArray, method: VarMethod = "historical", level: float = LEVEL) -> Tail:
    """Both figures of portfolio returns (R,)."""
    if method == "historical":
        return Tail(*historical_tail(returns, level))
    bent = shape(returns, method, level)
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    return Tail(bent.var * deviation - mean, bent.cvar * deviation - mean)


def shape(returns: FloatArray, method: VarMethod, level: float = LEVEL) -> Tail:
    """The `Tail` of a method that assumes a distribution, for returns (R,): in standard deviations below the mean."""
    z, density = _normal(level)
    flat = Tail(-z, density / (1.0 - level))
    if method == "parametric":
        return flat
    skew, kurtosis = _moments(returns)
    quantile = (
        z + (z**2 - 1.0) * skew / 6.0 + (z**3 - 3.0 * z) * kurtosis / 24.0 - (2.0 * z**3 - 5.0 * z) * skew**2 / 36.0
    )
    beyond = 1.0 + z * skew / 6.0 + (z**2 - 1.0) * kurtosis / 24.0 - (2.0 * z**2 - 1.0) * skew**2 / 36.0
    return Tail(-quantile, max(-quantile, flat.cvar * beyond))


@cache
def _normal(level: float) -> tuple[float, float]:
    """The standard normal's quantile at 1 - `level`, and its density there."""
    normal = NormalDist()
    z = normal.inv_cdf(1.0 - level)
    return z, normal.pdf(z)


def _moments(returns: FloatArray) -> tuple[float, float]:
    """Skewness and excess kurtosis (population moments); 0 where nothing moves."""
    centred = returns - returns.mean()
    size = float(np.abs(centred).max())
    if size == 0.0:
        return 0.0, 0.0
    centred /= size  # of a size whose fourth power is still a number
    square = centred * centred
    variance = float(square.mean())
    return float((square * centred).mean()) / variance**1.5, float((square * square).mean()) / variance**2 - 3.0
