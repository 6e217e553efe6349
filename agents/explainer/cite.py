"""How a figure is written down: formatted, with the citation that proves it right behind it."""

from __future__ import annotations

from typing import Any

from agents.explainer.facts import Facts

LONGEST_QUOTE = 200
CITATION = r"\[((?:[^\[\]]|\[[^\[\]]*\])+)\]"
"""A citation in brackets; within it, the places of lists stand in brackets: [verdict.clamps[2].before]."""
_PLAIN = str.maketrans({"“": '"', "”": '"', "[": "(", "]": ")"})
"""A quotation holds no mark that means something to the checker."""


def percent(value: float, signed: bool = False) -> str:
    """A fraction in percent with two decimals: 0.05123 -> "5.12%"."""
    text = f"{value:+.2%}" if signed else f"{value:.2%}"
    return text.replace("-0.00%", "+0.00%" if signed else "0.00%")


def number(value: float, decimals: int) -> str:
    """A number with thousands separators; never "-0"."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not any(c in "123456789" for c in text) else text


def decimals_of(value: float) -> int:
    """Decimals that show a number's leading digits: 2 from a thousand on, 4 from a thousandth on, else 8."""
    size = abs(value)
    return 2 if size >= 1000.0 else 4 if size >= 0.001 or size == 0.0 else 8


def quoted(text: str) -> str:
    """A record's words between quotation marks, on one line and not too long; they may come from strangers."""
    line = " ".join(text.translate(_PLAIN).split())
    return f"“{line}”" if len(line) <= LONGEST_QUOTE else f"“{line[: LONGEST_QUOTE - 1]}…”"


class Cite:
    """Writes figures of one record. Each method raises NotFound where the record does not hold the figure."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def percent(self, path: str, signed: bool = False) -> str:
        """A fraction as percent; a weight that is absent from a mapping of weights is not written: see `weight`."""
        return f"{percent(self.facts.number(path), signed)} {self._cited(path)}"

    def number(self, path: str, decimals: int | None = None) -> str:
        """A figure in its own unit."""
        value = self.facts.number(path)
        return f"{number(value, decimals_of(value) if decimals is None else decimals)} {self._cited(path)}"

    def count(self, path: str) -> str:
        """How many items there are."""
        return f"{self.facts.evaluate(f'count {path}')} {self._cited(f'count {path}')}"

    def date(self, path: str) -> str:
        """An ISO instant or date."""
        return f"{self.facts.get(path)} {self._cited(path)}"

    def quote(self, path: str) -> str:
        """A text, or a truth as "true" or "false", word for word."""
        value: Any = self.facts.evaluate(path)
        return f"{quoted(str(value).lower() if isinstance(value, bool) else str(value))} {self._cited(path)}"

    def _cited(self, citation: str) -> str:
        return f"[{self.facts.written(citation)}]"
