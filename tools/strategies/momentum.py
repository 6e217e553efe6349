"""Momentum: what has risen for a month, a quarter and a year, measured against its own volatility.

Time-series momentum after Moskowitz, Ooi and Pedersen (2012): each horizon's return in units of its own standard
deviation, squashed, then averaged. Confidence is how far the three horizons agree.
"""

from __future__ import annotations

import numpy as np

from data.features.spec import Features
from tools.strategies.scores import Scores, agreement, in_sigmas, paired

HORIZONS = {"mom_21": 21, "mom_63": 63, "mom_252": 252}
"""Feature name -> slots it looks back."""


def momentum(features: Features) -> Scores:
    """Positive where the blend of the three horizons is up."""
    vol = features["vol_63"]
    parts = np.stack([np.tanh(in_sigmas(features[name], vol, slots)) for name, slots in HORIZONS.items()])
    return paired(parts.mean(axis=0), agreement(parts))
