"""Gatheral's SVI smile: total variance as a hyperbola in log-moneyness, and its fit without arbitrage.

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))

Sources: J. Gatheral, "A parsimonious arbitrage-free implied volatility parameterization" (2004); J. Gatheral and
A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), for the natural form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.optimize import least_squares

from data.errors import InputError
from data.market import FloatArray
from tools.options.arbitrage import STEEPEST, Curve, Slice, butterfly, floor
from tools.options.quotes import Smile

MIN_POINTS = 5
"""As many as there are parameters."""
_STEEPEST = STEEPEST - 1e-3
_GRID, _EVALUATIONS = 101, 60
_MARGIN = 1e-4
"""g and calendar differences (over the median total variance) are pushed above it."""
_PENALTIES = (3e2, 3e3, 3e4)
"""Half-spreads that a whole unit of the miss weighs; the next is tried while any miss is left."""
_STARTS = (0.02, 0.1, 0.5)
"""Sigma at the start, in widths of the quoted range."""


@dataclass(frozen=True, slots=True)
class Svi:
    """One expiry in raw form; a is total variance, m and sigma log-moneyness, b and rho pure numbers."""

    years: float
    forward: float
    a: float
    b: float
    rho: float
    m: float
    sigma: float
    span: tuple[float, float]
    """Lowest and highest log-moneyness that is quoted."""

    def curve(self, k: FloatArray) -> Curve:
        """Total variance with derivatives at `k` (K,)."""
        y = k - self.m
        root = np.sqrt(y * y + self.sigma**2)
        bend = self.b * self.sigma**2 / (root * root * root)
        return Curve(self.a + self.b * (self.rho * y + root), self.b * (self.rho + y / root), bend)

    def natural(self) -> tuple[float, float, float, float, float]:
        """(delta, mu, rho, omega, zeta) of the natural form: with z = zeta (k - mu),

        w = delta + omega/2 (1 + rho z + sqrt((z + rho)^2 + 1 - rho^2))
        """
        across = math.sqrt(1.0 - self.rho**2)
        omega = 2.0 * self.b * self.sigma / across
        return (
            self.a - 0.5 * omega * across**2, self.m + self.rho * self.sigma / across, self.rho, omega,
            across / self.sigma,
        )  # fmt: skip


def fit_svi(smile: Smile, earlier: Sequence[Slice] = ()) -> Svi:
    """Least squares of total variance in half-spreads, with penalties on arbitrage where there are quotes.

    Against `earlier` expiries total variance is kept from falling where both are quoted.
    Raises InputError where the smile has fewer than MIN_POINTS points.
    """
    if len(smile.vol) < MIN_POINTS:
        raise InputError(f"A smile of {len(smile.vol)} points", f"SVI needs {MIN_POINTS}")
    fit = _Fit(smile, earlier)
    found = min((fit.solve(fit.start(share), _PENALTIES[0]) for share in _STARTS), key=lambda solved: solved[0])[1]
    for penalty in _PENALTIES[1:]:
        if not fit.arbitrage(found).any():
            break
        found = fit.solve(found, penalty)[1]
    return fit.svi(found)


class _Fit:
    """The problem in (lowest variance, minus the left slope, right slope, m, log sigma): all bounds are boxes."""

    def __init__(self, smile: Smile, earlier: Sequence[Slice]) -> None:
        self._smile = smile
        self._width = max(smile.span[1] - smile.span[0], 1e-3)
        self._grid = np.linspace(*smile.span, _GRID)
        self._floor = floor(earlier, self._grid)
        self.variance = smile.variance
        self._error = smile.half_spread

    def start(self, share: float) -> FloatArray:
        """Wings by the outermost points, the lowest point as the bottom, sigma as a share of the width."""
        k, w = self._smile.log_moneyness, self.variance
        low = int(np.argmin(w))
        left = (w[0] - w[low]) / max(k[low] - k[0], 1e-3)
        right = (w[-1] - w[low]) / max(k[-1] - k[low], 1e-3)
        return np.array([w[low], left, right, k[low], math.log(share * self._width)])

    def solve(self, start: FloatArray, penalty: float) -> tuple[float, FloatArray]:
        """(cost, parameters) of the least squares from `start`."""
        low, high = self._smile.span
        lower = np.array([0.0, 0.0, 0.0, low - self._width, math.log(1e-4)])
        upper = np.array([4.0 * self.variance.max(), _STEEPEST, _STEEPEST, high + self._width, math.log(10.0)])
        level = float(np.median(self.variance))
        scale = np.array([level, level / self._width, level / self._width, self._width, 1.0])

        def misses(x: FloatArray) -> FloatArray:
            points = self.svi(x).curve(self._smile.log_moneyness).value
            return np.concatenate([(points - self.variance) / self._error, penalty * self.arbitrage(x)])

        inside = np.clip(start, lower + 1e-9, upper - 1e-9)
        found = least_squares(misses, inside, bounds=(lower, upper), x_scale=scale, max_nfev=_EVALUATIONS)
        return float(found.cost), cast(FloatArray, found.x)

    def svi(self, x: FloatArray) -> Svi:
        """The parameters as a slice."""
        lowest, left, right, m = (float(v) for v in x[:4])
        sigma, b = math.exp(float(x[4])), 0.5 * (left + right)
        rho = (right - left) / (left + right) if left + right > 0.0 else 0.0
        a = lowest - sigma * math.sqrt(left * right)
        return Svi(self._smile.years, self._smile.forward, a, b, rho, m, sigma, self._smile.span)

    def arbitrage(self, x: FloatArray) -> FloatArray:
        """How far g and the rise over earlier expiries fall short of the margin; 0 where they do not."""
        curve = self.svi(x).curve(self._grid)
        curve = curve._replace(value=np.maximum(curve.value, 1e-12))
        quoted = self._floor > 0.0
        rise = (curve.value - self._floor)[quoted] / float(np.median(self.variance))
        return np.maximum(_MARGIN - np.concatenate([butterfly(curve, self._grid), rise]), 0.0)
