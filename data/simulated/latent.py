"""What nobody sees: regimes, economic states and the factor returns that drive every price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import BoolArray, FloatArray, IntArray, TimeArray
from data.simulated.config import ALL_FACTORS, Dynamics, Planted
from data.simulated.randomness import ar1, normals, stream, uniforms
from data.simulated.timeline import weekdays

_MAX_VARIANCE = 5.0
"""Ceiling of the volatility recursion, in units of the unconditional variance."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Daily truth on calendar days; factor arrays are (D, 14) in the order of ALL_FACTORS, log returns."""

    days: TimeArray
    regime: IntArray
    """(D,) index into REGIMES."""
    month: IntArray
    """(D,) row of the day's month in `growth` and `inflation`."""
    growth: FloatArray
    """(M,) standardised state of the economy in each month."""
    inflation: FloatArray
    """(M,)"""
    factor: FloatArray
    factor_vol: FloatArray
    """Conditional standard deviation of the day."""
    at_midnight: FloatArray
    """Part of the day's return that falls before markets open which hardly close."""
    at_open: FloatArray
    """Part of the day's return that falls before New York opens (contains `at_midnight`)."""
    short_rate: FloatArray
    """(D,) fraction a year."""


def draw_latent(days: TimeArray, planted: Planted, dynamics: Dynamics, seed: int) -> Latent:
    """All latent paths of one world."""
    busy = weekdays(days)
    regime = _regimes(len(days), dynamics, seed)
    label = days.astype("datetime64[M]").astype(np.int64)
    month = label - label[0]
    growth, inflation = (ar1(normals(seed, name, int(month[-1]) + 1), 0.92) for name in ("growth", "inflation"))
    factor, vol = _factors(regime, busy, dynamics, seed)
    factor += _drift(regime, growth[month], busy, planted, dynamics)
    at_open = _bridge(factor, vol, dynamics.overnight, normals(seed, "factor open", *factor.shape))
    before = vol * dynamics.overnight**0.5, dynamics.midnight / dynamics.overnight
    at_midnight = _bridge(at_open, *before, normals(seed, "factor midnight", *factor.shape))
    rate = _short_rate(factor[:, ALL_FACTORS.index("rates")], inflation[month])
    return Latent(days, regime, month, growth, inflation, factor, vol, at_midnight, at_open, rate)


def _regimes(days: int, dynamics: Dynamics, seed: int) -> IntArray:
    edges = np.cumsum(np.array(dynamics.leave), axis=1)[:, :2].tolist()
    state, out = 0, np.empty(days, dtype=np.int64)
    for day, u in enumerate(stream(seed, "regime").random(days).tolist()):
        state = (u > edges[state][0]) + (u > edges[state][1])
        out[day] = state
    return out


def _shocks(regime: IntArray, dynamics: Dynamics, seed: int) -> FloatArray:
    """Correlated Student-t shocks of unit variance with a common tail, and jumps on top, (D, 14)."""
    size = len(ALL_FACTORS)
    calm, rough = np.eye(size), np.eye(size)
    for one, other, quiet, turbulent in dynamics.correlation:
        i, j = ALL_FACTORS.index(one), ALL_FACTORS.index(other)
        calm[i, j] = calm[j, i] = quiet
        rough[i, j] = rough[j, i] = turbulent
    plain = normals(seed, "factor", len(regime), size)
    shocks = np.where(
        (regime == 2)[:, None], plain @ np.linalg.cholesky(rough).T, plain @ np.linalg.cholesky(calm).T
    )  # fmt: skip
    scale = stream(seed, "factor tail").chisquare(dynamics.tail, (len(regime), 1)) / (dynamics.tail - 2.0)
    chance, mean, sd = dynamics.jump
    jumped = uniforms(seed, "factor jump", len(regime), size) <= chance * (1 + (regime == 2))[:, None]
    return shocks / np.sqrt(scale) + jumped * (mean + sd * normals(seed, "factor jump size", len(regime), size))


def _factors(regime: IntArray, busy: BoolArray, dynamics: Dynamics, seed: int) -> tuple[FloatArray, FloatArray]:
    """Zero-mean factor returns and their conditional volatility, each (D, 14)."""
    shocks = _shocks(regime, dynamics, seed)
    awake = np.repeat(busy[:, None], len(ALL_FACTORS), axis=1).astype(np.float64)
    awake[~busy, ALL_FACTORS.index("crypto")] = dynamics.weekend
    variance = clustered_variance(shocks, awake > 0, dynamics.garch)
    vol = np.array(dynamics.factor_vol) * np.array(dynamics.regime_vol).T[regime] * np.sqrt(variance) * awake
    return vol * shocks, vol


def clustered_variance(shocks: FloatArray, awake: BoolArray, garch: tuple[float, float, float]) -> FloatArray:
    """GJR-GARCH(1,1) variance of unit mean for given unit shocks, (D, S); sleeping days leave it as it is."""
    arch, memory, leverage = garch
    base = 1.0 - arch - memory - leverage / 2
    push = (arch + leverage * (shocks < 0)) * shocks * shocks
    out = np.empty_like(shocks)
    now = np.ones(shocks.shape[1])
    for day in range(len(shocks)):
        out[day] = now
        now = np.where(awake[day], np.minimum(base + (memory + push[day]) * now, _MAX_VARIANCE), now)
    return out


def _drift(
    regime: IntArray, growth: FloatArray, busy: BoolArray, planted: Planted, dynamics: Dynamics
) -> FloatArray:  # fmt: skip
    """Expected log return of each factor and day, (D, 14)."""
    drift = np.tile(np.array(dynamics.factor_drift) / 252, (len(regime), 1))
    drift[:, 0] += (np.array(planted.regime_drift)[regime] + planted.macro_drift * growth) / 252
    crypto = ALL_FACTORS.index("crypto")
    daily_crypto = drift[:, crypto] * 252 / 365
    drift *= busy[:, None]
    drift[:, crypto] = daily_crypto
    return drift


def _bridge(end: FloatArray, vol: FloatArray, share: float, noise: FloatArray) -> FloatArray:
    """A Brownian bridge from 0 to `end`, seen when `share` of the variance `vol`^2 has passed."""
    return share * end + np.sqrt(share * (1.0 - share)) * vol * noise


def _short_rate(bond: FloatArray, inflation: FloatArray) -> FloatArray:
    """A rate that falls when bonds gain and is pulled to a target which rises with inflation; never below -0.5 %."""
    out = np.empty_like(bond)
    rate = 0.015
    for day, (gain, target) in enumerate(zip((bond / 9.0).tolist(), (0.022 + 0.008 * inflation).tolist(), strict=True)):
        rate = max(rate - gain + 0.004 * (target - rate), -0.005)
        out[day] = rate
    return out
