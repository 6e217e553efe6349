"""The way through the day: hourly paths that keep each day's open and close and share one factor path.

All symbols read the same Brownian path of each factor off the same clock: no market tells another's close early.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import FloatArray, IntArray, TimeArray
from data.simulated.config import Dynamics
from data.simulated.latent import Latent
from data.simulated.randomness import normals
from data.simulated.timeline import HOUR, Bars, new_york_hours

_STEP = HOUR // 2
_BEFORE = 2 * HOUR
_KNOTS = 53
"""Half-hours from 22:00 UTC of the day before (the earliest opening) to the end of the day."""


@dataclass(frozen=True, slots=True)
class FactorPaths:
    """Factor log returns since the day's start at each half-hour, (N, 53, 14), from row `first_day` of the days on."""

    first_day: int
    midnight: TimeArray
    value: FloatArray

    def at(self, day: IntArray, time: TimeArray) -> FloatArray:
        """Values at times (N, ...) of the days (N,): (N, ..., 14)."""
        row = day - self.first_day
        start = self.midnight[row].reshape(-1, *(1,) * (time.ndim - 1)) - _BEFORE
        knot = (time - start) // _STEP
        return self.value[row.reshape(start.shape), knot]


def factor_paths(latent: Latent, first_day: int, dynamics: Dynamics, seed: int) -> FactorPaths:
    """Brownian bridges through each day's known points: midnight, the New York open, the close."""
    part = slice(first_day, None)
    clock, opening = _clock(latent.days, first_day, dynamics)
    step = np.sqrt(np.diff(clock, axis=1, prepend=clock[:, :1]))[:, :, None]
    vol = latent.factor_vol[part]
    path = np.cumsum(step * vol[:, None, :] * normals(seed, "factor path", *clock.shape, vol.shape[1]), axis=1)
    at_open = np.take_along_axis(path, opening[:, None, None], axis=1)[:, 0]
    start, middle, end = (
        latent.at_midnight[part], latent.at_open[part] - at_open, latent.factor[part] - path[:, -1],
    )  # fmt: skip
    early = (clock - dynamics.midnight) / (dynamics.overnight - dynamics.midnight)
    late = (clock - dynamics.overnight) / (1.0 - dynamics.overnight)
    a, b = np.clip(early, 0.0, 1.0)[:, :, None], np.clip(late, 0.0, 1.0)[:, :, None]
    value = path + (1 - a) * start[:, None] + (a - b) * middle[:, None] + b * end[:, None]
    return FactorPaths(first_day, latent.days[part], value)


def _clock(days: TimeArray, first_day: int, dynamics: Dynamics) -> tuple[FloatArray, IntArray]:
    """Share of the day's variance that has passed at each knot (N, 53), and the knot of the New York open (N,)."""
    opens, closes = (t[first_day:] for t in new_york_hours(days))
    midnight = days[first_day:]
    time = (np.arange(_KNOTS) * _STEP - _BEFORE).astype(np.float64)[None, :]
    begin, end = (((t - midnight).astype(np.float64))[:, None] for t in (opens, closes))
    night = dynamics.midnight + (dynamics.overnight - dynamics.midnight) * np.clip(time / begin, 0.0, 1.0)
    clock = night + (1.0 - dynamics.overnight) * np.clip((time - begin) / (end - begin), 0.0, 1.0)
    return clock, (opens - midnight + _BEFORE) // _STEP


def session_paths(
    bars: Bars, factors: FactorPaths, betas: FloatArray, own_vol: FloatArray, intra: FloatArray, noise: FloatArray
) -> FloatArray:
    """Log returns since the session's open at each bar's end, (N, K, S).

    `betas` (S, 14); `own_vol` and `intra` (N, S) are own volatility and the whole return of the session;
    `noise` (N, K, S) standard normal. The last valid bar ends exactly at `intra`; later cells repeat it.
    """
    found = bars.sessions
    base = factors.at(found.day, found.open)
    last = np.minimum(bars.end, found.close[:, None])
    common = (factors.at(found.day, last) - base[:, None]) @ betas.T
    span = bars.span
    own = np.cumsum(np.sqrt(span)[:, :, None] * own_vol[:, None, :] * noise, axis=1)
    passed = np.cumsum(span, axis=1)[:, :, None]
    gap = intra - common[:, -1] - own[:, -1]
    return common + own + passed * gap[:, None]


def follow(weights: FloatArray, held: FloatArray, intra: FloatArray, bars: Bars) -> FloatArray:
    """Paths of baskets (N, K, B) from their weights (N, B, S) and the paths held (N, K, S), plus tracking noise."""
    path = np.einsum("nbs,nks->nkb", weights, held)
    passed = np.cumsum(bars.span, axis=1)[:, :, None]
    return path + passed * (intra - path[:, -1])[:, None]
