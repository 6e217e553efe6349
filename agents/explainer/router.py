"""The router: how much a question resembles those of each kind, by a linear model of letters, words and concepts.

Its weights were fitted ahead (agents.explainer.fit_router) from agents.explainer.phrasings, from nothing else, and are
shipped; to answer takes numpy alone, no network and nothing random.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from agents.explainer.features import AGENT, SYMBOL, cues, letters, words
from agents.explainer.patterns import Kind
from agents.explainer.words import mask
from data.errors import CorruptFile

SHIPPED = Path(__file__).parent / "shipped"
TENSORS, TABLE = "router.safetensors", "router.json"
REFIT = "python -m agents.explainer.fit_router"
LEAST_MARGIN = -0.45
"""Below it a question is unlike all that is known."""
LONGEST = 400
"""Characters of a question that are looked at; a question says what it wants in the first of them or the last."""
Floats = NDArray[np.floating]


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


@dataclass(frozen=True)
class Weights:
    """What was learned: for each kind a weight of each feature. Features stand in the order letters, words, cues."""

    kinds: tuple[Kind, ...]
    letters: Sequence[str]
    words: Sequence[str]
    cues: Sequence[str]
    idf: Floats
    """Inverse document frequency of letters and words, one after the other."""
    coefficients: Floats
    """Features x kinds."""
    intercepts: Floats
    """One a kind."""
    least_lead: float = 0.0
    """Below it an answer would not be right twice as often as wrong (agents.explainer.fit_router.least_lead)."""
    fitted_from: str = ""
    """`agents.explainer.fit_router.digest` of what was learned from."""

    def margins(self, question: str) -> NDArray[np.float64]:
        """The margin of each kind: what scikit-learn's decision_function gives."""
        found = [*self._runs(letters(question), self._letter_places), *self._runs(words(question), self._word_places)]
        found += [(self._cue_places[cue], w) for cue, w in cues(question).items() if cue in self._cue_places]
        places, values = [place for place, _ in found], np.array([value for _, value in found], dtype=np.float64)
        return values @ self.coefficients[places].astype(np.float64) + self.intercepts

    def _runs(self, runs: Iterable[str], places: Mapping[str, int]) -> Iterator[tuple[int, float]]:
        """Places and weights of the runs that are known: (1 + log count) x idf, brought to unit length."""
        counts = Counter(place for run in runs if (place := places.get(run)) is not None)
        raw = {place: (1.0 + math.log(count)) * float(self.idf[place]) for place, count in counts.items()}
        length = math.sqrt(math.fsum(value * value for value in raw.values()))
        return ((place, value / length) for place, value in raw.items())

    @cached_property
    def _letter_places(self) -> dict[str, int]:
        return {run: place for place, run in enumerate(self.letters)}

    @cached_property
    def _word_places(self) -> dict[str, int]:
        return {run: place for place, run in enumerate(self.words, len(self.letters))}

    @cached_property
    def _cue_places(self) -> dict[str, int]:
        return {cue: place for place, cue in enumerate(self.cues, len(self.letters) + len(self.words))}


def likeness(question: str, weights: Weights | None = None) -> Likeness:
    """How alike the kinds are to a question in lower case, with SYMBOL and AGENT for the names in it.

    `weights` are the shipped ones where none are given. Raises CorruptFile where those cannot be read.
    """
    cut = question if len(question) <= LONGEST else f"{question[: LONGEST // 2]} {question[-LONGEST // 2 :]}"
    weights = weights or shipped()
    ranked = sorted(zip(weights.kinds, weights.margins(cut), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return Likeness(tuple((kind, float(margin)) for kind, margin in ranked))


def sure(found: Likeness) -> bool:
    """Whether the likeliest kind may be answered: the question is like it, and clearly more than like the next."""
    return found.margin >= LEAST_MARGIN and found.lead >= shipped().least_lead


def masked(phrasing: str) -> str:
    """A phrasing of the table as it is routed."""
    return mask(phrasing.replace("AGT", AGENT), ("SYM", "SY2"), SYMBOL, AGENT)


@cache
def shipped() -> Weights:
    """The weights that come with the package. Raises CorruptFile where they cannot be read."""
    return read(SHIPPED)


def read(folder: Path) -> Weights:
    """The weights that `agents.explainer.fit_router` wrote. Raises CorruptFile where they cannot be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        table = json.loads((folder / TABLE).read_bytes())
        tensors = load((folder / TENSORS).read_bytes())
        kinds = cast("tuple[Kind, ...]", tuple(table["kinds"]))
        weights = Weights(kinds, table["letters"], table["words"], table["cues"], tensors["idf"],
                          tensors["coefficients"], tensors["intercepts"], table["least_lead"],
                          table["fitted_from"])  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise CorruptFile("the weights of the question router cannot be read", "Install bullpen again.") from error
    features = len(weights.letters) + len(weights.words) + len(weights.cues)
    if weights.coefficients.shape != (features, len(kinds)) or weights.intercepts.shape != (len(kinds),):
        raise CorruptFile("the weights of the question router do not fit its words", "Install bullpen again.")
    return weights
