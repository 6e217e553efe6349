"""What the limits look at: a book and its market as arrays, in the order of the panel's symbols."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from data.market import CASH, BoolArray, FloatArray
from data.panel import Panel
from tools.execution.book import Book
from tools.risk.limits import EVERY_OTHER, RiskLimits
from tools.risk.measures import average_traded, bars_per_year, equal_weighted, window_returns
from tools.risk.stops import Stop, stops
from tools.risk.stress import shocks


class Group(NamedTuple):
    """Symbols whose weights together have a cap; `members` (S,) of 0 and 1, or of a multiplier."""

    name: str
    members: FloatArray
    cap: float


@dataclass(frozen=True, slots=True)
class Situation:
    """S symbols, R past returns, K scenarios."""

    symbols: tuple[str, ...]
    held: FloatArray
    """Weights of the book (S,)."""
    frozen: BoolArray
    """What cannot be traded (S,)."""
    barred: BoolArray
    """What may not be opened (S,)."""
    stopped: tuple[Stop, ...]
    """What may not be held, and why."""
    groups: Mapping[str, tuple[Group, ...]]
    """Limit -> what it adds up."""
    room: FloatArray
    """Weight that may be opened by participation (S,); inf where nothing is capped."""
    returns: FloatArray
    """(R, S); NaN before a symbol's second bar."""
    benchmark: FloatArray
    """Its returns (R,); NaN where it has none."""
    shocks: FloatArray
    """Returns in each scenario (K, S)."""
    bars_per_year: float
    limits: RiskLimits


def situation(
    book: Book, held: Mapping[str, float], panel: Panel, tradable: BoolArray, limits: RiskLimits, as_of: datetime
) -> Situation:
    """The situation of `book`, marked, with a positive value and the weights `held`, at `as_of`; `tradable` (S,)."""
    symbols = panel.symbols
    returns = window_returns(panel, limits.risk_window_bars)
    return Situation(
        symbols=symbols,
        held=vector(held, symbols),
        frozen=~tradable,
        barred=np.array([symbol in limits.restricted for symbol in symbols], dtype=np.bool_),
        stopped=stops(book, limits, as_of),
        groups=_groups(panel, limits),
        room=_room(panel, limits, book),
        returns=returns,
        benchmark=_benchmark(returns, symbols, limits.beta_benchmark),
        shocks=shocks(limits.stress_scenarios, panel.instruments),
        bars_per_year=bars_per_year(panel.times[-(limits.risk_window_bars + 1) :]),
        limits=limits,
    )


def vector(weights: Mapping[str, float], symbols: Sequence[str]) -> FloatArray:
    """Weights by symbol as an array (S,), 0 where there is none."""
    return np.array([weights.get(symbol, 0.0) for symbol in symbols], dtype=np.float64)


def with_cash(weights: FloatArray, symbols: Sequence[str]) -> dict[str, float]:
    """An array (S,) as weights by symbol; cash is what they leave."""
    named = dict(zip(symbols, (weights + 0.0).tolist(), strict=True))  # no -0.0 reaches a record
    return named | {CASH: 1.0 - math.fsum(weights)}


def _groups(panel: Panel, limits: RiskLimits) -> dict[str, tuple[Group, ...]]:
    instruments = panel.instruments
    everything = np.ones(len(instruments))
    notional = [limits.notional_per_weight.get(i.asset_class, 1.0) for i in instruments]
    return {
        "max_class_weight": _named(
            [i.asset_class.value for i in instruments], {k.value: cap for k, cap in limits.max_class_weight.items()}
        ),
        "max_sector_weight": _named([i.sector for i in instruments], limits.max_sector_weight),
        "max_currency_weight": _named([i.currency for i in instruments], limits.max_currency_weight),
        "max_gross": (Group("", everything, limits.max_gross),),
        "max_leverage": (Group("", np.array(notional), limits.max_leverage),),
    }


def _named(labels: Sequence[str], caps: Mapping[str, float]) -> tuple[Group, ...]:
    """A group a label that has a cap, sorted; no label, no group."""
    if not caps:
        return ()
    of = np.array(labels)
    found = [(label, caps.get(label, caps.get(EVERY_OTHER))) for label in sorted(set(labels)) if label]
    return tuple(Group(label, (of == label).astype(np.float64), cap) for label, cap in found if cap is not None)


def _room(panel: Panel, limits: RiskLimits, book: Book) -> FloatArray:
    if limits.max_participation is None:
        return np.full(len(panel.instruments), np.inf)
    traded = average_traded(panel, limits.participation_window_bars)
    return np.where(np.isnan(traded), np.inf, limits.max_participation * traded / book.net_asset_value)


def _benchmark(returns: FloatArray, symbols: Sequence[str], name: str) -> FloatArray:
    if not name:
        return equal_weighted(returns)
    return returns[:, symbols.index(name)] if name in symbols else np.full(returns.shape[0], np.nan)
