"""A smile as a smoothing spline: as close to the quotes as their spread, with no promise about arbitrage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import UnivariateSpline

from data.errors import InputError
from data.market import FloatArray
from tools.options.arbitrage import STEEPEST, Curve
from tools.options.quotes import Smile

MIN_POINTS = 5


@dataclass(frozen=True, slots=True)
class SplineSlice:
    """One expiry: a cubic spline of total variance across `span`, straight lines beyond."""

    years: float
    forward: float
    span: tuple[float, float]
    spline: UnivariateSpline

    def curve(self, k: FloatArray) -> Curve:
        """Total variance with derivatives at `k` (K,); the wings' slopes point outwards and stay within Lee's bound."""
        inside = np.clip(k, *self.span)
        value, slope, bend = self.spline(inside), self.spline(inside, nu=1), self.spline(inside, nu=2)
        left, right = k < self.span[0], k > self.span[1]
        slope = np.where(left, np.clip(slope, -STEEPEST, 0.0), np.where(right, np.clip(slope, 0.0, STEEPEST), slope))
        return Curve(value + slope * (k - inside), slope, np.where(left | right, 0.0, bend))


def fit_spline(smile: Smile) -> SplineSlice:
    """The smoothest cubic that stays half a spread from the quotes in root mean square (Reinsch 1967).

    Raises InputError where the smile has fewer than MIN_POINTS points.
    """
    points = len(smile.vol)
    if points < MIN_POINTS:
        raise InputError(f"A smile of {points} points", f"a spline needs {MIN_POINTS}")
    spline = UnivariateSpline(smile.log_moneyness, smile.variance, w=1.0 / smile.half_spread, k=3, s=points)
    return SplineSlice(smile.years, smile.forward, smile.span, spline)
