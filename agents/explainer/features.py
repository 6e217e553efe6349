"""What of a question the router weighs: runs of letters, runs of words, and the concepts it brings together.

Letters and words are cut as scikit-learn's TfidfVectorizer cuts them (`char_wb` and `word`), which the weights are
fitted with; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from agents.explainer.concepts import concepts_in

SYMBOL, AGENT = "xsym", "xagt"
"""What stands for a symbol and for an agent in the words that are routed."""
LETTERS, WORDS = (2, 5), (1, 3)
"""Shortest and longest run."""
TOKEN = r"[a-z0-9_&]+|\?"
ALONE, TOGETHER = 0.5, 0.35
"""Weights of a concept, and of a pair of them, beside letters and words, each of unit length."""
_TOKEN = re.compile(TOKEN)


def letters(question: str) -> Iterator[str]:
    """Runs of letters within each word and the blank on either side of it."""
    shortest, longest = LETTERS
    for word in question.split():
        padded = f" {word} "
        for n in range(shortest, min(longest, len(padded)) + 1):
            yield from (padded[i : i + n] for i in range(len(padded) - n + 1))


def words(question: str) -> Iterator[str]:
    """Runs of words and question marks."""
    tokens = _TOKEN.findall(question)
    for n in range(WORDS[0], WORDS[1] + 1):
        yield from (" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def cues(question: str) -> dict[str, float]:
    """The concepts of a question, with the symbols and agents it names, and every pair of them, with their weights."""
    named = [f"symbols {min(count, 2)}"] if (count := question.count(SYMBOL)) else []
    named += [*concepts_in(question), *(["an agent"] if AGENT in question else [])]
    alone = dict.fromkeys(named, ALONE)
    return alone | {f"{a} + {b}": TOGETHER for a, b in combinations(sorted(named), 2)}
