"""News: the tone of recent headlines."""

from __future__ import annotations

from data.features.spec import Features
from tools.strategies.scores import Scores
from tools.strategies.tone import tone_scores


def news(features: Features) -> Scores:
    """Positive where headlines of the last slots are; unknown where there are none."""
    return tone_scores(features, "news_tone", "news_count")
