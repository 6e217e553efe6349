"""Limits on the weights themselves: each stage takes weights (S,) and gives weights no further from zero.

A stage touches only what can be traded, and never turns a long into a short or back. What it frees goes to cash, which
is never stored here: cash is one minus the sum. All but `cap_net` hold for smaller weights too: none undoes another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from data.market import BoolArray, FloatArray
from tools.risk.measures import complete_rows
from tools.risk.situation import Group, Situation
from tools.risk.stops import POSITION_LOSS, TRAILING_LOSS

SLACK = 1.0 + 1e-12
"""A limit fires only beyond the last bits of a sum."""


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
    """No short positions, where the book may have none."""
    return Step(np.maximum(weights, 0.0) if s.limits.long_only else weights, "long_only")


def stop_positions(weights: FloatArray, s: Situation) -> Step:
    """Nothing that lost too much from its average price, or was closed for it a little while ago."""
    return _stopped(weights, s, POSITION_LOSS)


def stop_trails(weights: FloatArray, s: Situation) -> Step:
    """The same, from the best price since the position was entered."""
    return _stopped(weights, s, TRAILING_LOSS)


def refuse_restricted(weights: FloatArray, s: Situation) -> Step:
    """Nothing is opened in what is on the restricted list."""
    return Step(np.where(s.barred, kept(weights, s), weights), "restricted", "on the restricted list")


def cap_names(weights: FloatArray, s: Situation) -> Step:
    """No symbol above `max_name_weight`."""
    cap = s.limits.max_name_weight
    return Step(np.where(s.frozen, weights, np.clip(weights, -cap, cap)), "max_name_weight", f"limit {cap:.4g}")


def cap_classes(weights: FloatArray, s: Situation) -> Step:
    """No asset class above its share: its tradable members shrink in proportion."""
    return _cap_groups(weights, s, "max_class_weight")


def cap_sectors(weights: FloatArray, s: Situation) -> Step:
    """No sector above its share."""
    return _cap_groups(weights, s, "max_sector_weight")


def cap_currencies(weights: FloatArray, s: Situation) -> Step:
    """No currency above its share."""
    return _cap_groups(weights, s, "max_currency_weight")


def cap_gross(weights: FloatArray, s: Situation) -> Step:
    """The sum of absolute weights."""
    return _cap_groups(weights, s, "max_gross")


def cap_leverage(weights: FloatArray, s: Situation) -> Step:
    """The sum of market exposures, by what each class carries for its weight."""
    return _cap_groups(weights, s, "max_leverage")


def cap_participation(weights: FloatArray, s: Situation) -> Step:
    """What is opened of a symbol, by the money that its average day trades."""
    base = kept(weights, s)
    detail = "" if s.limits.max_participation is None else f"limit {s.limits.max_participation:.4g} of an average day"
    return Step(base + np.clip(weights - base, -s.room, s.room), "max_participation", detail)


def cap_turnover(weights: FloatArray, s: Situation) -> Step:
    """What is opened in one cycle: all of it is scaled alike; reductions are never restricted."""
    base = kept(weights, s)
    opened = weights - base
    total, cap = float(np.abs(opened).sum()), s.limits.max_turnover_per_cycle
    detail = f"opened {total:.4g}, limit {cap:.4g}"
    if total <= cap * SLACK:
        return Step(weights, "max_turnover_per_cycle", detail)
    return Step(base + opened * (cap / total), "max_turnover_per_cycle", detail)


def refuse_unmeasured(weights: FloatArray, s: Situation) -> Step:
    """Nothing is opened while too few returns are known for what would be held."""
    known, needed = int(measurable(weights, s).sum()), s.limits.min_history_bars
    allowed = weights if known >= needed else kept(weights, s)
    return Step(allowed, "risk_unknown", f"{known} returns known, {needed} needed")


def cap_net(weights: FloatArray, s: Situation) -> Step:
    """The signed sum, either way: the side that outweighs the other shrinks in proportion."""
    net, cap = float(weights.sum()), s.limits.max_net
    detail = f"limit {cap:.4g}"
    if abs(net) <= cap * SLACK:
        return Step(weights, "max_net", detail)
    free = (weights * net > 0.0) & ~s.frozen
    total = abs(float(weights[free].sum()))
    room = max(0.0, total - (abs(net) - cap))
    return Step(np.where(free, weights * (room / total), weights) if total else weights, "max_net", detail)


def kept(weights: FloatArray, s: Situation) -> FloatArray:
    """The part of `weights` that is held already (S,): the rest of them would be opened."""
    return np.clip(weights, np.minimum(s.held, 0.0), np.maximum(s.held, 0.0))


def measurable(weights: FloatArray, s: Situation) -> BoolArray:
    """(R,) True where all that would be held has a return, and the benchmark where there is a limit on beta."""
    rows = complete_rows(s.returns, weights != 0.0)
    return rows if s.limits.max_beta is None else rows & np.isfinite(s.benchmark)


def room_in(group: Group, weights: FloatArray, s: Situation) -> float:
    """What of a group's cap is left for its tradable members."""
    return max(0.0, group.cap - float((group.members * np.abs(weights))[s.frozen].sum()))


def _stopped(weights: FloatArray, s: Situation, rule: str) -> Step:
    found = [stop for stop in s.stopped if stop.rule == rule]
    if not found:
        return Step(weights, rule)
    names = {stop.symbol for stop in found}
    out = np.array([symbol in names for symbol in s.symbols], dtype=np.bool_) & ~s.frozen
    return Step(np.where(out, 0.0, weights), rule, "; ".join(stop.detail for stop in found))


def _cap_groups(weights: FloatArray, s: Situation, limit: str) -> Step:
    acted: list[str] = []
    for group in s.groups[limit]:
        shrunk = _fit(weights, group, s)
        if shrunk is not weights:
            acted.append(f"{group.name} {group.cap:.4g}".strip())
        weights = shrunk
    return Step(weights, limit, "limit " + ", ".join(acted))


def _fit(weights: FloatArray, group: Group, s: Situation) -> FloatArray:
    """`weights` with the tradable members scaled so that all members sum to at most the cap, where they can."""
    sizes = group.members * np.abs(weights)
    if float(sizes.sum()) <= group.cap * SLACK:
        return weights
    free = (group.members > 0.0) & ~s.frozen
    room, total = room_in(group, weights, s), float(sizes[free].sum())
    return weights if total <= room else np.where(free, weights * (room / total), weights)
