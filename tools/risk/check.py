"""The risk check: conviction requests, risk disposes.

First the gates: anything that makes numbers untrustworthy, or a breaker or switch that is on, halts the book with the
weights it holds. Then the limits, in the order of clamps.py; each time a weight changes there is a Clamp. Freed weight
goes to cash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

import numpy as np

from data.market import CASH, BoolArray, FloatArray
from data.panel import Panel
from tools.execution.book import Book
from tools.risk.breakers import day_return, drawdown, in_force, tripped
from tools.risk.clamps import PERMISSIONS, apply
from tools.risk.exposures import measurable
from tools.risk.kill_switch.halt import HaltState
from tools.risk.limits import RiskLimits
from tools.risk.measures import beta, volatility
from tools.risk.off import lifted, unstopped
from tools.risk.portfolio import SAME, profile, stress_loss
from tools.risk.projection import project
from tools.risk.situation import Situation, situation, vector, with_cash
from tools.risk.tails import tail
from tools.risk.verdict import Clamp, Decision, Verdict

SUM_TOLERANCE = 1e-6
"""How far target weights may be from summing to 1."""


def check(
    target: Mapping[str, float],
    book: Book,
    panel: Panel,
    tradable: BoolArray,
    limits: RiskLimits,
    halt: HaltState,
    as_of: datetime,
    off: AbstractSet[str] = frozenset(),
) -> Verdict:
    """What of `target` (weights by symbol with CASH) is allowed for `book`, marked at `as_of`.

    `tradable` (S,) in the panel's order; the limits named in `off` (tools.risk.off) do not act. Pure: the same
    arguments give the same verdict. Never raises on bad numbers in `target`: it halts.
    """
    if not _has_value(book):
        return Verdict(decision="halted", weights={CASH: 1.0}, reasons=("the book has no positive value",))
    limits = lifted(limits, off)
    held = book.weights()
    reasons = (*_stops(book, limits, halt, as_of), *_unpriced(held, panel, limits), *_malformed(target, held, panel))
    figures = {"drawdown": drawdown(book), "day_return": day_return(book)}
    if reasons:
        return Verdict(decision="halted", weights=_named(held, panel), measures=figures, reasons=reasons)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no number, and risk is then unknown
        s = unstopped(situation(book, held, panel, tradable, limits, as_of), off)
        weights, clamps, notes = _within_limits(vector(target, s.symbols), s)
        measures = figures | _measures(weights, s)
    decision, questions = _judge(measures["turnover"], limits, clamps)
    return Verdict(
        decision=decision,
        weights=with_cash(weights, s.symbols),
        clamps=clamps,
        measures=dict(sorted(measures.items())),
        reasons=questions,
        notes=notes,
    )


def _stops(book: Book, limits: RiskLimits, halt: HaltState, as_of: datetime) -> tuple[str, ...]:
    """Switches and breakers that are on; the locks of single symbols are for the limits."""
    locks = {lock.rule: lock.detail for lock in in_force(book, as_of) if not lock.symbol}
    rules = sorted((tripped(book, limits, as_of) | locks).items())
    return (*((f"kill switch: {halt.reason}",) if halt.on else ()), *(f"{rule}: {detail}" for rule, detail in rules))


def _unpriced(held: Mapping[str, float], panel: Panel, limits: RiskLimits) -> tuple[str, ...]:
    """Held symbols whose price cannot be relied on, or that are held short where they may not be."""
    found: list[str] = []
    bars = dict(zip(panel.symbols, zip(panel.close[-1].tolist(), panel.age[-1].tolist(), strict=True), strict=True))
    for symbol, weight in sorted(held.items()):
        if symbol == CASH or weight == 0.0:
            continue
        price, age = bars.get(symbol, (math.nan, -1))
        if weight < 0.0 and limits.long_only:
            found.append(f"{symbol} is held short")
        elif not _positive(price) or age < 0:
            found.append(f"{symbol} is held and has no price")
        elif age > limits.max_stale_bars:
            found.append(f"{symbol} is held and has had no bar for {age} slots")
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


def _within_limits(weights: FloatArray, s: Situation) -> tuple[FloatArray, tuple[Clamp, ...], tuple[str, ...]]:
    """Weights (S,) that every limit lets through, the clamps that made them so, and what is to be said of it."""
    if s.limits.projection == "clamp":
        return (*apply(weights, s), ())
    weights, first = apply(weights, s, PERMISSIONS)
    nearest = project(weights, s)
    weights, last = apply(nearest.weights, s)
    return weights, (*first, *nearest.clamps, *last), nearest.notes


def _measures(weights: FloatArray, s: Situation) -> dict[str, float]:
    """Figures of the allowed weights; those of risk are absent where it is unknown."""
    change = np.where(np.abs(weights - s.held) > SAME, weights - s.held, 0.0)
    known = {
        "gross": float(np.abs(weights).sum()),
        "net": float(weights.sum()),
        "bought": float(np.maximum(change, 0.0).sum()),
        "turnover": float(np.abs(change).sum()),
    }
    rows = measurable(weights, s)
    if int(rows.sum()) < s.limits.min_history_bars:
        return known
    of = profile(weights, rows, s)
    losses = tail(of.past, s.limits.var_method)
    known["volatility"] = volatility(of.past)
    known["volatility_annual"] = known["volatility"] * s.bars_per_year**0.5
    known["var_95"], known["cvar_95"] = losses.var, losses.cvar
    known["stress_loss"] = stress_loss(of, s)
    known["beta"] = beta(of.past, s.benchmark[rows])
    return {name: value + 0.0 for name, value in known.items() if math.isfinite(value)}


def _judge(turnover: float, limits: RiskLimits, clamps: tuple[Clamp, ...]) -> tuple[Decision, tuple[str, ...]]:
    """The decision, and what a person is asked."""
    if turnover > limits.approval_turnover:
        return "needs_approval", (f"turnover {turnover:.4g} is above {limits.approval_turnover:.4g}: a person decides",)
    return ("reduced" if clamps else "approved"), ()


def _has_value(book: Book) -> bool:
    marks = [book.marks.get(symbol, math.nan) for symbol in book.positions]
    return all(map(_positive, marks)) and all(
        map(_positive, (book.net_asset_value, book.peak_value, book.day_start_value, *book.period_values.values()))
    )


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0.0


def _named(held: Mapping[str, float], panel: Panel) -> dict[str, float]:
    """Held weights under every symbol of the panel and every other that is held, cash last."""
    names = (*panel.symbols, *sorted(set(held) - {*panel.symbols, CASH}))
    return {symbol: held.get(symbol, 0.0) for symbol in names} | {CASH: held[CASH]}
