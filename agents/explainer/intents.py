"""From a person's words to a kind of question, the symbols and agents named, and what is taken for granted.

Deterministic: the points of the patterns found are summed by kind, the highest sum wins, the earlier kind on a tie.
Below LEAST points the question is not understood, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.explainer.facts import Facts
from agents.explainer.patterns import PREMISES, RULES, Kind, Premise
from agents.explainer.words import agents_in, strangers_in, symbols_in, without_agents

LEAST = 2
_WITH_A_SYMBOL: frozenset[Kind] = frozenset({"changes", "positions", "decision", "cash", "book", "identity"})
"""Kinds about the whole portfolio: a question that names a symbol means that symbol instead."""
_NEEDS_A_SYMBOL: frozenset[Kind] = frozenset(
    {"why", "unknown", "orders", "costs", "views", "evidence", "contributors", "limits"}
)
"""Kinds that a name which is not in the record turns into "absent"."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What was asked. `symbols` and `agents` are of the record; `strangers` were named but are not in it."""

    kind: Kind
    symbols: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    premise: Premise = ""


def understand(question: str, facts: Facts) -> Intent:
    """The intent behind a question about one record."""
    words = " ".join(question.replace("\u2019", "'").split())
    if not words:
        return Intent("empty")
    symbols, agents = symbols_in(words, facts), agents_in(words, facts)
    strangers = strangers_in(words, facts) if not symbols else ()
    premise = _premise(words.lower())
    kind = _kind(without_agents(words), bool(symbols or strangers), bool(agents), premise)
    if strangers and kind in _NEEDS_A_SYMBOL:
        kind = "absent"
    return Intent(kind, symbols, agents, strangers, premise)


def _kind(words: str, symbol: bool, agent: bool, premise: Premise) -> Kind:
    points: dict[Kind, int] = {}
    for rule in RULES:
        if rule.pattern.search(words):
            points[rule.kind] = points.get(rule.kind, 0) + rule.points
    if agent:
        points["views"] = points.get("views", 0) + 4
    if symbol:
        points["why"] = points.get("why", 0) + (3 if premise else 2)
    ranked = sorted(points, key=lambda kind: -points[kind])
    best: Kind = ranked[0] if ranked else "unknown"
    if symbol and best in _WITH_A_SYMBOL:
        return "why"
    if best == "why" and not symbol:
        best = ranked[1] if len(ranked) > 1 else "decision"
    return best if points.get(best, LEAST) >= LEAST else "unknown"


def _premise(words: str) -> Premise:
    for premise, pattern in PREMISES:
        if pattern.search(words):
            return premise
    return ""
