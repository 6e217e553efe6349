"""Scores as allocations: the opinions of tools/strategies, long only, capped, in proportion to conviction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from data.features.spec import Features
from data.snapshot import Snapshot
from tools.backtest.strategies.cadence import Paced, named
from tools.portfolio.prior import CASH_SHARE
from tools.strategies.catalog import STRATEGIES

ScoreName = Literal["momentum", "mean_reversion", "macro", "risk", "news", "social"]


class Scored(Paced):
    """Weights in proportion to score x confidence where both are positive; symbols without an opinion are left alone.

    What a cap cuts off stays in cash, as does everything where no opinion is positive.
    """

    score: ScoreName
    """Of `tools.strategies.catalog.STRATEGIES`."""
    max_weight: float = Field(default=0.15, gt=0.0, le=1.0, allow_inf_nan=False)
    """Largest weight of a symbol, as in the desk's own limits."""

    @property
    def name(self) -> str:
        """That of its score."""
        return self.score

    def weights(self, snapshot: Snapshot) -> Mapping[str, float]:
        """A score depends on its own row of the features only, so that one row is all it is asked of."""
        features = snapshot.features
        present = Features(features.specs, features.values[-1:], features.shared_specs, features.shared[-1:])
        scores = STRATEGIES[self.score](present)
        score, confidence = scores.score[0], scores.confidence[0]
        known = snapshot.tradable & np.isfinite(score) & np.isfinite(confidence)
        conviction = np.where(known, np.maximum(score, 0.0) * confidence, 0.0)
        total = conviction.sum()
        share = conviction / total if total > 0.0 else conviction
        return named(snapshot, np.minimum((1.0 - CASH_SHARE) * share, self.max_weight), known)
