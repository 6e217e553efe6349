"""The order of the limits, and the record of what each did.

    facts       untradable
    permission  long_only  max_position_loss  max_trailing_loss  restricted
    weights     max_name_weight  max_class_weight  max_sector_weight  max_currency_weight  max_gross  max_leverage
    trades      max_turnover_per_cycle  max_participation  risk_unknown
    portfolio   max_net, then max_net max_beta max_volatility_annual max_var_95 max_cvar_95 max_stress_loss at once

Running the stages on their own result changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.market import FloatArray
from tools.risk import exposures
from tools.risk.exposures import Stage, Step
from tools.risk.portfolio import SAME, cap_portfolio
from tools.risk.situation import Situation
from tools.risk.verdict import Clamp

PERMISSIONS: tuple[Stage, ...] = (
    exposures.keep_untradable, exposures.long_only, exposures.stop_positions, exposures.stop_trails,
    exposures.refuse_restricted,
)  # fmt: skip
"""What may be held at all, symbol by symbol."""
STAGES: tuple[Stage, ...] = (
    *PERMISSIONS,
    exposures.cap_names, exposures.cap_classes, exposures.cap_sectors, exposures.cap_currencies, exposures.cap_gross,
    exposures.cap_leverage, exposures.cap_turnover, exposures.cap_participation, exposures.refuse_unmeasured,
    exposures.cap_net, cap_portfolio,
)  # fmt: skip
"""In the order in which they act."""


def apply(weights: FloatArray, s: Situation, stages: Sequence[Stage] = STAGES) -> tuple[FloatArray, tuple[Clamp, ...]]:
    """Weights (S,) after each stage in turn, with a Clamp for each weight that one changed."""
    clamps: list[Clamp] = []
    for stage in stages:
        step = stage(weights, s)
        clamps += changes(weights, step, s)
        weights = step.weights
    return weights, tuple(clamps)


def changes(weights: FloatArray, step: Step, s: Situation) -> list[Clamp]:
    """A Clamp for each weight that `step` changed."""
    if step.weights is weights:
        return []
    return [
        Clamp(limit=step.limit, symbol=s.symbols[i], before=float(weights[i]) + 0.0, after=float(step.weights[i]) + 0.0,
              detail=step.detail)
        for i in np.flatnonzero(np.abs(step.weights - weights) > SAME)
    ]  # fmt: skip
