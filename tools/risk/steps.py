"""The waterfall of a verdict: what a person's edit and then each limit made of the proposed weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.market import CASH
from tools.risk.verdict import Verdict

EDIT = "a person's edit"
HALT = "halt"
ROUNDING = "rounding"
"""The last bits that adding up in another order leaves."""


@dataclass(frozen=True, slots=True)
class Step:
    """`changes` in weight by symbol (fractions of net asset value), CASH among them; symbols left alone are absent."""

    name: str
    """A limit's name, or EDIT, HALT, ROUNDING."""
    changes: dict[str, float]


def steps(
    proposed: Mapping[str, float], verdict: Verdict, edited: Mapping[str, float] | None = None
) -> tuple[Step, ...]:
    """From `proposed` to `verdict.weights`: for every symbol the changes sum to the difference, to 1e-12.

    A limit that acted more than once is one step, at the place where it first did. What limits free goes to cash. A
    halt keeps what is held: its step is all that lies between.
    """
    found = [Step(EDIT, _less(edited, proposed))] if edited is not None else []
    found += _limits(verdict)
    left = _rest(proposed, verdict.weights, found)
    if left:
        found.append(Step(HALT if verdict.decision == "halted" else ROUNDING, left))
    return tuple(step for step in found if step.changes)


def _limits(verdict: Verdict) -> list[Step]:
    """A step a limit; cash takes up what it freed."""
    changes: dict[str, dict[str, float]] = {}
    for clamp in verdict.clamps:
        by = changes.setdefault(clamp.limit, {})
        by[clamp.symbol] = by.get(clamp.symbol, 0.0) + (clamp.after - clamp.before)
    return [Step(limit, by | {CASH: -math.fsum(by.values())}) for limit, by in changes.items()]


def _rest(proposed: Mapping[str, float], final: Mapping[str, float], found: Iterable[Step]) -> dict[str, float]:
    reached = dict(proposed)
    for step in found:
        for symbol, by in step.changes.items():
            reached[symbol] = reached.get(symbol, 0.0) + by
    return _less(final, reached)


def _less(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    names = (*after, *(symbol for symbol in before if symbol not in after))
    moved = {symbol: after.get(symbol, 0.0) - before.get(symbol, 0.0) for symbol in names}
    return {symbol: by for symbol, by in moved.items() if by != 0.0}
