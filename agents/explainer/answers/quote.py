"""What was known of a symbol when it was decided: price, asset class, features; and which symbols lead a feature."""

from __future__ import annotations

import re

from agents.explainer.ask import MOST_LINES, Ask, bullets

_FEATURES = {"rsi": r"\brsi\b|over(bought|sold)", "vol": r"volatil|\bvol\b", "mom": r"momentum", "dd": r"drawdown"}
"""Beginnings of feature names, by the words that ask for them."""


def quote(ask: Ask) -> list[str]:
    """Of the symbols named, or the symbols at one end of the feature that was asked for."""
    if ask.intent.symbols:
        return [line for symbol in ask.intent.symbols for line in _symbol(ask, symbol)]
    features = _asked(ask, _known(ask))
    if not features:
        return [f"Name a symbol to hear its price and features as of {ask.cite.date('as_of')}."]
    return _ranking(ask, features[0])


def _symbol(ask: Ask, symbol: str) -> list[str]:
    price, kind = f"snapshot.prices.{symbol}", f"snapshot.asset_class.{symbol}"
    known = ask.cite.number(price) if ask.facts.has(price) else f"not known [verdict.weights.{symbol}]"
    lines = [f"The last known price of {symbol} was {known}, as of {ask.cite.date('as_of')}."]
    if ask.facts.has(kind):
        lines.append(f"{symbol} is of the class {ask.cite.quote(kind)}.")
    path = f"snapshot.features.{symbol}"
    names = ask.facts.keys(path)
    shown = _asked(ask, names) or names
    lines += bullets(
        f"`{name}` {ask.cite.number(f'{path}.{name}')}" for name in shown if ask.facts.has(f"{path}.{name}")
    )
    unknown = [name for name in shown if not ask.facts.has(f"{path}.{name}")]
    return lines + bullets(f"`{name}` is not known [{path}.{name}]" for name in unknown)


def _known(ask: Ask) -> tuple[str, ...]:
    """Names of features, of any symbol."""
    return next((names for s in sorted(ask.facts.symbols) if (names := ask.facts.keys(f"snapshot.features.{s}"))), ())


def _asked(ask: Ask, names: tuple[str, ...]) -> tuple[str, ...]:
    """Features that the question names, by their own name or in words."""
    words = ask.intent.words
    exact = tuple(n for n in names if re.search(rf"\b{re.escape(n)}\b", words.replace(" ", "_")) or n in words)
    starts = tuple(start for start, pattern in _FEATURES.items() if re.search(pattern, words))
    spans = re.findall(r"\b\d+\b", words)
    like = tuple(n for n in names if starts and n.startswith(starts))
    return exact or tuple(n for n in like if any(n.endswith(f"_{span}") for span in spans)) or like


def _ranking(ask: Ask, feature: str) -> list[str]:
    paths = {s: f"snapshot.features.{s}.{feature}" for s in sorted(ask.facts.symbols)}
    known = [s for s, path in paths.items() if ask.facts.has(path)]
    sign = 1 if ask.intent.sense == "least" else -1
    ranked = sorted(known, key=lambda s: (sign * ask.facts.number(paths[s]), s))
    if not ranked:
        return [f"`{feature}` is not known of any symbol [snapshot.features]."]
    lines = [f"Symbols by this feature, the {'lowest' if sign > 0 else 'highest'} first:"]
    return lines + bullets(f"{s} `{feature}` {ask.cite.number(paths[s])}" for s in ranked[:MOST_LINES])
