"""Honest answers to what cannot be answered: an empty question, one not understood, a symbol not in the record."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from agents.explainer.ask import Ask
from agents.explainer.patterns import Kind

EXAMPLES: dict[Kind, str] = {
    "why": "why did {symbol} shrink?",
    "decision": "what was decided?",
    "changes": "what changed?",
    "positions": "what are the biggest positions?",
    "compare": "why more {symbol} than {other}?",
    "contributors": "who contributed most?",
    "counterfactual": "what if the momentum specialist had said nothing?",
    "limits": "which limits fired?",
    "risk": "how close are we to the limits?",
    "state": "is the desk halted, or anything locked?",
    "approval": "was it approved?",
    "views": "what did the macro analyst think of {symbol}?",
    "abstentions": "who abstained?",
    "evidence": "what was the news on {symbol}?",
    "quote": "what was the price of {symbol}?",
    "orders": "what orders were sent?",
    "costs": "what did it cost against the decision price?",
    "turnover": "what was the turnover?",
    "history": "how did the weight of {symbol} develop?",
    "gains": "which position lost most?",
    "cash": "why so much cash?",
    "book": "what is the book worth?",
    "policies": "which policies spoke, and had they seen these dates?",
    "fallback": "did anything fall back?",
    "data": "any problems with the data?",
    "regime": "what regime are we in?",
    "macro": "how is inflation?",
    "settings": "what are the limits of the book?",
    "identity": "when was this decided, and from which data?",
}
"""A question of each kind that can be answered."""
_FEW: tuple[Kind, ...] = ("why", "changes", "contributors", "limits", "evidence", "policies", "costs", "counterfactual")


def empty(ask: Ask) -> list[str]:
    """Nothing was asked."""
    return ["Nothing was asked. You can ask:", *_examples(ask, _FEW)]


def unknown(ask: Ask) -> list[str]:
    """The question fits no kind, or two: the nearest are offered first."""
    near: list[Kind] = [kind for kind in ask.intent.near if kind in EXAMPLES]
    return [
        "I do not understand this question, and answer only from the record. You can ask:",
        *_examples(ask, [*near, *(kind for kind in _FEW if kind not in near)]),
    ]


def usage(ask: Ask) -> list[str]:
    """What can be asked."""
    return [
        "Every answer comes from the record of the cycle, figure by figure. You can ask:",
        *_examples(ask, EXAMPLES),
    ]


def beyond(ask: Ask) -> list[str]:
    """A question about the future, the world outside, or for advice."""
    lines = [
        "The record cannot answer that. It holds what was known and decided as of "
        f"{ask.cite.date('as_of')}: no forecast, no advice, and nothing of a company but prices, features and texts."
    ]
    for symbol in ask.intent.symbols:
        lines.append(f"It does hold that {symbol} was decided to be {ask.cite.percent(f'verdict.weights.{symbol}')} of "
                     "net asset value; ask why, or what the agents thought of it.")  # fmt: skip
    return lines


def absent(ask: Ask) -> list[str]:
    """The symbol is not in the record, perhaps another was meant."""
    lines: list[str] = []
    by_lower = {s.lower(): s for s in sorted(ask.facts.symbols)}
    for name in ask.intent.strangers:
        near = get_close_matches(name.lower(), list(by_lower), n=1)
        hint = f" Did you mean {by_lower[near[0]]} [allocation.weights.{by_lower[near[0]]}]?" if near else ""
        lines.append(f"`{name}` is not a symbol of this record [absent {name}].{hint}")
    return lines


def _examples(ask: Ask, kinds: Iterable[Kind]) -> list[str]:
    """The questions, with two symbols of the record where they need one; without symbols those are left out."""
    symbols = ask.ranked("verdict.weights")[:2]
    lines: list[str] = []
    for kind in kinds:
        example = EXAMPLES[kind]
        if example.count("{") > len(symbols):
            continue
        named = dict(zip(("symbol", "other"), symbols, strict=False))
        if "{other}" in example:
            named = {name: f"{s} [verdict.weights.{s}]" for name, s in named.items()}
            lines.append(f"- {example.format(**named)}")
        else:
            cited = f" [verdict.weights.{named['symbol']}]" if "{symbol}" in example else ""
            lines.append(f"- {example.format(**named)}{cited}")
    return lines
