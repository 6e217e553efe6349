"""Fits the router's weights from its phrasings and writes them beside it. Run after phrasings or concepts changed, with

    python -m agents.explainer.fit_router

It takes scikit-learn and ten seconds; answering takes neither.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from agents.explainer import features
from agents.explainer.concepts import CONCEPTS
from agents.explainer.patterns import Kind
from agents.explainer.phrasings import PHRASINGS
from agents.explainer.router import SHIPPED, TABLE, TENSORS, Weights, likeness, masked

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FOLDS = 5
SURE = 2 / 3
"""One wrong answer is as bad as two right ones withheld."""
Phrasings = Mapping[Kind, Sequence[str]]
RARE = 2
"""Phrasings in which a run of letters or words must stand to be weighed; rarer ones more than double the file, and
folds of the phrasings are not understood better with them."""


def main(folder: Path = SHIPPED) -> None:
    """Fit and write."""
    weights = exported(fitted(PHRASINGS))
    write(replace(weights, least_lead=least_lead(PHRASINGS), fitted_from=digest(PHRASINGS)), folder)


def fitted(phrasings: Phrasings) -> Pipeline:
    """scikit-learn's model that has learned these phrasings: a support vector machine for each kind."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.svm import LinearSVC

    runs = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=features.LETTERS, sublinear_tf=True, min_df=RARE),
        TfidfVectorizer(token_pattern=features.TOKEN, ngram_range=features.WORDS, sublinear_tf=True, min_df=RARE),
        make_pipeline(FunctionTransformer(_cues), DictVectorizer()),
    )
    examples = [(masked(phrasing), kind) for kind, known in phrasings.items() for phrasing in known]
    return make_pipeline(runs, LinearSVC(C=1.0, random_state=0)).fit(
        [words for words, _ in examples], [kind for _, kind in examples]
    )


def least_lead(phrasings: Phrasings) -> float:
    """The lead over the next kind from which the likeliest is right with probability SURE, by logistic regression over
    phrasings that are held out in turn (a fifth each, by their sha256)."""
    from sklearn.linear_model import LogisticRegression

    leads: list[float] = []
    right: list[bool] = []
    for fold in range(FOLDS):
        weights = exported(fitted({kind: [p for p in known if _fold(p) != fold] for kind, known in phrasings.items()}))
        for kind, known in phrasings.items():
            found = [likeness(masked(p), weights) for p in known if _fold(p) == fold]
            leads += [one.lead for one in found]
            right += [one.best == kind for one in found]
    curve = LogisticRegression(C=math.inf).fit(np.array(leads)[:, None], right)
    return round((math.log(SURE / (1.0 - SURE)) - float(curve.intercept_[0])) / float(curve.coef_[0, 0]), 3)


def exported(model: Pipeline) -> Weights:
    """The weights of a fitted model, unrounded."""
    union, machine = model.steps[0][1], model.steps[1][1]
    letters, words, cues = (part for _, part in union.transformer_list)
    return Weights(
        kinds=tuple(cast(Kind, str(kind)) for kind in machine.classes_),
        letters=[str(run) for run in letters.get_feature_names_out()],
        words=[str(run) for run in words.get_feature_names_out()],
        cues=[str(cue) for cue in cues.steps[1][1].get_feature_names_out()],
        idf=np.concatenate([letters.idf_, words.idf_]),
        coefficients=np.ascontiguousarray(machine.coef_.T),
        intercepts=machine.intercept_,
    )


def write(weights: Weights, folder: Path) -> None:
    """As two files: tensors, the coefficients rounded to 32 bits, and a table of what they belong to."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "coefficients": weights.coefficients.astype(np.float32),
        "idf": weights.idf.astype(np.float64),
        "intercepts": weights.intercepts.astype(np.float64),
    }
    table = {name: list(getattr(weights, name)) for name in ("kinds", "letters", "words", "cues")}
    (folder / TENSORS).write_bytes(save(tensors))
    told = {"fitted_from": weights.fitted_from, "least_lead": weights.least_lead}
    (folder / TABLE).write_text(json.dumps(told | table, indent=0) + "\n")


def digest(phrasings: Phrasings) -> str:
    """sha256 of all that is learned from: the phrasings as they are routed, and the concepts with their weights."""
    learned = {
        "phrasings": {kind: [masked(phrasing) for phrasing in known] for kind, known in phrasings.items()},
        "concepts": [(name, pattern.pattern) for name, pattern in CONCEPTS],
        "features": (features.LETTERS, features.WORDS, features.TOKEN, features.ALONE, features.TOGETHER, RARE),
    }
    return hashlib.sha256(json.dumps(learned).encode()).hexdigest()


def _fold(phrasing: str) -> int:
    return hashlib.sha256(phrasing.encode()).digest()[1] % FOLDS


def _cues(questions: Sequence[str]) -> list[dict[str, float]]:
    return [features.cues(question) for question in questions]


if __name__ == "__main__":
    main()
