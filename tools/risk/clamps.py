"""The limits as arithmetic: each takes weights and gives weights with less exposure, never more.

A stage touches only what can be traded. What it frees goes to cash, which is never stored here: cash is one minus the
sum. Running the stages on their own result changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.market import AssetClass, BoolArray, FloatArray
from tools.risk.limits import RiskLimits
from tools.risk.measures import complete_rows, conditional_value_at_risk, value_at_risk, volatility, weighted

SLACK = 1.0 + 1e-12
"""A limit fires only beyond the last bits of a sum."""
GRAIN = 1e-9
"""Scale factors found by search are rounded down to this, so that no last bit reaches a record."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the stages look at. `held`, `frozen`, `classes` are (S,); `returns` (R, S)."""

    held: FloatArray
    frozen: BoolArray
    classes: tuple[AssetClass, ...]
    returns: FloatArray
    bars_per_year: float
    limits: RiskLimits


class Step(NamedTuple):
    """Weights (S,) after a stage, the limit that acted, and its figures in words."""

    weights: FloatArray
    limit: str
    detail: str = ""


Stage = Callable[[FloatArray, Situation], Step]


def keep_untradable(weights: FloatArray, s: Situation) -> Step:
    """What cannot be traded stays as it is held."""
    return Step(np.where(s.frozen, s.held, weights), "untradable", "no clean and fresh price")


def long_only(weights: FloatArray, s: Situation) -> Step:
    """No short positions."""
    return Step(np.maximum(weights, 0.0), "long_only")


def cap_names(weights: FloatArray, s: Situation) -> Step:
    """No symbol above `max_name_weight`."""
    cap = s.limits.max_name_weight
    return Step(np.where(s.frozen, weights, np.minimum(weights, cap)), "max_name_weight", f"limit {cap:.4g}")


def cap_classes(weights: FloatArray, s: Situation) -> Step:
    """No asset class above its share: its tradable members shrink in proportion."""
    acted: list[str] = []
    for asset_class, cap in sorted(s.limits.max_class_weight.items()):
        members = np.array([c == asset_class for c in s.classes])
        shrunk = _fit(weights, members, s.frozen, cap)
        if shrunk is not weights:
            acted.append(f"{asset_class.value} {cap:.4g}")
        weights = shrunk
    return Step(weights, "max_class_weight", "limit " + ", ".join(acted))


def cap_gross(weights: FloatArray, s: Situation) -> Step:
    """The sum of absolute weights."""
    everything = np.ones(weights.size, dtype=np.bool_)
    return Step(_fit(weights, everything, s.frozen, s.limits.max_gross), "max_gross", f"limit {s.limits.max_gross:.4g}")


def cap_net(weights: FloatArray, s: Situation) -> Step:
    """The sum of signed weights: for a long-only book a second, independent cap on the same sum."""
    everything = np.ones(weights.size, dtype=np.bool_)
    return Step(_fit(weights, everything, s.frozen, s.limits.max_net), "max_net", f"limit {s.limits.max_net:.4g}")


def cap_turnover(weights: FloatArray, s: Situation) -> Step:
    """Purchases in one cycle: all are scaled alike; sales are never restricted."""
    bought = np.maximum(weights - s.held, 0.0)
    total, cap = float(bought.sum()), s.limits.max_turnover_per_cycle
    detail = f"bought {total:.4g}, limit {cap:.4g}"
    if total <= cap * SLACK:
        return Step(weights, "max_turnover_per_cycle", detail)
    return Step(np.where(bought > 0.0, s.held + bought * (cap / total), weights), "max_turnover_per_cycle", detail)


def refuse_unmeasured(weights: FloatArray, s: Situation) -> Step:
    """Nothing is bought while too few returns are known for what would be held."""
    known, needed = int(complete_rows(s.returns, weights != 0.0).sum()), s.limits.min_history_bars
    kept = weights if known >= needed else np.minimum(weights, s.held)
    return Step(kept, "risk_unknown", f"{known} returns known, {needed} needed")


def cap_risk(weights: FloatArray, s: Situation) -> Step:
    """Volatility, VaR and CVaR: tradable weights shrink together until the last of the three is met.

    Where the frozen part alone is beyond a limit, the tradable part goes to cash.
    """
    rows = complete_rows(s.returns, weights != 0.0)
    if int(rows.sum()) < s.limits.min_history_bars:
        return Step(weights, "risk_unknown")
    fixed = weighted(s.returns[rows], np.where(s.frozen, weights, 0.0))
    free = weighted(s.returns[rows], np.where(s.frozen, 0.0, weights))
    usage = _usage(fixed + free, s)
    limit = max(usage, key=lambda name: (usage[name], name))
    detail = f"at {usage[limit]:.4g} of the limit"
    if usage[limit] <= SLACK:
        return Step(weights, limit, detail)
    factor = _largest_factor(fixed, free, s)
    return Step(np.where(s.frozen, weights, weights * factor), limit, detail)


STAGES: tuple[Stage, ...] = (
    keep_untradable, long_only, cap_names, cap_classes, cap_gross, cap_net, cap_turnover,
    refuse_unmeasured, cap_risk,
)  # fmt: skip
"""In the order in which they act."""


def _fit(weights: FloatArray, members: BoolArray, frozen: BoolArray, cap: float) -> FloatArray:
    """`weights` with the tradable members scaled so that all members sum to at most `cap`, where they can."""
    if float(weights[members].sum()) <= cap * SLACK:
        return weights
    free = members & ~frozen
    room = max(0.0, cap - float(weights[members & frozen].sum()))
    total = float(weights[free].sum())
    if total <= room:
        return weights
    return np.where(free, weights * (room / total), weights)


def _usage(returns: FloatArray, s: Situation) -> dict[str, float]:
    """How much of each risk limit portfolio returns (R,) use; 1 is all of it."""
    return {
        "max_volatility_annual": volatility(returns) * s.bars_per_year**0.5 / s.limits.max_volatility_annual,
        "max_var_95": value_at_risk(returns) / s.limits.max_var_95,
        "max_cvar_95": conditional_value_at_risk(returns) / s.limits.max_cvar_95,
    }


def _largest_factor(fixed: FloatArray, free: FloatArray, s: Situation) -> float:
    """By bisection, a factor in [0, 1) on `free` at which no limit is exceeded; 0 where even that is too much."""
    low, high = 0.0, 1.0
    while high - low > GRAIN / 4:
        middle = (low + high) / 2
        low, high = (middle, high) if max(_usage(fixed + middle * free, s).values()) <= 1.0 else (low, middle)
    return int(low / GRAIN) * GRAIN
