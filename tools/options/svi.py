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
_GRID = 101
_MARGIN, _PENALTY = 1e-4, 300.0
"""g and calendar differences are pushed above the margin, each miss weighing so many half-spreads."""


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
    width = max(float(np.ptp(smile.log_moneyness)), 1e-3)
    lower = (0.0, 0.0, 0.0, float(smile.log_moneyness.min()) - width, math.log(1e-4))
    upper = (
        4.0 * float(fit.variance.max()),
        _STEEPEST,
        _STEEPEST,
        float(smile.log_moneyness.max()) + width,
        math.log(10.0),
    )
    best: tuple[float, FloatArray] | None = None
    for sigma in (0.02 * width, 0.1 * width, 0.5 * width):
        start = np.clip(fit.start(sigma), np.array(lower) + 1e-9, np.array(upper) - 1e-9)
        found = least_squares(fit.misses, start, bounds=(lower, upper), x_scale=fit.scale(width), max_nfev=200)
        if best is None or float(found.cost) < best[0]:
            best = float(found.cost), cast(FloatArray, found.x)
    assert best is not None
    return fit.svi(best[1])


class _Fit:
    """The problem in (lowest variance, minus the left slope, right slope, m, log sigma): all bounds are boxes."""

    def __init__(self, smile: Smile, earlier: Sequence[Slice]) -> None:
        self._smile = smile
        self._grid = np.linspace(*smile.span, _GRID)
        self._floor = floor(earlier, self._grid)
        self.variance = smile.variance
        self._error = smile.half_spread

    def start(self, sigma: float) -> FloatArray:
        """Wings by the outermost points, the lowest point as the bottom."""
        k, w = self._smile.log_moneyness, self.variance
        low = int(np.argmin(w))
        left = (w[0] - w[low]) / max(k[low] - k[0], 1e-3)
        right = (w[-1] - w[low]) / max(k[-1] - k[low], 1e-3)
        return np.array([w[low], max(left, 1e-3), max(right, 1e-3), k[low], math.log(sigma)])

    def scale(self, width: float) -> FloatArray:
        """Typical sizes of the parameters."""
        w = float(np.median(self.variance))
        return np.array([w, w / width, w / width, width, 1.0])

    def svi(self, x: FloatArray) -> Svi:
        """The parameters as a slice."""
        lowest, left, right, m = (float(v) for v in x[:4])
        sigma, b = math.exp(float(x[4])), 0.5 * (left + right)
        rho = (right - left) / (left + right) if left + right > 0.0 else 0.0
        a = lowest - sigma * math.sqrt(left * right)
        return Svi(self._smile.years, self._smile.forward, a, b, rho, m, sigma, self._smile.span)

    def misses(self, x: FloatArray) -> FloatArray:
        """Residuals of the points, then the penalties."""
        one = self.svi(x)
        points = (one.curve(self._smile.log_moneyness).value - self.variance) / self._error
        curve = one.curve(self._grid)
        curve = curve._replace(value=np.maximum(curve.value, 1e-12))
        parts = [points, _PENALTY * np.maximum(_MARGIN - butterfly(curve, self._grid), 0.0)]
        quoted = self._floor > 0.0
        gap = (curve.value - self._floor)[quoted] / float(np.median(self.variance))
        parts.append(_PENALTY * np.maximum(_MARGIN - gap, 0.0))
        return np.concatenate(parts)
