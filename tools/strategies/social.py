"""Social: the tone of recent posts."""

from __future__ import annotations

from data.features.spec import Features
from tools.strategies.scores import Scores
from tools.strategies.tone import tone_scores


def social(features: Features) -> Scores:
    """Positive where posts of the last slots are; unknown where there are none."""
    return tone_scores(features, "post_tone", "post_count")
