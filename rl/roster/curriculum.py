"""A curriculum: training begins with the leading symbols at low costs, and ends with all of them at full costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadConfig, UnknownSymbol
from data.history import History
from data.market import BoolArray, FloatArray, IntArray
from data.panel import Panel
from rl.kernel import Rules, Starts
from rl.nearest import nearest

LEADERS = ("SPY", "QQQ", "AAPL", "MSFT", "NVDA", "AMZN", "META", "TSLA", "JPM", "XOM")
"""Whose bars are the most traded and the least torn; those that a universe lacks are passed over."""
Share = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]


class CurriculumConfig(BaseModel):
    """Stages of equal length; the first one has a share of the symbols and of the costs, the last one all of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: int = Field(default=1, ge=1, le=20)
    """1: everything from the beginning."""
    until: Share = 0.5
    """Part of the training that is done when the last stage begins."""
    symbols_share: Share = 0.2
    """Symbols of the first stage."""
    cost_share: Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)] = 0.25
    """Costs of the first stage."""
    first: tuple[str, ...] | None = None
    """Symbols in the order in which they come in, before the rest by traded notional; None: LEADERS."""
    only: tuple[str, ...] = ()
    """Symbols that are trained; () all."""
    sectors: tuple[str, ...] = ()
    """Sectors that are trained; () all."""


def ranked(history: History, learn: BoolArray, config: CurriculumConfig) -> IntArray:
    """The symbols that are trained, as indices in the order in which they come in, (R,).

    After the first ones, by the mean notional traded over the slots `learn` (T,), in the currency of their prices;
    those whose volume is not known come last, by name. Raises UnknownSymbol or BadConfig, with the nearest name, for a
    symbol or a sector that the history lacks, and BadConfig where nothing is left.
    """
    panel = history.panel
    names, sectors = panel.symbols, [i.sector for i in panel.instruments]
    for symbol in (*(config.first or ()), *config.only):
        if symbol not in names:
            raise UnknownSymbol(f"the curriculum names {symbol!r}, which the data lack", nearest(symbol, names))
    for sector in config.sectors:
        if sector not in sectors:
            raise BadConfig(f"the curriculum names the sector {sector!r}", nearest(sector, {s for s in sectors if s}))
    order = {symbol: place for place, symbol in enumerate(LEADERS if config.first is None else config.first)}
    notional = _notional(panel, learn)
    kept = [
        s
        for s, name in enumerate(names)
        if (not config.only or name in config.only) and (not config.sectors or sectors[s] in config.sectors)
    ]
    if not kept:
        raise BadConfig("the curriculum leaves no symbol: none of `only` is of `sectors`", "drop one of them")
    kept.sort(key=lambda s: (order.get(names[s], len(order)), -notional[s], names[s]))
    return np.array(kept, dtype=np.int64)


def _notional(panel: Panel, learn: BoolArray) -> FloatArray:
    """Mean of close x volume over the slots `learn`, (S,); 0 where it is not known."""
    traded = np.where(panel.age == 0, panel.close * panel.volume, np.nan)[learn]
    known = np.isfinite(traded)
    return np.where(known, traded, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def stage_at(config: CurriculumConfig, done: float) -> int:
    """The stage, 1 to `stages`, when the part `done` in [0, 1] of the training is done."""
    if config.stages == 1:
        return 1
    return min(config.stages, 1 + math.floor(done / config.until * (config.stages - 1) + 1e-9))


def staged(
    starts: Starts, rules: Rules, order: Sequence[int] | IntArray, config: CurriculumConfig, done: float
) -> tuple[Starts, Rules]:
    """What training draws its episodes from when the part `done` of it is done; a function of its arguments alone.

    `starts` and `rules` are those of the whole training, `order` is `ranked`. Symbols that no episode may begin with
    are passed over. Raises BadConfig where none is left.
    """
    stage = stage_at(config, done)
    passed = 1.0 if config.stages == 1 else (stage - 1) / (config.stages - 1)
    there = set(starts.symbols.tolist())
    able = [int(s) for s in order if int(s) in there]
    if not able:
        raise BadConfig("the symbols of the curriculum have no bar to begin with", "choose others or a longer span")
    count = math.ceil(_between(config.symbols_share, passed) * len(able) - 1e-9)
    costs = _between(config.cost_share, passed)
    cheaper = rules._replace(cost_low=rules.cost_low * costs, cost_high=rules.cost_high * costs)
    return among(starts, able[:count]), cheaper


def among(starts: Starts, symbols: Sequence[int]) -> Starts:
    """The same starts, of these symbols alone."""
    places = [place for place, s in enumerate(starts.symbols.tolist()) if s in set(symbols)]
    found = [starts.slots[starts.offsets[p] : starts.offsets[p + 1]] for p in places]
    offsets = np.cumsum([0, *(len(f) for f in found)], dtype=np.int64)
    return Starts(starts.symbols[places], offsets, np.concatenate(found), starts.stop)


def _between(first: float, passed: float) -> float:
    return 1.0 if passed >= 1.0 else first + (1.0 - first) * passed
