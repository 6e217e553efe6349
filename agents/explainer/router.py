"""The router: how much a question resembles those of each kind, by a linear model of words, letters and concepts.

It learns from agents.explainer.phrasings when it is first asked (about half a second, once a process), from nothing
else, and the same way every time: no network, no weights in a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, cast

from agents.explainer.concepts import concepts_in
from agents.explainer.patterns import Kind
from agents.explainer.phrasings import PHRASINGS
from agents.explainer.words import mask

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

SYMBOL, AGENT = "xsym", "xagt"
"""What stands for a symbol and for an agent in the words that are routed."""
ALONE, TOGETHER = 0.5, 0.35
"""Weights of a concept, and of a pair of them, beside words of unit length."""
LONGEST = 400
"""Characters of a question that are looked at; a question says what it wants in the first of them or the last."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Kinds from the likeliest, each with its margin (below 0: more unlike than like)."""

    ranked: tuple[tuple[Kind, float], ...]

    @property
    def best(self) -> Kind:
        """The likeliest kind."""
        return self.ranked[0][0]

    @property
    def margin(self) -> float:
        """Of the likeliest kind."""
        return self.ranked[0][1]

    @property
    def lead(self) -> float:
        """Of the likeliest kind over the next."""
        return self.ranked[0][1] - self.ranked[1][1]


def likeness(words: str, model: Pipeline | None = None) -> Likeness:
    """How alike the kinds are to a question in lower case, with SYMBOL and AGENT for the names in it.

    `model` is one of `fitted`; the one that has learned all phrasings where it is not given.
    """
    cut = words if len(words) <= LONGEST else f"{words[: LONGEST // 2]} {words[-LONGEST // 2 :]}"
    model = model or _model()
    margins = model.decision_function([cut])[0]
    ranked = sorted(zip(model.classes_, margins, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return Likeness(tuple((cast(Kind, str(kind)), float(margin)) for kind, margin in ranked))


def masked(phrasing: str) -> str:
    """A phrasing of the table as it is routed."""
    return mask(phrasing.replace("AGT", AGENT), ("SYM", "SY2"), SYMBOL, AGENT)


def fitted(phrasings: Mapping[Kind, Sequence[str]]) -> Pipeline:
    """A model that has learned these phrasings: a support vector machine for each kind."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        TfidfVectorizer(token_pattern=r"[a-z0-9_&]+|\?", ngram_range=(1, 3), sublinear_tf=True),
        make_pipeline(FunctionTransformer(_cues), DictVectorizer()),
    )
    examples = [(masked(phrasing), kind) for kind, known in phrasings.items() for phrasing in known]
    return make_pipeline(features, LinearSVC(C=1.0, random_state=0)).fit(
        [words for words, _ in examples], [kind for _, kind in examples]
    )


@cache
def _model() -> Pipeline:
    return fitted(PHRASINGS)


def _cues(questions: Sequence[str]) -> list[dict[str, float]]:
    """The concepts of each question, with the symbols and agents it names, and every pair of them."""
    found: list[dict[str, float]] = []
    for words in questions:
        named = [f"symbols {min(count, 2)}"] if (count := words.count(SYMBOL)) else []
        named += [*concepts_in(words), *(["an agent"] if AGENT in words else [])]
        alone = dict.fromkeys(named, ALONE)
        found.append(alone | {f"{a} + {b}": TOGETHER for a, b in combinations(sorted(named), 2)})
    return found
