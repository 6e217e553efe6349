"""Positions in money: units, what was paid, what they are worth, gained or lost; the best and the worst."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets


def gains(ask: Ask) -> list[str]:
    """Of the symbols named, or of all positions by their gain."""
    if ask.intent.symbols:
        return [_position(ask, symbol) for symbol in ask.intent.symbols]
    held = ask.facts.keys("holdings")
    if not held:
        return [f"No position is held: the book has {ask.cite.count('holdings')}."]
    worst_first = ask.intent.sense == "least" or "los" in ask.intent.words or "under water" in ask.intent.words
    ranked = sorted(held, key=lambda s: (ask.facts.number(f"holdings.{s}.gain") * (1 if worst_first else -1), s))
    end = "worst" if worst_first else "best"
    total = ask.cite.number("sum holdings.*.gain", 2)
    lines = [f"{ask.cite.count('holdings')} positions have gained {total} on what was paid for them (below nothing: a "
             f"loss; account currency, at the last marks). The {end} first:"]  # fmt: skip
    return lines + bullets(_gain(ask, symbol) for symbol in ranked[:MOST_LINES])


def _gain(ask: Ask, symbol: str) -> str:
    path = f"holdings.{symbol}"
    share = f" ({ask.cite.percent(f'{path}.gain_share', signed=True)})" if ask.facts.has(f"{path}.gain_share") else ""
    return f"{symbol} {ask.cite.number(f'{path}.gain', 2)}{share}"


def _position(ask: Ask, symbol: str) -> str:
    path = f"holdings.{symbol}"
    if not ask.facts.has(path):
        return f"No unit of {symbol} is held after this cycle: {ask.cite.percent(f'verdict.weights.{symbol}')} decided."
    won = "a loss" if ask.facts.number(f"{path}.gain") < 0.0 else "a gain"
    units, paid = ask.cite.number(f"{path}.quantity"), ask.cite.number(f"{path}.average_price")
    mark, value = ask.cite.number(f"{path}.mark"), ask.cite.number(f"{path}.value", 2)
    story = f"{units} units, paid {paid} on average, last marked at {mark}: worth {value}"
    return f"{symbol}: {story}, {won} of {_gain(ask, symbol).partition(' ')[2]}."
