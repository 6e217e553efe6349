"""The risk check: conviction requests, risk disposes.

First the gates: anything that makes numbers untrustworthy, or a breaker or switch that is on, halts the book with the
weights it holds. Then the limits, one by one; each time a weight changes there is a Clamp. Freed weight goes to cash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from data.market import CASH, BoolArray, FloatArray
from data.panel import Panel
from tools.execution.book import Book
from tools.risk.breakers import day_return, drawdown, in_force, tripped
from tools.risk.clamps import STAGES, Situation
from tools.risk.halt import HaltState
from tools.risk.limits import RiskLimits
from tools.risk.measures import (
    bars_per_year,
    complete_rows,
    conditional_value_at_risk,
    value_at_risk,
    volatility,
    weighted,
    window_returns,
)
from tools.risk.verdict import Clamp, Decision, Verdict

SUM_TOLERANCE = 1e-6
"""How far target weights may be from summing to 1."""
SAME = 1e-12
"""Weights closer than this are the same weight."""


def check(
    target: Mapping[str, float],
    book: Book,
    panel: Panel,
    tradable: BoolArray,
    limits: RiskLimits,
    halt: HaltState,
    as_of: datetime,
) -> Verdict:
    """What of `target` (weights by symbol with CASH) is allowed for `book`, marked at `as_of`.

    `tradable` (S,) in the panel's order. Pure: the same arguments give the same verdict. Never raises on bad numbers in
    `target`: it halts.
    """
    if not _has_value(book):
        return Verdict(decision="halted", weights={CASH: 1.0}, reasons=("the book has no positive value",))
    held = book.weights()
    reasons = (*_stops(book, limits, halt, as_of), *_unpriced(held, panel, limits), *_malformed(target, held, panel))
    figures = {"drawdown": drawdown(book), "day_return": day_return(book)}
    if reasons:
        return Verdict(decision="halted", weights=_named(held, panel), measures=figures, reasons=reasons)
    situation = Situation(
        held=_vector(held, panel),
        frozen=~tradable,
        classes=tuple(i.asset_class for i in panel.instruments),
        returns=window_returns(panel, limits.risk_window_bars),
        bars_per_year=bars_per_year(panel.times[-(limits.risk_window_bars + 1) :]),
        limits=limits,
    )
    weights, clamps = _apply(_vector(target, panel), situation, panel.symbols)
    measures = figures | _measures(weights, situation)
    decision, questions = _judge(measures["turnover"], limits, clamps)
    return Verdict(
        decision=decision,
        weights=_with_cash(weights, panel.symbols),
        clamps=clamps,
        measures=dict(sorted(measures.items())),
        reasons=questions,
    )


def _stops(book: Book, limits: RiskLimits, halt: HaltState, as_of: datetime) -> tuple[str, ...]:
    """Switches and breakers that are on."""
    locks = {lock.rule: lock.detail for lock in in_force(book, as_of)}
    rules = sorted((tripped(book, limits) | locks).items())
    return (*((f"kill switch: {halt.reason}",) if halt.on else ()), *(f"{rule}: {detail}" for rule, detail in rules))


def _unpriced(held: Mapping[str, float], panel: Panel, limits: RiskLimits) -> tuple[str, ...]:
    """Held symbols whose price cannot be relied on, or that are held short."""
    found: list[str] = []
    for symbol, weight in sorted(held.items()):
        if symbol == CASH or weight == 0.0:
            continue
        column = panel.symbols.index(symbol) if symbol in panel.symbols else None
        if weight < 0.0:
            found.append(f"{symbol} is held short")
        elif column is None or not _positive(float(panel.close[-1, column])) or panel.age[-1, column] < 0:
            found.append(f"{symbol} is held and has no price")
        elif panel.age[-1, column] > limits.max_stale_bars:
            found.append(f"{symbol} is held and has had no bar for {int(panel.age[-1, column])} slots")
    return tuple(found)


def _malformed(target: Mapping[str, float], held: Mapping[str, float], panel: Panel) -> tuple[str, ...]:
    """What is wrong with the target itself."""
    if not all(math.isfinite(w) for w in target.values()):
        return ("the target has weights that are not numbers",)
    if abs(math.fsum(target.values()) - 1.0) > SUM_TOLERANCE:
        return (f"the target weights sum to {math.fsum(target.values()):.6g}, not 1",)
    unknown = sorted(set(target) - {*panel.symbols, CASH})
    unnamed = sorted(s for s, w in held.items() if w != 0.0 and s != CASH and s not in target)
    return (*(f"the target names {s}, which is not in the panel" for s in unknown),
            *(f"the target does not name {s}, which is held" for s in unnamed))  # fmt: skip


def _apply(weights: FloatArray, situation: Situation, symbols: tuple[str, ...]) -> tuple[FloatArray, tuple[Clamp, ...]]:
    """Every stage in order, with a Clamp for each weight that it changed."""
    clamps: list[Clamp] = []
    for stage in STAGES:
        step = stage(weights, situation)
        for s in np.flatnonzero(np.abs(step.weights - weights) > SAME):
            before, after = float(weights[s]), float(step.weights[s])
            clamps.append(Clamp(limit=step.limit, symbol=symbols[s], before=before, after=after, detail=step.detail))
        weights = step.weights
    return weights, tuple(clamps)


def _measures(weights: FloatArray, situation: Situation) -> dict[str, float]:
    """Figures of the allowed weights; those of risk are absent where it is unknown."""
    change = np.where(np.abs(weights - situation.held) > SAME, weights - situation.held, 0.0)
    known = {
        "gross": float(np.abs(weights).sum()),
        "net": float(weights.sum()),
        "bought": float(np.maximum(change, 0.0).sum()),
        "turnover": float(np.abs(change).sum()),
    }
    rows = complete_rows(situation.returns, weights != 0.0)
    if int(rows.sum()) >= situation.limits.min_history_bars:
        past = weighted(situation.returns[rows], weights)
        known["volatility"] = volatility(past)
        known["volatility_annual"] = volatility(past) * situation.bars_per_year**0.5
        known["var_95"] = value_at_risk(past)
        known["cvar_95"] = conditional_value_at_risk(past)
    return known


def _judge(turnover: float, limits: RiskLimits, clamps: tuple[Clamp, ...]) -> tuple[Decision, tuple[str, ...]]:
    """The decision, and what a person is asked."""
    if turnover > limits.approval_turnover:
        return "needs_approval", (f"turnover {turnover:.4g} is above {limits.approval_turnover:.4g}: a person decides",)
    return ("reduced" if clamps else "approved"), ()


def _has_value(book: Book) -> bool:
    marks = [book.marks.get(symbol, math.nan) for symbol in book.positions]
    return all(map(_positive, marks)) and all(
        map(_positive, (book.net_asset_value, book.peak_value, book.day_start_value))
    )


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0.0


def _vector(weights: Mapping[str, float], panel: Panel) -> FloatArray:
    return np.array([weights.get(symbol, 0.0) for symbol in panel.symbols], dtype=np.float64)


def _named(held: Mapping[str, float], panel: Panel) -> dict[str, float]:
    """Held weights under every symbol of the panel and every other that is held, cash last."""
    names = (*panel.symbols, *sorted(set(held) - {*panel.symbols, CASH}))
    return {symbol: held.get(symbol, 0.0) for symbol in names} | {CASH: held[CASH]}


def _with_cash(weights: FloatArray, symbols: tuple[str, ...]) -> dict[str, float]:
    named = {symbol: float(weight) for symbol, weight in zip(symbols, weights, strict=True)}
    return named | {CASH: 1.0 - math.fsum(named.values())}
