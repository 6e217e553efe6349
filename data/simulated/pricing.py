"""The bars of a world: each calendar's sessions cut out of the daily path, by day or by hour."""

from __future__ import annotations

import numpy as np

from data.market import CALENDARS, FloatArray, IntArray
from data.simulated.bars import Block, make_block, session_volume
from data.simulated.intraday import FactorPaths, factor_paths, follow, session_paths
from data.simulated.overlays import STRATEGIES, Underlying, overlay_levels, overlay_marks
from data.simulated.randomness import normals
from data.simulated.timeline import Bars, daily, hourly, sessions
from data.simulated.universe import OVERLAYS, PRIMARY, STOCKS, loadings, rows_on
from data.simulated.world import SPOT, World, surface_of

HOURLY_DAYS = 730
"""Hourly bars cover the last two years of the daily path."""


def blocks(world: World, by_hour: bool) -> list[Block]:
    """Bars of all listings, one block a calendar and one for the option strategies."""
    first = max(len(world.days) - HOURLY_DAYS, 0)
    factors = factor_paths(world.latent, first, world.dynamics, world.seed) if by_hour else None
    out: list[Block] = []
    for calendar in sorted(set(CALENDARS.values())):
        found = sessions(calendar, world.days)
        bars = daily(found) if factors is None else hourly(found, first)
        path, rows = _primary_paths(world, calendar, bars, factors), rows_on(calendar)
        if calendar == "XNYS":
            day = bars.sessions.day
            held = follow(world.weights[day], path[:, :, :STOCKS], world.baskets.intra[day], bars)
            path, rows = np.concatenate([path, held], axis=2), np.append(rows, np.arange(len(PRIMARY), len(SPOT)))
        out.append(_priced(world, calendar, bars, path, rows))
        if calendar == "XNYS":
            out.append(_overlays(world, out[-1]))
    return out


def _primary_paths(world: World, calendar: str, bars: Bars, factors: FactorPaths | None) -> FloatArray:
    rows, day = rows_on(calendar), bars.sessions.day
    intra = world.primary.intra[np.ix_(day, rows)]
    if factors is None:
        return intra[:, None]
    share = world.dynamics.overnight if calendar == "XNYS" else world.dynamics.midnight
    own = world.primary.idio_vol[np.ix_(day, rows)] * (1.0 - share) ** 0.5
    noise = normals(world.seed, f"own path {calendar}", *bars.start.shape, len(rows))
    return session_paths(bars, factors, loadings()[rows], own, intra, noise)


def _priced(world: World, calendar: str, bars: Bars, path: FloatArray, rows: IntArray) -> Block:
    listings, day = [SPOT[int(row)] for row in rows], bars.sessions.day
    level = world.log_price[:, rows]
    gap = np.column_stack([world.primary.gap, world.baskets.gap])[np.ix_(day, rows)]
    before = np.where((day > 0)[:, None], level[np.maximum(day - 1, 0)], 0.0)
    opening = np.array([x.price for x in listings]) * np.exp(before + gap)
    every = sessions(calendar, world.days).day
    volume = _volume(world, calendar, level[every], np.array([x.volume for x in listings]))
    symbols = tuple(x.symbol for x in listings)
    return make_block(bars, symbols, opening, path, volume[np.searchsorted(every, day)], (world.seed, calendar))


def _volume(world: World, purpose: str, level: FloatArray, typical: FloatArray) -> FloatArray:
    """Of every session of the calendar (N, S), so that a day's volume does not depend on the bar frequency."""
    calendar = "XNYS" if purpose == "options" else purpose
    regime = world.latent.regime[sessions(calendar, world.days).day]
    return session_volume(typical, np.diff(level, axis=0, prepend=level[:1]), regime, purpose, world.seed)


def _overlays(world: World, stocks: Block) -> Block:
    """Option strategies on ALLFUND at the bar times of the stocks."""
    bars, found = stocks.bars, sessions("XNYS", world.days)
    session = np.searchsorted(found.day, bars.sessions.day)
    opening, path, levels = _overlay_paths(world, stocks, session)
    volume = _volume(world, "options", levels, np.array([x.volume for x in OVERLAYS]))[session]
    return make_block(bars, tuple(STRATEGIES), opening, path, volume, (world.seed, "options"))


def _overlay_paths(world: World, stocks: Block, session: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Openings (N, 6) and paths (N, K, 6) of the strategies, and the log of their closes on all sessions (M, 6)."""
    bars, found = stocks.bars, sessions("XNYS", world.days)
    place, column = stocks.symbols.index("ALLFUND"), [x.symbol for x in SPOT].index("ALLFUND")
    close = SPOT[column].price * np.exp(world.log_price[found.day, column])
    under = Underlying(close, found.close, surface_of(world, "ALLFUND"), world.latent.short_rate[found.day])
    spot = np.concatenate([stocks.open[:, :1, place], stocks.close[:, :, place]], axis=1)
    time = np.concatenate([bars.start[:, :1], np.minimum(bars.end, bars.sessions.close[:, None])], axis=1)
    ended = time == bars.sessions.close[:, None]
    marks, levels = [], []
    for strategy in STRATEGIES.values():
        level, base = overlay_levels(strategy, under)
        mark = overlay_marks(strategy, under, base, session, spot, time)
        marks.append(np.log(np.where(ended, level[session][:, None], mark)))
        levels.append(np.log(level))
    log = np.stack(marks, axis=2)
    return np.exp(log[:, 0]), log[:, 1:] - log[:, :1], np.column_stack(levels)
