"""The simulated market: each table made once when first asked for, and the truth behind them kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from data.market import FloatArray, IntArray, TimeArray
from data.simulated import tone
from data.simulated.bars import Block, bar_frame
from data.simulated.chains import Quoted, chain_frame, monthly_expiries
from data.simulated.config import ALL_FACTORS, Dynamics, Planted, TextRates
from data.simulated.macro import Market, macro_frame
from data.simulated.pricing import blocks
from data.simulated.randomness import normals, uniforms
from data.simulated.texts import news_frame, post_frame
from data.simulated.timeline import sessions
from data.simulated.universe import LISTINGS, OPTIONABLE
from data.simulated.world import SPOT, World, make_world, surface_of


@dataclass(frozen=True, slots=True)
class Truth:
    """What was planted; no source ever delivers it. Rows are calendar days."""

    days: TimeArray
    """(D,) midnights."""
    regime: IntArray
    """(D,) 0 calm, 1 normal, 2 turbulent."""
    factors: tuple[str, ...]
    factor_returns: FloatArray
    """(D, 14) log returns."""
    growth: FloatArray
    """(D,) standardised state of the economy in the day's month."""
    symbols: tuple[str, ...]
    """Columns of the arrays below."""
    drift: FloatArray
    """(D, 54) log return of the day that was planted: momentum, mean reversion and tone."""
    style: dict[str, str]
    """Symbol -> momentum, mean_reversion or ""."""
    news_group: dict[str, str]
    """Symbol -> leads, follows, nothing or "" (none written)."""
    post_group: dict[str, str]
    news_tone: FloatArray
    """(D, 54) planted tone of the day's headline, NaN where none."""
    post_tone: FloatArray
    planted: Planted


class SimulatedMarket:
    """A world of about sixty invented symbols from `start` to `end` (YYYY-MM-DD, both included).

    `by_hour` gives hourly bars of the last two years of the same daily path. Raises BadConfig for bad dates.
    """

    def __init__(self, seed: int, start: str, end: str, by_hour: bool = False, planted: Planted | None = None) -> None:
        self._seed, self._start, self._end, self._by_hour = seed, start, end, by_hour
        self._planted = planted or Planted()
        self._dynamics, self._rates = Dynamics(), TextRates()

    @cached_property
    def _world(self) -> World:
        return make_world(self._start, self._end, self._seed, self._planted, self._dynamics, self._rates)

    @cached_property
    def _blocks(self) -> list[Block]:
        return blocks(self._world, self._by_hour)

    @cached_property
    def bars(self) -> pd.DataFrame:
        """All bars, columns of Kind.BARS."""
        return bar_frame(self._blocks)

    @cached_property
    def macro(self) -> pd.DataFrame:
        """All releases, columns of Kind.MACRO."""
        world, found = self._world, sessions("XNYS", self._world.days)
        oil = _price(world, "PETRAL", found.day)
        market = Market(world.days[found.day], found.day, surface_of(world, "ALLFUND"), oil)
        return macro_frame(world.latent, market, self._seed)

    @cached_property
    def news(self) -> pd.DataFrame:
        """All headlines, columns of Kind.NEWS."""
        return news_frame(self._tones[0], self._market_tone, self._world.days, self._seed)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """All posts, columns of Kind.POSTS."""
        return post_frame(self._tones[1], self._world.days, self._seed)

    @property
    def chain_times(self) -> TimeArray:
        """When chains are quoted: each XNYS close, (N,)."""
        return sessions("XNYS", self._world.days).close

    def chains(self, rows: IntArray) -> pd.DataFrame:
        """Chains at the given rows of `chain_times`, columns of Kind.CHAINS; made anew at each call."""
        world, found = self._world, sessions("XNYS", self._world.days)
        quoted = [Quoted(name, _price(world, name, found.day), surface_of(world, name)) for name in OPTIONABLE]
        rate = world.latent.short_rate[found.day]
        return chain_frame(quoted, found.close, rate, monthly_expiries(world.days, found.day), rows, self._seed)

    @cached_property
    def truth(self) -> Truth:
        """What was planted, for tests and for judging what an agent found."""
        world, (news, posts) = self._world, self._tones
        count = len(SPOT)
        return Truth(
            world.days, world.latent.regime, ALL_FACTORS, world.latent.factor, world.latent.growth[world.latent.month],
            tuple(x.symbol for x in SPOT), np.column_stack([world.primary.drift, world.baskets.drift]),
            {x.symbol: x.style for x in LISTINGS}, {x.symbol: x.news for x in LISTINGS},
            {x.symbol: x.posts for x in LISTINGS}, news[:, :count], posts[:, :count], self._planted,
        )  # fmt: skip

    @cached_property
    def _surprise(self) -> FloatArray:
        """Return of the previous session in units of its long-run volatility, (D, 60); 0 for what has no texts."""
        world = self._world
        level = np.zeros((len(world.days), len(LISTINGS)))
        level[:, : len(SPOT)] = world.log_price
        last = tone.last_session_return(level, world.days)
        size = np.sqrt((last * last).sum(axis=0) / np.maximum((last != 0).sum(axis=0), 1))
        return last / np.maximum(size, 1e-9)

    @cached_property
    def _tones(self) -> tuple[FloatArray, FloatArray]:
        mix = self._planted.follow_correlation
        news, posts = (tone.final_tone(drawn, self._surprise, mix) for drawn in (self._world.news, self._world.posts))
        return news, posts

    @cached_property
    def _market_tone(self) -> FloatArray:
        """Tone of texts about the whole market (D,): it follows ALLFUND; NaN for none."""
        days = self._world.days
        written = uniforms(self._seed, "market news written", len(days)) <= self._rates.market_headlines
        on = np.isin(np.arange(len(days)), sessions("XNYS", days).day)
        raw = normals(self._seed, "market news tone", len(days))
        surprise = np.clip(self._surprise[:, [x.symbol for x in SPOT].index("ALLFUND")], -3.0, 3.0)
        mix = self._planted.follow_correlation
        return np.where(written & on, tone.cut(mix * surprise + (1.0 - mix**2) ** 0.5 * raw), np.nan)


def _price(world: World, symbol: str, day: IntArray) -> FloatArray:
    """Price at the end of the days (N,), as quoted in the bars but for rounding."""
    column = [x.symbol for x in SPOT].index(symbol)
    return SPOT[column].price * np.exp(world.log_price[day, column])
