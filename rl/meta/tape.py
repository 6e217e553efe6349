"""A history as the worlds read it: all that a slot needs, computed once and gathered by index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from data.errors import InputError
from data.history import History
from data.market import AssetClass, BoolArray, FloatArray, IntArray, TimeArray
from rl.meta.inputs import market_columns, views_through_time
from rl.meta.prior import DEFAULT, Correlations, correlations_through, priors
from rl.training.figures import bars_per_year
from tools.market.costs import CostModel
from tools.portfolio.prior import PriorName
from tools.strategies.scores import Scores


@dataclass(frozen=True, slots=True)
class Tape:
    """`market` (T, S, 6), `shared` (T, G0), `views` (T, S, 7, 3), `tradable` (T, S), `volatility` (T, S) for the prior,
    `to_fill` and `to_close` (T, S) simple returns from close to fill and from fill to the next close,
    `cost_bps` (S,), `classes` (S,) asset classes; `hedge_gap` and `hedge_day` (T, S) are what training rewards leave
    out of the two returns, zero until `rl.meta.hedge` fills them. `prior` is what allocates before any view;
    `correlations` is there where it needs them (`with_prior`).
    """

    times: TimeArray
    market: FloatArray
    shared: FloatArray
    views: FloatArray
    tradable: BoolArray
    volatility: FloatArray
    to_fill: FloatArray
    to_close: FloatArray
    cost_bps: FloatArray
    classes: tuple[AssetClass, ...]
    hedge_gap: FloatArray
    hedge_day: FloatArray
    prior: PriorName = DEFAULT
    correlations: Correlations | None = None

    @property
    def bars_per_year(self) -> float:
        """Slots in a year, from the times themselves."""
        return bars_per_year(self.times)

    def priors(self, slots: IntArray, chosen: IntArray) -> FloatArray:
        """The prior's weights (W, N + 1), cash last, of columns `chosen` (W, N) at `slots` (W,): `rl.meta.prior`."""
        at = (slots[:, None], chosen)
        return priors(self.prior, self.volatility[at], self.tradable[at], slots, chosen, self.correlations)


def with_prior(tape: Tape, prior: PriorName) -> Tape:
    """The same history with another prior."""
    balances = prior in ("risk_parity", "minimum_variance")
    known = correlations_through(tape.times, tape.to_fill, tape.to_close) if balances else None
    return replace(tape, prior=prior, correlations=known)


def build_tape(history: History, scores: Mapping[str, Scores], costs: CostModel) -> Tape:
    """Gather a history and the agents' scores (each (T, S)). Raises InputError where their shapes differ."""
    panel = history.panel
    for agent in sorted(scores):
        if scores[agent].score.shape != panel.close.shape:
            raise InputError(f"scores of {agent} are {scores[agent].score.shape}, the panel is {panel.close.shape}")
    market = market_columns(history.features, slice(None))
    volatility = history.features["vol_63"]
    following = np.full_like(panel.close, np.nan)
    following[:-1] = panel.close[1:]
    known = np.isfinite(market).all(axis=-1) & np.isfinite(history.features.shared).all(axis=-1, keepdims=True)
    priced = np.isfinite(history.fill) & np.isfinite(following)
    tradable = history.ready & known & priced & (volatility > 0.0)
    # Where nothing is traded the price still moves: all of it counts as after the fill.
    to_fill = np.where(priced, history.fill / panel.close - 1.0, 0.0)
    to_close = np.where(priced, following / history.fill, following / panel.close) - 1.0
    return Tape(
        times=panel.times,
        market=market,
        shared=np.nan_to_num(history.features.shared),
        views=views_through_time(scores),
        tradable=tradable,
        volatility=volatility,
        to_fill=np.nan_to_num(to_fill),
        to_close=np.nan_to_num(to_close),
        cost_bps=costs.vector(panel.instruments),
        classes=tuple(i.asset_class for i in panel.instruments),
        hedge_gap=np.zeros(panel.close.shape),
        hedge_day=np.zeros(panel.close.shape),
    )


def check_rows(tape: Tape, rows: slice, least: int) -> tuple[int, int]:
    """The decisions inside a slice as (first, stop); InputError where fewer than `least` have a tradable symbol.

    Leading slots without any tradable symbol are skipped. The slice's last slot is no decision but the outcome of the
    one before, so that nothing outside the slice is ever looked at.
    """
    start, end, step = rows.indices(tape.times.size)
    stop = end - 1
    usable = np.flatnonzero(tape.tradable[start:stop].any(axis=1))
    if step != 1 or usable.size < max(least, 1):
        raise InputError(f"rows {rows.start}:{rows.stop} hold {usable.size} decisions, {max(least, 1)} are needed")
    return start + int(usable[0]), stop
