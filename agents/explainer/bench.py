"""A sentence on the bench: what it cites, which figure is proven by which field, and the complaints so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.explainer import lexicon
from agents.explainer.checker import Unproven
from agents.explainer.facts import Facts
from agents.explainer.fields import Field
from agents.explainer.sentence import Clause, Sentence, Token
from data.errors import NotFound

NEAR = 4
"""Words between a negation, or a noun, and what it governs."""


@dataclass(slots=True)
class Bench:
    """One sentence under proof."""

    facts: Facts
    sentence: Sentence
    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    bound: dict[int, Field] = field(default_factory=dict[int, Field])
    """id(token) of a figure -> the field that proves it."""
    consumed: set[int] = field(default_factory=set[int])
    """id(token) of negations that a claim has taken account of."""
    found: list[Unproven] = field(default_factory=list[Unproven])

    def load(self) -> None:
        """Evaluate everything that is cited."""
        for path in self.sentence.cites:
            try:
                self.fields[path] = Field(path, self.facts.evaluate(path), self.facts)
            except (NotFound, TypeError) as error:
                self.fail(path, error.message if isinstance(error, NotFound) else "it cannot be evaluated", path)

    def fail(self, claim: str, why: str, citation: str = "") -> None:
        """Put a complaint down."""
        self.found.append(Unproven(claim, citation, why))

    def require(self, holds: bool, claim: str, why: str) -> None:
        """A complaint unless it holds."""
        if not holds:
            self.fail(claim, why)

    def negated(self, clause: Clause, i: int) -> bool:
        """Whether a negation stands shortly before token `i`; it is then taken account of."""
        for k in range(i - 1, max(0, i - NEAR) - 1, -1):
            token, next_one = clause.tokens[k], clause.tokens[k + 1]
            if next_one.kind in ("symbol", "source", "limit"):
                continue  # "not KO but ..." denies a name, not what is said of the next
            if token.word in lexicon.NEGATIONS and token.kind == "word" and id(token) not in self.consumed:
                self.consumed.add(id(token))
                return True
        return False

    def group(self, clause: Clause, i: int, kind: str = "symbol") -> tuple[str, ...]:
        """The symbols (or sources) that token `i` speaks of: named last before it, or next, or in the clause before.

        Names in a row, with nothing but commas and "and" between them, are one group.
        """
        tokens = clause.tokens
        before = [k for k in range(i) if tokens[k].kind == kind]
        figures = [k for k, t in enumerate(tokens) if t.kind == "number" and k < i]
        near = [k for k in before if not figures or k > figures[-1]]
        if near:
            return self._row(tokens, near[-1], kind)
        behind = [k for k in range(i + 1, len(tokens)) if tokens[k].kind == kind]
        later = [k for k, t in enumerate(tokens) if t.kind == "number" and k > i]
        if behind and not before and (not later or behind[0] < later[0]):
            return (tokens[behind[0]].text,)
        if before:
            return self._row(tokens, before[-1], kind)
        return clause.symbols if kind == "symbol" else clause.sources

    @staticmethod
    def _row(tokens: Sequence[Token], last: int, kind: str) -> tuple[str, ...]:
        names = [tokens[last].text]
        for k in range(last - 1, -1, -1):
            if tokens[k].kind == kind:
                names.append(tokens[k].text)
            elif tokens[k].text not in (",", "and", "both", "'s"):
                break
        return tuple(reversed(names))

    def figures(self, clause: Clause) -> list[tuple[int, Field]]:
        """Places of the clause's proven figures with their fields."""
        return [(i, self.bound[id(t)]) for i, t in enumerate(clause.tokens) if id(t) in self.bound]
