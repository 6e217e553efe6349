"""How weights came to be over the book's cycles: a symbol's course, its first and last trade; the book's decisions."""

from __future__ import annotations

import re

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.checker import SAME_WEIGHT
from data.market import CASH

NOT_AT_HAND = "Other cycles of the book are not at hand here, and this record holds only its own."
_MEASURES = {"drawdown": r"drawdown", "turnover": r"turnover|churn", "var_95": r"\bvar\b", "gross": r"gross|leverage"}


def history(ask: Ask) -> list[str]:
    """The course of the symbols named, or of the book as a whole."""
    if not ask.facts.has("history"):
        return [NOT_AT_HAND, *_alone(ask)]
    if ask.intent.symbols:
        return [line for symbol in ask.intent.symbols for line in _course(ask, symbol)]
    return _book(ask)


def _alone(ask: Ask) -> list[str]:
    """What the record itself says of before and after."""
    return [
        f"{s}: {ask.cite.percent(f'opening.weights.{s}')} on opening, "
        f"{ask.cite.percent(f'verdict.weights.{s}')} decided."
        for s in ask.intent.symbols
    ]


def _course(ask: Ask, symbol: str) -> list[str]:
    cycles = _cycles(ask, later=False)
    held = [c for c in cycles if abs(ask.facts.number(f"{c}verdict.weights.{symbol}")) > SAME_WEIGHT]
    traded = [(c, i) for c in cycles for i, o in enumerate(ask.facts.items(f"{c}orders")) if o["symbol"] == symbol]
    if not held and not traded:
        return [f"{symbol} was never held, up to {ask.cite.percent(f'verdict.weights.{symbol}')} in this cycle."]
    lines = [_first_bought(ask, symbol, traded)]
    if held:
        start, top = held[0], max(held, key=lambda c: ask.facts.number(f"{c}verdict.weights.{symbol}"))
        lines.append(f"It was first decided to be held at {_at(ask, start)}, with {_weight(ask, start, symbol)}; its "
                     f"largest weight was {_weight(ask, top, symbol)} at {_at(ask, top)}.")  # fmt: skip
    if traded:
        cycle, i = traded[-1]
        side = ask.cite.quote(f"{cycle}orders.{i}.side")
        lines.append(f"The last order for {symbol} was a {side} at {_at(ask, cycle)}.")
    lines += _move(ask, symbol, cycles)
    shown = cycles[-MOST_LINES:]
    lines += ["Decided weights, cycle by cycle:", *bullets(f"{_at(ask, c)} {_weight(ask, c, symbol)}" for c in shown)]
    if re.search(r"\b(after|later|next|since)\b", ask.intent.words):
        later = [c for c in _cycles(ask, later=True) if c not in cycles]
        lines += ["Afterwards:", *bullets(f"{_at(ask, c)} {_weight(ask, c, symbol)}" for c in later[:MOST_LINES])]
    return lines


def _first_bought(ask: Ask, symbol: str, traded: list[tuple[str, int]]) -> str:
    bought = [(c, i) for c, i in traded if ask.facts.get(f"{c}orders.{i}.side") == "buy"]
    if not bought:
        return f"No order of the journal's cycles bought {symbol} [verdict.weights.{symbol}]."
    cycle, i = bought[0]
    amount = ask.cite.number(f"{cycle}orders.{i}.quantity")
    return f"{symbol} was first bought by an order for {amount} units at {_at(ask, cycle)}."


def _move(ask: Ask, symbol: str, cycles: list[str]) -> list[str]:
    """From the cycle before to this one."""
    if len(cycles) < 2:
        return [f"This is the first cycle of the book: {ask.cite.count('history')} others are in the journal."]
    before, now = f"{cycles[-2]}verdict.weights.{symbol}", f"verdict.weights.{symbol}"
    change = ask.facts.number(now) - ask.facts.number(before)
    if abs(change) < SAME_WEIGHT:
        story = f"stayed at {ask.cite.percent(now)}, as before [{ask.facts.written(before)}]"
    else:
        verb = "grew" if change > 0.0 else "shrank"
        story = f"{verb} from {ask.cite.percent(before)} to {ask.cite.percent(now)}"
    return [f"Since the cycle before, at {_at(ask, cycles[-2])}, {symbol} {story}."]


def _book(ask: Ask) -> list[str]:
    """Decision, cash, orders and the measures in question of the last cycles."""
    cycles = _cycles(ask, later=False)
    measures = [name for name, pattern in _MEASURES.items() if re.search(pattern, ask.intent.words)]
    lines = [f"The journal holds {ask.cite.count('history')} other cycles of the book. The last up to this one:"]
    return lines + bullets(_line(ask, cycle, measures) for cycle in cycles[-MOST_LINES:])


def _line(ask: Ask, cycle: str, measures: list[str]) -> str:
    parts = [f"{_at(ask, cycle)} {ask.cite.quote(f'{cycle}verdict.decision')}",
             f"cash {ask.cite.percent(f'{cycle}verdict.weights.{CASH}')}",
             f"{ask.cite.count(f'{cycle}orders')} orders"]  # fmt: skip
    known = (name for name in measures if ask.facts.has(f"{cycle}verdict.measures.{name}"))
    parts += [f"`{name}` {ask.cite.percent(f'{cycle}verdict.measures.{name}')}" for name in known]
    return ", ".join(parts)


def _cycles(ask: Ask, later: bool) -> list[str]:
    """What stands before a path in each cycle up to this one, the oldest first; with `later` also those after it."""
    slot = str(ask.facts.get("slot"))
    entries = [(str(entry["slot"]), f"history.{i}.") for i, entry in enumerate(ask.facts.items("history"))]
    return [at for when, at in sorted([*entries, (slot, "")]) if later or when <= slot]


def _at(ask: Ask, cycle: str) -> str:
    return ask.cite.date(f"{cycle}slot")


def _weight(ask: Ask, cycle: str, symbol: str) -> str:
    return ask.cite.percent(f"{cycle}verdict.weights.{symbol}")
