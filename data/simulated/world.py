"""One world: everything that is drawn, from the regimes to the close of every day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.market import FloatArray, TimeArray
from data.simulated import tone
from data.simulated.config import Dynamics, Planted, TextRates
from data.simulated.latent import Latent, draw_latent
from data.simulated.returns import Returns, basket_returns, basket_weights, primary_returns, typical_vol
from data.simulated.surface import Surface, moving_surface
from data.simulated.timeline import days_between, sessions
from data.simulated.universe import BASKETS, LISTINGS, PRIMARY, STOCKS, loadings

SPOT = (*PRIMARY, *BASKETS)
"""Listings with a price path of their own, in the column order of (D, 54) arrays."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is drawn, by calendar day (D) and listing (46 primary, 8 baskets)."""

    seed: int
    planted: Planted
    dynamics: Dynamics
    latent: Latent
    news: tone.Drawn
    posts: tone.Drawn
    primary: Returns
    weights: FloatArray
    """(D, 8, 24) stocks held by BASKETS."""
    baskets: Returns
    log_price: FloatArray
    """(D, 54) log of the price at each day's end over the first price, columns of SPOT."""

    @property
    def days(self) -> TimeArray:
        """Midnights, (D,)."""
        return self.latent.days


def make_world(start: str, end: str, seed: int, planted: Planted, dynamics: Dynamics, rates: TextRates) -> World:
    """Draw a world. Raises BadConfig for dates that are none or too close."""
    days = days_between(start, end)
    latent = draw_latent(days, planted, dynamics, seed)
    news = tone.draw("news", tuple(x.news for x in LISTINGS), rates.headlines, days, seed)
    posts = tone.draw("posts", tuple(x.posts for x in LISTINGS), rates.posts, days, seed)
    unit = typical_vol(dynamics)
    drift = tone.announced_drift(news, planted.news_effect, planted, unit, days)
    drift += tone.announced_drift(posts, planted.post_effect, planted, unit, days)
    primary = primary_returns(latent, drift, planted, dynamics, seed)
    held = slice(0, STOCKS)
    stocks = Returns(
        primary.gap[:, held], primary.intra[:, held], primary.drift[:, held], primary.idio_vol[:, held]
    )  # fmt: skip
    weights = basket_weights(stocks.total, latent)
    baskets = basket_returns(stocks, weights, seed)
    log_price = np.cumsum(np.column_stack([primary.total, baskets.total]), axis=0)
    return World(seed, planted, dynamics, latent, news, posts, primary, weights, baskets, log_price)


def surface_of(world: World, symbol: str) -> Surface:
    """The volatility surface of a listing at the closes of XNYS."""
    column = [x.symbol for x in SPOT].index(symbol)
    unit = np.concatenate([typical_vol(world.dynamics), _basket_unit(world)])
    row = sessions("XNYS", world.days).day
    return moving_surface(world.log_price[row, column], world.latent.regime[row], float(unit[column]))


def _basket_unit(world: World) -> FloatArray:
    """Typical daily volatility of BASKETS as first held, (8,)."""
    held = world.weights[0]
    common = held @ loadings()[:STOCKS] * np.array(world.dynamics.factor_vol)
    own = held * np.array([x.idio for x in PRIMARY[:STOCKS]])
    return np.sqrt((common * common).sum(axis=1) + (own * own).sum(axis=1))
