"""Limits on what the weights do together: net, beta, volatility, VaR, CVaR and stress loss, all held at once.

Taking one weight away can raise these (it may have been a hedge), so they come last, and one factor on everything that
can be traded meets them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from data.market import BoolArray, FloatArray
from tools.risk.exposures import SLACK, Step, kept, measurable
from tools.risk.measures import beta, volatility, weighted
from tools.risk.situation import Situation
from tools.risk.stress import worst_window
from tools.risk.tails import tail

GRAIN = 1e-9
"""Factors are whole multiples of this, so that no last bit of a search reaches a record."""
SAME = 1e-12
"""Weights closer than this are the same weight."""


class Profile(NamedTuple):
    """What weights do: past returns (R',), signed sum, returns in each scenario (K,). Linear in the weights."""

    past: FloatArray
    net: float
    shocked: FloatArray


def profile(weights: FloatArray, rows: BoolArray, s: Situation) -> Profile:
    """Of `weights` (S,), over the past `rows` (R,)."""
    return Profile(weighted(s.returns[rows], weights), float(weights.sum()), weighted(s.shocks, weights))


def usage(of: Profile, rows: BoolArray, s: Situation) -> dict[str, float]:
    """How much of each limit is used; 1 is all of it."""
    limits, losses = s.limits, tail(of.past, s.limits.var_method)
    used = {
        "max_cvar_95": losses.cvar / limits.max_cvar_95,
        "max_net": _share(abs(of.net), limits.max_net),
        "max_var_95": losses.var / limits.max_var_95,
        "max_volatility_annual": volatility(of.past) * s.bars_per_year**0.5 / limits.max_volatility_annual,
    }
    if limits.max_beta is not None:
        used["max_beta"] = _share(abs(beta(of.past, s.benchmark[rows])), limits.max_beta)
    if limits.max_stress_loss is not None:
        used["max_stress_loss"] = stress_loss(of, s) / limits.max_stress_loss
    return used


def stress_loss(of: Profile, s: Situation) -> float:
    """The loss in the worst scenario, or in the worst window of the past where that is larger."""
    scenarios = -float(of.shocked.min()) if of.shocked.size else 0.0
    return max(scenarios, worst_window(of.past, s.limits.stress_window_bars))


def cap_portfolio(weights: FloatArray, s: Situation) -> Step:
    """Tradable weights shrink together until the last of the limits is met.

    Where the frozen part alone is beyond a limit, the tradable part goes to cash, unless some of it makes up for that.
    """
    rows = measurable(weights, s)
    if int(rows.sum()) < s.limits.min_history_bars:
        return Step(weights, "risk_unknown")
    used = usage(profile(weights, rows, s), rows, s)
    if not all(map(math.isfinite, used.values())):
        return Step(kept(weights, s), "risk_unknown", "a measure of risk is not a number")
    limit = max(used, key=lambda name: (used[name], name))
    detail = f"at {used[limit]:.4g} of the limit"
    if used[limit] <= SLACK:
        return Step(weights, limit, detail)
    factor = _largest_factor(weights, rows, s, used[limit])
    return Step(np.where(s.frozen, weights, weights * factor), limit, detail)


def _largest_factor(weights: FloatArray, rows: BoolArray, s: Situation, used: float) -> float:
    """A factor in [0, 1), whole grains, at which no limit is exceeded; 0 where even that is too much.

    With nothing frozen every usage grows with the factor, and the answer is one division away; else it is searched.
    """
    fixed = profile(np.where(s.frozen, weights, 0.0), rows, s)
    free = profile(np.where(s.frozen, 0.0, weights), rows, s)

    def excess(grains: int) -> float:
        f = grains * GRAIN
        mixed = Profile(fixed.past + f * free.past, fixed.net + f * free.net, fixed.shocked + f * free.shocked)
        return max(usage(mixed, rows, s).values()) - 1.0

    whole = round(1.0 / GRAIN)
    if not bool(np.any(s.frozen & (weights != 0.0))):
        guess = max(0, int(whole / used) - 1)
        return (guess if excess(guess) <= 0.0 else _last_within(excess, 0, guess, used - 1.0)) * GRAIN
    return _last_within(excess, 0, whole, used - 1.0) * GRAIN


def _last_within(excess: Callable[[int], float], low: int, high: int, above: float) -> int:
    """A number in [low, high) after which `excess`, which is `above` at `high`, is not 0 or less; else `low`.

    By false position, the end that stays put counted by half (Illinois); by halves at every fourth step, and where the
    low end is beyond.
    """
    below, step, moved = min(0.0, excess(low)), 0, ""
    while high - low > 1:
        step += 1
        at = low - below * (high - low) / (above - below)
        halve = step % 4 == 0 or below == 0.0 or not math.isfinite(at)
        middle = (low + high) // 2 if halve else min(max(int(at), low + 1), high - 1)
        found = excess(middle)
        if found <= 0.0:
            above = above / 2 if moved == "low" else above
            low, below, moved = middle, found, "low"
        else:
            below = below / 2 if moved == "high" else below
            high, above, moved = middle, found, "high"
    return low


def _share(value: float, limit: float) -> float:
    """`value` of `limit`; of a limit of 0 nothing is used, or far more than all."""
    if limit > 0.0:
        return value / limit
    return 0.0 if value <= SAME else value / SAME
