"""Records, books and traces as tables: one function a table, the unit of every figure in its column's name.

Weights are shown in percent of net asset value ("%"), changes of weight in percentage points ("pp"), money in the
account currency ("ccy"), times in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from agents.explainer.answer import Step
from agents.view import View
from app.trace_store import Run
from app.traces import tree
from graph.record import CycleRecord
from tools.backtest.result import Result
from tools.backtest.words import figure_name, figure_text
from tools.execution.book import Book
from tools.execution.orders import Fill
from ui.progress import moment

PERCENT = 100.0
MILLISECONDS = 1000.0


def utc(text: str) -> str:
    """An ISO instant as people read it: 2020-03-16 20:00."""
    return text.replace("T", " ")[:16]


def counted(number: int, noun: str) -> str:
    """1 opinion, 2 opinions."""
    return f"{number:,d} {noun}{'' if number == 1 else 's'}"


def weights(record: CycleRecord) -> pd.DataFrame:
    """Held, prior, proposed and allowed weight of each symbol, the largest change first."""
    held, prior = record.opening.weights(), record.allocation.contributions.get("prior", {})
    proposed, allowed = record.allocation.weights, record.verdict.weights
    kinds = record.snapshot.get("asset_class", {})
    rows = [
        {
            "symbol": symbol,
            "class": kinds.get(symbol, "cash" if symbol == "CASH" else ""),
            "held, %": held.get(symbol, 0.0) * PERCENT,
            "prior, %": prior.get(symbol, 0.0) * PERCENT,
            "proposed, %": proposed.get(symbol, 0.0) * PERCENT,
            "allowed, %": allowed.get(symbol, 0.0) * PERCENT,
            "change, pp": (allowed.get(symbol, 0.0) - held.get(symbol, 0.0)) * PERCENT,
        }
        for symbol in sorted({*held, *proposed, *allowed})
    ]
    frame = pd.DataFrame(rows)
    return frame.sort_values("change, pp", key=abs, ascending=False, kind="stable", ignore_index=True)


def views(record: CycleRecord) -> pd.DataFrame:
    """One row an agent: what it said in short, or why it said nothing."""
    return pd.DataFrame([_view(view) for view in record.views])


def _view(view: View) -> dict[str, object]:
    ranked = sorted(view.opinions.items(), key=lambda item: (item[1].score, item[0]))
    confidence = sum(o.confidence for _, o in ranked) / len(ranked) if ranked else None
    return {
        "agent": view.agent,
        "kind": view.kind,
        "says": f"abstains: {view.reason}" if view.abstained else counted(len(ranked), "opinion"),
        "most bullish": f"{ranked[-1][0]} {ranked[-1][1].score:+.2f}" if ranked else "",
        "most bearish": f"{ranked[0][0]} {ranked[0][1].score:+.2f}" if ranked else "",
        "confidence, 0 to 1": confidence,
        "unknown": len(view.unknown),
        "horizon, bars": view.horizon_bars,
        "model": view.model,
        "flags": ", ".join(view.flags),
    }


def scores(record: CycleRecord) -> pd.DataFrame:
    """Score (-1 sell to +1 buy) by symbol and agent; empty where the agent has no opinion."""
    spoken = [view for view in record.views if not view.abstained]
    symbols = sorted({symbol for view in spoken for symbol in view.opinions})
    columns = {view.agent: [_score(view, symbol) for symbol in symbols] for view in spoken}
    return pd.DataFrame({"symbol": symbols, **columns})


def _score(view: View, symbol: str) -> float | None:
    opinion = view.opinions.get(symbol)
    return None if opinion is None else opinion.score


def opinions(view: View) -> pd.DataFrame:
    """All of one agent's opinions with their evidence, the strongest first; then what it does not know."""
    rows: list[dict[str, object]] = [
        {"symbol": s, "score, -1 to 1": o.score, "confidence, 0 to 1": o.confidence, "evidence": ", ".join(o.evidence)}
        for s, o in sorted(view.opinions.items(), key=lambda item: (-abs(item[1].score), item[0]))
    ]
    unknown = sorted(view.unknown.items())
    rows.extend({"symbol": s, "evidence": f"unknown: {reason}"} for s, reason in unknown)
    return pd.DataFrame(rows, columns=["symbol", "score, -1 to 1", "confidence, 0 to 1", "evidence"])


def clamps(record: CycleRecord) -> pd.DataFrame:
    """Every limit that fired, in the order in which it did."""
    rows = [
        {
            "limit": c.limit,
            "symbol": c.symbol,
            "before, %": c.before * PERCENT,
            "after, %": c.after * PERCENT,
            "change, pp": (c.after - c.before) * PERCENT,
            "why": c.detail,
        }
        for c in record.verdict.clamps
    ]
    return pd.DataFrame(rows, columns=["limit", "symbol", "before, %", "after, %", "change, pp", "why"])


MEASURES = {
    "beta": "beta, percent of its benchmark's",
    "bought": "bought",
    "cvar_95": "CVaR 95 %, loss of one bar",
    "day_return": "return since the last slot",
    "drawdown": "drawdown from the peak",
    "gross": "gross exposure",
    "net": "net exposure",
    "stress_loss": "worst loss of a stress",
    "turnover": "turnover, bought and sold",
    "var_95": "VaR 95 %, loss of one bar",
    "volatility": "volatility of one bar",
    "volatility_annual": "volatility of a year",
}
"""Measures of a verdict in words; one that is not here is shown under its own name."""


def measures(record: CycleRecord) -> pd.DataFrame:
    """The risk figures of the allowed weights; all of them are fractions, shown in percent."""
    found = sorted(record.verdict.measures.items())
    rows = [{"measure": MEASURES.get(name, name), "value, %": value * PERCENT} for name, value in found]
    return pd.DataFrame(rows, columns=["measure", "value, %"])


def orders(record: CycleRecord) -> pd.DataFrame:
    """Each order beside what was filled of it, at its mean price, or why it was refused."""
    rows: list[dict[str, object]] = []
    for order in record.orders:
        fills = [fill for fill in record.fills if fill.order_id == order.order_id]
        units = sum(fill.quantity for fill in fills)
        paid = sum(fill.quantity * fill.price for fill in fills)
        rows.append(
            {
                "side": order.side,
                "symbol": order.symbol,
                "quantity, units": order.quantity,
                "filled, units": units,
                "reference price, ccy": order.reference_price,
                "fill price, ccy": paid / units if fills else None,
                "cost, ccy": sum(fill.cost for fill in fills) if fills else None,
                "notional, ccy": paid if fills else None,
                "filled at": _filled_at(fills, record.refusals.get(order.order_id, "")),
                "order id": order.order_id,
            }
        )
    return pd.DataFrame(rows)


def _filled_at(fills: Sequence[Fill], refusal: str) -> str:
    if not fills:
        return refusal or "not filled yet"
    last = fills[-1]
    return f"{last.convention.replace('_', ' ')}, {utc(last.bar_time)}"


def positions(book: Book) -> pd.DataFrame:
    """What the book holds, the largest first."""
    held = book.weights()
    rows = [
        {
            "symbol": symbol,
            "weight, %": held[symbol] * PERCENT,
            "value, ccy": position.quantity * book.marks[symbol],
            "quantity, units": position.quantity,
            "average price, ccy": position.average_price,
            "mark, ccy": book.marks[symbol],
            "unrealised, %": (book.marks[symbol] / position.average_price - 1.0) * PERCENT,
        }
        for symbol, position in sorted(book.positions.items())
    ]
    frame = pd.DataFrame(rows)
    return frame.sort_values("weight, %", ascending=False, kind="stable", ignore_index=True) if rows else frame


def bars(steps: Sequence[Step]) -> pd.DataFrame:
    """The waterfall as a table: change and running weight of each step, and where the record holds it."""
    rows: list[dict[str, object]] = []
    level = 0.0
    for step in steps:
        level = step.value if step.role == "level" else level + step.value
        change = None if step.role == "level" else step.value * PERCENT
        rows.append(
            {"step": step.label, "change, pp": change, "weight, %": level * PERCENT, "in the record": step.citation}
        )
    return pd.DataFrame(rows).astype({"change, pp": "float64"})


def trace(runs: Sequence[Run]) -> pd.DataFrame:
    """The runs of a cycle as an indented tree; when each began is counted from the root of its own tree."""
    return pd.DataFrame([_traced(branch.run, branch.ancestors) for branch in tree(runs)])


def _traced(run: Run, ancestors: Sequence[Run]) -> dict[str, object]:
    begun, root = moment(run.started_at), ancestors[-1] if ancestors else run
    took = (moment(run.ended_at) - begun).total_seconds() * MILLISECONDS if run.ended_at else None
    return {
        "run": "\u2003" * len(ancestors) + ("└ " if ancestors else "") + run.name,
        "begins after, ms": (begun - moment(root.started_at)).total_seconds() * MILLISECONDS,
        "took, ms": took,
        "state": run.outcome,
        "says": run.summary if run.outcome == "waited" else run.error or run.summary,
    }


def history(points: Sequence[tuple[str, float, float]]) -> pd.DataFrame:
    """(slot, value, cash) of each cycle, oldest first, with the fall from the highest value so far (0 or negative)."""
    frame = pd.DataFrame(points, columns=["slot", "value, ccy", "cash, ccy"])
    frame["slot"] = pd.to_datetime(frame["slot"], utc=True)
    frame["drawdown, %"] = (frame["value, ccy"] / frame["value, ccy"].cummax() - 1.0) * PERCENT
    return frame


def account(result: Result) -> pd.DataFrame:
    """A backtest's account as `history` has a book's."""
    points = zip(result.times, result.equity.tolist(), result.cash.tolist(), strict=True)
    return history([(str(time), value, cash) for time, value, cash in points])


def by_run(figures: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Figures as rows and runs as columns, written out: their units differ from row to row."""
    names = list(dict.fromkeys(name for column in figures.values() for name in column))
    columns = {run: [figure_text(name, found.get(name)) for name in names] for run, found in figures.items()}
    return pd.DataFrame({"figure": [figure_name(name) for name in names], **columns})


def counts(found: Mapping[str, int]) -> pd.DataFrame:
    """What was counted, and how often."""
    return pd.DataFrame({"what": list(found), "times": list(found.values())})
