"""`blend-v1`: the rule that stands in for a missing policy, the confidence-weighted mean of all scores as the tilt."""

from __future__ import annotations

import numpy as np

from data.market import FloatArray
from rl.meta.inputs import MetaInputs, check_views
from rl.meta.tilt import KAPPA, tilt

BLEND_KAPPA = KAPPA / 2.0
"""Half of the policy's reach: nothing has validated the rule."""


def blend_v1(inputs: MetaInputs, views: FloatArray) -> FloatArray:
    """Weights (B, S + 1) for `views` (B, S, 7, 3); with no view at all the prior. Raises InputError on NaN.

    r_i = sum(confidence * score) / sum(confidence) over the agents that know symbol i, 0 where none does or where all
    confidences are 0; cash has r = 0.
    """
    check_views(views, inputs.tradable.size)
    score, confidence = views[..., 0], views[..., 1] * views[..., 2]
    weight = confidence.sum(axis=-1)
    r = np.zeros((*weight.shape[:-1], weight.shape[-1] + 1))
    r[..., :-1] = (confidence * score).sum(axis=-1) / np.where(weight > 0.0, weight, 1.0)
    return tilt(inputs.prior, inputs.held, inputs.tradable, r, BLEND_KAPPA)
