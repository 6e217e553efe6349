"""Mean reversion: what fell too far too fast comes back, as long as the market is calm.

Three readings of the same stretch (RSI, place in the Bollinger band, five-slot return in standard deviations), each
turned around. Confidence is their agreement times the probability of the calm regime: in turbulence a fall is news.
"""

from __future__ import annotations

import numpy as np

from data.features.spec import Features
from tools.strategies.scores import Scores, agreement, in_sigmas, paired


def mean_reversion(features: Features) -> Scores:
    """Positive where the price is stretched downwards."""
    parts = np.stack(
        [
            1.0 - 2.0 * features["rsi_14"],
            -np.tanh(features["bollinger_20"]),
            -np.tanh(0.5 * in_sigmas(features["ret_5"], features["vol_21"], 5)),
        ]
    )
    calm = features.market("regime_calm")[:, None]
    return paired(parts.mean(axis=0), agreement(parts) * calm)
