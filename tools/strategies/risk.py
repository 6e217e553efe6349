"""Risk: away from the volatile, and from everything while the market is turbulent.

The low-volatility tilt (Ang and others, 2006) by cross-sectional rank, a warning where volatility is rising, and a
discount in proportion to the probability of turbulence, largest for the most volatile. Confidence is how sure the
regime model is of its state.
"""

from __future__ import annotations

import numpy as np

from data.features.spec import Features
from tools.strategies.scores import Scores, paired


def risk(features: Features) -> Scores:
    """Positive for quiet symbols in quiet times, negative as volatility or turbulence rise."""
    rank = features["rank_vol_21"]
    short, long = features["vol_21"], features["vol_63"]
    rising = np.divide(short, long, out=np.full_like(short, np.nan), where=long > 0.0) - 1.0
    regimes = np.stack([features.market(f"regime_{name}") for name in ("calm", "normal", "turbulent")])
    turbulent = regimes[2][:, None]
    score = -0.5 * rank - 0.25 * np.tanh(rising) - turbulent * (0.75 + 0.25 * rank)
    sureness = regimes.max(axis=0)[:, None]
    return paired(score, np.broadcast_to(sureness, score.shape))
