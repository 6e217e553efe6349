"""Limits switched off, one by one: what a book would be allowed without them.

Only what limits may be switched off. That a symbol has no price, or that its risk is unknown, is a fact; breakers and
the kill switch hold the whole book and are a person's to lift.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from tools.risk.limits import RiskLimits
from tools.risk.situation import Situation

NEVER: dict[str, Any] = {
    "long_only": False,
    "max_position_loss": None,
    "max_trailing_loss": None,
    "restricted": (),
    "max_name_weight": math.inf,
    "max_class_weight": {},
    "max_sector_weight": {},
    "max_currency_weight": {},
    "max_gross": math.inf,
    "max_leverage": math.inf,
    "max_turnover_per_cycle": math.inf,
    "max_participation": None,
    "max_net": math.inf,
    "max_beta": None,
    "max_volatility_annual": math.inf,
    "max_var_95": math.inf,
    "max_cvar_95": math.inf,
    "max_stress_loss": None,
}
"""Each limit with the value at which it never acts, in the order of the clamps."""

FACTS: dict[str, str] = {
    "untradable": "a symbol without a clean and fresh price cannot be traded",
    "risk_unknown": "a risk that nobody knows cannot be switched off",
    "max_drawdown": "a breaker holds the whole book until a person resumes it",
    "max_daily_loss": "a breaker holds the whole book until its lock runs out",
    "max_weekly_loss": "a breaker holds the whole book until its lock runs out",
}
"""What stands among clamps and halts and is no limit on weights, and why."""


def lifted(limits: RiskLimits, off: AbstractSet[str]) -> RiskLimits:
    """`limits` with those named `off` (keys of NEVER) at values that never act; they themselves where none is."""
    return limits.model_copy(update={name: NEVER[name] for name in sorted(off)}) if off else limits


def unstopped(s: Situation, off: AbstractSet[str]) -> Situation:
    """The situation without the stops of the rules `off`, locks of earlier ones among them."""
    return replace(s, stopped=tuple(stop for stop in s.stopped if stop.rule not in off)) if off else s
