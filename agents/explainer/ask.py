"""A question in the hands of those who answer it: the record, the way to cite it, and what was understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.explainer.cite import Cite
from agents.explainer.facts import Facts
from agents.explainer.intents import Intent
from data.market import CASH

MOST_LINES = 8
"""Items shown of a list; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about one record."""

    facts: Facts
    cite: Cite
    intent: Intent

    def move(self, symbol: str) -> float:
        """Final weight minus the weight held on opening."""
        return self.facts.number(f"verdict.weights.{symbol}") - self.facts.number(f"opening.weights.{symbol}")

    def ranked(self, path: str) -> list[str]:
        """Symbols of a mapping of weights by size, the largest first (ties by name), without cash."""
        weights: Mapping[str, float] = self.facts.get(path) if self.facts.keys(path) else {}
        return sorted((s for s in weights if s != CASH), key=lambda s: (-abs(weights[s]), s))

    def asked(self, symbol: str) -> bool:
        """Whether a symbol is meant: it was named, or none was."""
        return not self.intent.symbols or symbol in self.intent.symbols


def bullets(lines: Iterable[str]) -> list[str]:
    """The lines as a list."""
    return [f"- {line}" for line in lines]
