"""Projection: the nearest weights that are within all limits at once, where the clamps would go limit by limit.

Nearest is by the sum of squared changes, among weights of the same signs that are no further from zero than those that
were asked for. The limits are the clamps' own, as constraints of a convex problem (convex.py):

    historical CVaR      the sum of the largest losses, which is convex
    historical VaR       is not: the bars that may lose more than it are those in which the best weights without it do
    Cornish-Fisher       its shape is held at that of the latest weights, and solved again a few times

What comes out goes through the clamps like any other weights, so nothing rests on the solver: a bad answer is clamped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from data.market import BoolArray, FloatArray
from tools.risk.convex import INSIDE, Bound, pose
from tools.risk.exposures import SLACK, measurable
from tools.risk.portfolio import SAME, profile, usage
from tools.risk.situation import Situation
from tools.risk.verdict import Clamp

TIGHT = 1e-4
"""A limit used this closely to its cap binds."""
ROUNDS = 4
"""How often the parts that are not convex are taken anew from the latest weights, each time further inside the caps."""


class Projection(NamedTuple):
    """Weights (S,), a Clamp for each that changed, and why there is no projection where there is none."""

    weights: FloatArray
    clamps: tuple[Clamp, ...] = ()
    notes: tuple[str, ...] = ()


def project(weights: FloatArray, s: Situation) -> Projection:
    """The projection of `weights` (S,), already rid of what may not be held; they themselves where there is none."""
    rows = measurable(weights, s)
    if int(rows.sum()) < s.limits.min_history_bars:
        return Projection(weights, notes=("no projection, the limits act one by one: risk is unknown",))
    try:
        nearest, bounds = _nearest(weights, rows, s)
    except (ImportError, ValueError, ArithmeticError) as error:
        return Projection(weights, notes=(f"no projection, the limits act one by one: {error}",))
    return Projection(nearest, tuple(_clamps(weights, nearest, bounds, s)))


def _nearest(weights: FloatArray, rows: BoolArray, s: Situation) -> tuple[FloatArray, list[Bound]]:
    """The nearest weights (S,) and the bounds at them; ValueError where the solver finds none."""
    problem = pose(weights, rows, s)
    bounds, found = list(problem.bounds()), weights
    if not any(bound.shrinks for bound in bounds) and _within(found, rows, s):
        return found, []
    for tries in range(ROUNDS):
        found = problem.solve(bounds, INSIDE * 10.0**tries)
        if _within(found, rows, s):
            break
        bounds = list(problem.bounds(found))
    return found, bounds


def _within(weights: FloatArray, rows: BoolArray, s: Situation) -> bool:
    return max(usage(profile(weights, rows, s), rows, s).values()) <= SLACK


def _clamps(before: FloatArray, after: FloatArray, bounds: Sequence[Bound], s: Situation) -> Iterator[Clamp]:
    """A Clamp for each weight that changed, named by the bound that is used the most, the earlier one of equals."""
    for i in np.flatnonzero(np.abs(after - before) > SAME):
        used = [(min(1.0, bound.used(int(i)) + TIGHT), -place) for place, bound in enumerate(bounds) if bound.holds[i]]
        limit = bounds[-max(used)[1]].limit if used else "least_change"
        detail = "the least change that meets all limits"
        yield Clamp(limit=limit, symbol=s.symbols[i], before=float(before[i]), after=float(after[i]), detail=detail)
