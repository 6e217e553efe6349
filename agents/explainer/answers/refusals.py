"""Honest answers to what cannot be answered: an empty question, one not understood, a symbol not in the record."""

from __future__ import annotations

from difflib import get_close_matches

from agents.explainer.ask import Ask

EXAMPLES = (
    "why did {symbol} shrink?",
    "what changed?",
    "who contributed most?",
    "which limits fired?",
    "what was the news on {symbol}?",
    "which policies spoke, and had they seen these dates?",
    "what did it cost?",
)


def empty(ask: Ask) -> list[str]:
    """Nothing was asked."""
    return ["Nothing was asked. You can ask:", *_examples(ask)]


def unknown(ask: Ask) -> list[str]:
    """The question fits no kind."""
    return ["I do not understand this question, and answer only from the record. You can ask:", *_examples(ask)]


def absent(ask: Ask) -> list[str]:
    """The symbol is not in the record, perhaps another was meant."""
    lines: list[str] = []
    by_lower = {s.lower(): s for s in sorted(ask.facts.symbols)}
    for name in ask.intent.strangers:
        near = get_close_matches(name.lower(), list(by_lower), n=1)
        hint = f" Did you mean {by_lower[near[0]]} [allocation.weights.{by_lower[near[0]]}]?" if near else ""
        lines.append(f"`{name}` is not a symbol of this record [absent {name}].{hint}")
    return lines


def _examples(ask: Ask) -> list[str]:
    symbol = next(iter(ask.ranked("verdict.weights")), "")
    shown = [e.format(symbol=symbol) for e in EXAMPLES if symbol or "{symbol}" not in e]
    return [f"- {e} [verdict.weights.{symbol}]" if symbol and symbol in e else f"- {e}" for e in shown]
