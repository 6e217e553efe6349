"""From factors to the log returns of every symbol, with the planted trends and tone effects in the drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import AssetClass, BoolArray, FloatArray
from data.simulated.config import ALL_FACTORS, Dynamics, Planted
from data.simulated.latent import Latent, clustered_variance
from data.simulated.randomness import normals, stream, uniforms
from data.simulated.timeline import weekdays
from data.simulated.universe import BASKETS, MOMENTUM, PRIMARY, REVERSAL, STOCKS, idio_vol, loadings

_RANKED_OVER = 126
"""Days of history by which the trend and low-volatility funds choose their eight stocks."""


@dataclass(frozen=True, slots=True)
class Returns:
    """Log returns a calendar day, (D, S): `gap` before the open and `intra` after it."""

    gap: FloatArray
    intra: FloatArray
    drift: FloatArray
    """Planted part of `intra`: momentum, mean reversion and tone (factor drift is apart)."""
    idio_vol: FloatArray
    """Conditional own volatility of the day."""

    @property
    def total(self) -> FloatArray:
        """Close to close."""
        return self.gap + self.intra


def typical_vol(dynamics: Dynamics) -> FloatArray:
    """Daily volatility of PRIMARY in the normal regime, (46,): the unit of every planted strength."""
    own = loadings() * np.array(dynamics.factor_vol)
    return np.sqrt((own * own).sum(axis=1) + idio_vol() ** 2)


def primary_returns(
    latent: Latent, tone_drift: FloatArray, planted: Planted, dynamics: Dynamics, seed: int
) -> Returns:  # fmt: skip
    """Returns of PRIMARY; `tone_drift` (D, 46) is the drift that earlier texts announced."""
    betas, awake = loadings(), _awake(latent)
    always = np.array([p.asset_class is AssetClass.CRYPTO for p in PRIMARY])
    idio, vol = _own_noise(latent, awake, always, dynamics, seed)
    shut = np.array([p.asset_class in (AssetClass.STOCK, AssetClass.ETF) for p in PRIMARY])
    share = np.where(shut, dynamics.overnight, dynamics.midnight)
    early = share * idio + np.sqrt(share * (1 - share)) * vol * normals(seed, "own open", *idio.shape)
    gap = np.where(shut, latent.at_open @ betas.T, latent.at_midnight @ betas.T) + early
    noise = latent.factor @ betas.T + idio
    drift = _with_trends(noise, awake, tone_drift, planted, dynamics)
    return Returns(gap, noise - gap + drift, drift, vol)


def _awake(latent: Latent) -> BoolArray:
    """(D, 46) True where the symbol's market may move."""
    always = np.array([p.asset_class is AssetClass.CRYPTO for p in PRIMARY])
    return weekdays(latent.days)[:, None] | always


def _own_noise(
    latent: Latent, awake: BoolArray, always: BoolArray, dynamics: Dynamics, seed: int
) -> tuple[FloatArray, FloatArray]:
    shape = (len(latent.days), len(PRIMARY))
    tail = stream(seed, "own tail").chisquare(dynamics.tail, shape) / (dynamics.tail - 2.0)
    chance, size = dynamics.idio_jump
    jumps = (uniforms(seed, "own jump", *shape) <= chance) * size * normals(seed, "own jump size", *shape)
    shocks = normals(seed, "own", *shape) / np.sqrt(tail) + jumps
    level = idio_vol() * np.array(dynamics.idio_regime_vol)[latent.regime][:, None]
    level = level * np.where(weekdays(latent.days)[:, None], 1.0, dynamics.weekend * always)
    vol = level * np.sqrt(clustered_variance(shocks, awake, dynamics.garch))
    return vol * shocks - 0.5 * vol * vol, vol


def _with_trends(
    noise: FloatArray, awake: BoolArray, tone_drift: FloatArray, planted: Planted, dynamics: Dynamics
) -> FloatArray:
    """Drift a day: tone, and the symbol's own averaged past returns fed back with the planted sign."""
    unit = typical_vol(dynamics)
    styles = np.array([p.style for p in PRIMARY])
    half_life = np.where(styles == REVERSAL, planted.reversal_half_life, planted.momentum_half_life)
    memory = 0.5 ** (1.0 / half_life)
    push = unit * (planted.momentum_ic * (styles == MOMENTUM) - planted.reversal_ic * (styles == REVERSAL))
    norm = 1.0 / (unit / np.sqrt(1.0 - memory * memory))
    past, out = np.zeros(len(unit)), np.empty_like(noise)
    for day in range(len(noise)):
        drift = (push * np.minimum(np.maximum(past * norm, -2.0), 2.0) + tone_drift[day]) * awake[day]
        move = noise[day] + drift
        move[:STOCKS] -= planted.relative * move[:STOCKS].mean()
        past = np.where(awake[day], memory * past + move, past)
        out[day] = drift
    return out


def basket_weights(stocks: FloatArray, latent: Latent) -> FloatArray:
    """Holdings of each of BASKETS in the stocks, (D, 8, 24); ranked funds choose at month ends by the past only."""
    weights = np.zeros((len(latent.days), len(BASKETS), STOCKS))
    sectors = [p.sector for p in PRIMARY[:STOCKS]]
    large = np.tile((5.0, 3.0, 1.5), STOCKS // 3)
    for row, fund in enumerate(BASKETS):
        if fund.sector in ALL_FACTORS:
            chosen = np.array([s == fund.sector for s in sectors])
            weights[:, row] = chosen * large / large[chosen].sum()
    weights[:, 4] = large / large.sum()
    weights[:, 5, 2::3] = 3.0 / STOCKS
    total = np.concatenate([np.zeros((1, STOCKS)), np.cumsum(stocks, axis=0)])
    square = np.concatenate([np.zeros((1, STOCKS)), np.cumsum(stocks * stocks, axis=0)])
    for month in range(int(latent.month[-1]) + 1):
        held = np.flatnonzero(latent.month == month)
        now, then = held[0], max(held[0] - _RANKED_OVER, 0)
        for row, score in ((6, total[now] - total[then]), (7, square[then] - square[now])):
            best = np.argsort(-score, kind="stable")[:8]
            weights[held[:, None], row, best] = 1.0 / 8
    return weights


def basket_returns(stocks: Returns, weights: FloatArray, seed: int) -> Returns:
    """Returns of BASKETS from those of the stocks, with a little tracking noise on weekdays."""
    gap, intra, drift = (
        np.einsum("dbs,ds->db", weights, part) for part in (stocks.gap, stocks.intra, stocks.drift)
    )  # fmt: skip
    vol = np.array([fund.idio for fund in BASKETS]) * (np.abs(intra) > 0)
    return Returns(gap, intra + vol * normals(seed, "tracking", *intra.shape), drift, vol)
