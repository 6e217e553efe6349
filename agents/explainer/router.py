"""The router: how much a question resembles those of each kind, by a linear model of words, letters and cues.

It learns from agents.explainer.phrasings and from the cues of agents.explainer.patterns when it is first asked (a few
tenths of a second, once a process), from nothing else, and the same way every time: no network, no weights in a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from agents.explainer.patterns import Kind, points_of
from agents.explainer.phrasings import PHRASINGS
from agents.explainer.words import mask

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

SYMBOL, AGENT = "xsym", "xagt"
"""What stands for a symbol and for an agent in the words that are routed."""
MOST_POINTS = 12
POINT = 1.0 / 8.0
"""Weight of a cue's point beside words of unit length."""
MENTION = 0.7
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


def likeness(words: str) -> Likeness:
    """How alike the kinds are to a question in lower case, with SYMBOL and AGENT for the names in it."""
    cut = words if len(words) <= LONGEST else f"{words[: LONGEST // 2]} {words[-LONGEST // 2 :]}"
    model = _model()
    margins = model.decision_function([cut])[0]
    ranked = sorted(zip(model.classes_, margins, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return Likeness(tuple((kind, float(margin)) for kind, margin in ranked))


def masked(phrasing: str) -> str:
    """A phrasing of the table as it is routed."""
    return mask(phrasing.replace("AGT", AGENT), ("SYM", "SY2"), SYMBOL, AGENT)


@cache
def _model() -> Pipeline:
    """The model, fitted: a support vector machine for each kind."""
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
    examples = [(masked(phrasing), kind) for kind, phrasings in PHRASINGS.items() for phrasing in phrasings]
    return make_pipeline(features, LinearSVC(C=1.0, random_state=0)).fit(
        [words for words, _ in examples], [kind for _, kind in examples]
    )


def _cues(questions: Sequence[str]) -> list[dict[str, Any]]:
    """Points by kind, and how many symbols and agents are named."""
    found: list[dict[str, Any]] = []
    for words in questions:
        points = points_of(words.replace(AGENT, "they"))
        cues: dict[str, Any] = {kind: min(p, MOST_POINTS) * POINT for kind, p in points.items()}
        cues[f"symbols {min(words.count(SYMBOL), 2)}"] = MENTION
        cues["agents"] = MENTION * (AGENT in words)
        found.append(cues)
    return found
