"""Untrusted text on its way into the lake: normalised, bounded, and given a tone once."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from data.frames import equal, where, words
from data.market import FloatArray

MAX_TEXT = 500
MAX_LABEL = 120
"""Longest text, and longest id, publisher or channel, in characters."""

_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
"""Unicode categories never kept: control, format (bidi and zero-width among them), private, surrogate, unassigned."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SPACE = re.compile(r"\s+")


def normalise(text: str, limit: int = MAX_TEXT) -> str:
    """NFKC, without invisible characters, whitespace runs as one space, at most `limit` characters."""
    text = _SPACE.sub(" ", text)
    if not (text.isascii() and text.isprintable()):
        text = _SELECTORS.sub("", unicodedata.normalize("NFKC", text))
        text = "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
        text = _SPACE.sub(" ", text)
    return text.strip()[:limit].rstrip()


def tones(texts: list[str]) -> FloatArray:
    """VADER compound score in [-1, 1] of each text, (N,)."""
    scores = {text: float(_analyser().polarity_scores(text)["compound"]) for text in dict.fromkeys(texts)}
    return np.array([scores[text] for text in texts], np.float64)


def clean_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """A news or posts frame as it is stored: normalised text and labels, and a `tone` column.

    One id about one symbol is kept once, as it was first known; texts that are empty after normalising are dropped.
    """
    label = "publisher" if "publisher" in frame.columns else "channel"
    out = frame.assign(
        id=[normalise(word, MAX_LABEL) for word in words(frame, "id")],
        text=[normalise(word) for word in words(frame, "text")],
        **{label: [normalise(word, MAX_LABEL) for word in words(frame, label)]},
    )
    out = where(out, ~equal(out, "text", "")).drop_duplicates(["id", "symbol"], ignore_index=True)
    return out.assign(tone=tones(words(out, "text")))


@lru_cache(maxsize=1)
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
