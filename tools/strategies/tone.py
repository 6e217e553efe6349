"""The tone of texts as a score: what they say, trusted the more the more of them there are."""

from __future__ import annotations

import numpy as np

from data.features.spec import Features
from tools.strategies.scores import Scores, paired


def tone_scores(features: Features, tone: str, count: str) -> Scores:
    """The mean tone, with confidence n / (n + 1) for n texts; no text is not a neutral text but an unknown.

    `tone` is in [-1, 1]; `count` is log(1 + n), so that the confidence is 1 - exp(-count).
    """
    written = features[count]
    return paired(features[tone], np.where(written > 0.0, -np.expm1(-written), np.nan))
