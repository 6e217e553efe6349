"""When a person is asked before the desk trades: the rules of a book, and which of them a proposal fires."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from agents.view import View
from data.market import CASH
from tools.execution.book import Book
from tools.risk.verdict import Verdict


class AskWhen(BaseModel):
    """Rules of `approval: by_rule`; None and False never fire. Weights and turnover are fractions of net asset value.

    The limit `approval_turnover` of the risk check asks beside them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    turnover: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """Bought and sold notional above this."""
    new_name: bool = False
    """A symbol is to be held that the book does not hold."""
    risk_reduced: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    """The risk check moved more than this (half the sum of the changes it made to weights)."""
    disagreement: float | None = Field(default=None, ge=0.0, le=1.0, allow_inf_nan=False)
    """The chat model's analysts and the policy agents are further apart than this (see `disagreement`)."""
    expires_minutes: float | None = Field(default=None, gt=0.0, allow_inf_nan=False)
    """Whatever the policy: a proposal that nobody has answered after this is closed as rejected. None: it waits."""


def reasons_to_ask(
    rules: AskWhen, opening: Book, wanted: Mapping[str, float], verdict: Verdict, views: Sequence[View]
) -> tuple[str, ...]:
    """Why a person is asked about `verdict`, in words; `wanted` are the weights before the risk check."""
    return tuple(_reasons(rules, opening, wanted, verdict, views))


def _reasons(
    rules: AskWhen, opening: Book, wanted: Mapping[str, float], verdict: Verdict, views: Sequence[View]
) -> Iterator[str]:
    held, allowed = opening.weights(), verdict.weights
    traded = _moved(held, allowed, (set(held) | set(allowed)) - {CASH})
    if rules.turnover is not None and traded > rules.turnover:
        yield f"turnover {traded:.4g} is above {rules.turnover:.4g}"
    new = sorted(s for s, weight in allowed.items() if s != CASH and weight != 0.0 and not held.get(s))
    if rules.new_name and new:
        yield f"new in the book: {', '.join(new)}"
    taken = _moved(wanted, allowed, set(wanted) | set(allowed)) / 2.0
    if rules.risk_reduced is not None and taken > rules.risk_reduced:
        yield f"the risk check moved {taken:.4g} of the book, more than {rules.risk_reduced:.4g}"
    apart = disagreement(views, allowed)
    if rules.disagreement is not None and apart is not None and apart > rules.disagreement:
        yield f"chat model and policies are {apart:.4g} apart, more than {rules.disagreement:.4g}"


def disagreement(views: Sequence[View], weights: Mapping[str, float]) -> float | None:
    """Half the mean distance of scores, in [0, 1], between what a chat model read and what policies say.

    Over the symbols of which both speak, by the size of their weights (all alike where none has one); a chat model's
    score is the mean of its analysts' by confidence. None where one of the two sides is silent.
    """
    read = [v for v in views if "llm" in v.flags]
    policies = [v for v in views if v.kind == "policy"]
    left, right = _scores(read), _scores(policies)
    both = sorted(left.keys() & right.keys())
    if not both:
        return None
    sizes = [abs(weights.get(symbol, 0.0)) for symbol in both]
    total = math.fsum(sizes)
    shares = [size / total for size in sizes] if total > 0.0 else [1.0 / len(both)] * len(both)
    return math.fsum(w * abs(left[s] - right[s]) for s, w in zip(both, shares, strict=True)) / 2.0


def _scores(views: Sequence[View]) -> dict[str, float]:
    """Mean score by symbol over the views that know it, by confidence."""
    found: dict[str, list[tuple[float, float]]] = {}
    for view in views:
        for symbol, opinion in view.opinions.items():
            if opinion.confidence > 0.0:
                found.setdefault(symbol, []).append((opinion.score, opinion.confidence))
    return {s: math.fsum(x * c for x, c in said) / math.fsum(c for _, c in said) for s, said in found.items()}


def _moved(one: Mapping[str, float], other: Mapping[str, float], symbols: set[str]) -> float:
    return math.fsum(abs(one.get(s, 0.0) - other.get(s, 0.0)) for s in sorted(symbols))
