"""A volatility surface: one slice an expiry, fitted from a chain of quotes and checked for arbitrage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from data.errors import InputError
from data.market import FloatArray
from tools.options.arbitrage import Slice, Violation, violations
from tools.options.quotes import Quotes, Refusal, Smile, smiles
from tools.options.spline import fit_spline
from tools.options.svi import MIN_POINTS, fit_svi

Model = Literal["svi", "spline"]


@dataclass(frozen=True, slots=True)
class Surface:
    """`slices` by years, at least one. Between expiries total variance is linear in time along each log-moneyness,
    which keeps slices free of calendar arbitrage free of it; beyond them the nearest slice's volatility is held."""

    slices: tuple[Slice, ...]

    def vol(self, log_moneyness: FloatArray, years: FloatArray) -> FloatArray:
        """Volatilities, fractions per year, at k = log(strike / forward of that date); all (N,)."""
        grid = np.array([one.years for one in self.slices])
        variance = np.array([one.curve(log_moneyness).value for one in self.slices])
        at = np.clip(years, grid[0], grid[-1])
        total = np.array([np.interp(t, grid, variance[:, row]) for row, t in enumerate(at.tolist())])
        return np.sqrt(total / at)


class SurfaceFit(NamedTuple):
    """A surface with what it was made from and where it is wrong."""

    surface: Surface
    smiles: tuple[Smile, ...]
    refused: tuple[Refusal, ...]
    """Every quote that was not fitted, by name, with the reason."""
    violations: tuple[Violation, ...]
    """Arbitrage of the fitted slices where there are quotes."""
    error: float
    """Root mean square of fitted minus quoted middle volatility, fractions per year."""


def fit_surface(quotes: Quotes, rate: float, model: Model = "svi", min_points: int = MIN_POINTS) -> SurfaceFit:
    """Fit each expiry of at least `min_points` out-of-the-money volatilities, the shortest first.

    `rate` discounts, continuous, a year. Raises InputError where no expiry can be fitted.
    """
    found = smiles(quotes, rate)
    used = [smile for smile in found.smiles if len(smile.vol) >= max(min_points, MIN_POINTS)]
    if not used:
        reasons = (
            ", ".join(sorted({one.reason for one in found.refused})) or f"fewer than {min_points} quotes an expiry"
        )
        raise InputError(f"No expiry of {quotes.underlying} can be fitted: {reasons}", "give a chain with more quotes")
    fitted: list[Slice] = []
    for smile in used:
        fitted.append(fit_svi(smile, fitted) if model == "svi" else fit_spline(smile))
    misses = [np.sqrt(s.curve(m.log_moneyness).value / m.years) - m.vol for s, m in zip(fitted, used, strict=True)]
    error = float(np.sqrt(np.mean(np.concatenate(misses) ** 2)))
    return SurfaceFit(Surface(tuple(fitted)), tuple(used), found.refused, violations(fitted), error)
