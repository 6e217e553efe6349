"""The waterfall of one weight, from the record: what each source, and then each limit, made of it."""

from __future__ import annotations

from agents.explainer.answer import Step, Waterfall
from agents.explainer.facts import Facts

SETTLED = 1e-9
"""A rest smaller than this is rounding, and is not shown."""


def sources(facts: Facts) -> tuple[str, ...]:
    """Sources of contributions: prior, context, then agents in the record's order."""
    known = facts.keys("allocation.contributions")
    return tuple(s for s in ("prior", "context", *facts.agents) if s in known)


def clamps_on(facts: Facts, symbol: str) -> tuple[int, ...]:
    """Indices of the clamps on a symbol, in the order in which they acted."""
    return tuple(i for i, clamp in enumerate(facts.items("verdict.clamps")) if clamp["symbol"] == symbol)


def waterfall(facts: Facts, symbol: str) -> Waterfall:
    """prior -> context -> contributions -> proposed -> (a person's edit) -> clamps -> final.

    Raises NotFound where the record holds no weight of that name.
    """
    steps: list[Step] = []
    for source in sources(facts):
        path = f"allocation.contributions.{source}.{symbol}"
        role = "level" if source == "prior" else "change"
        steps.append(Step(label=source, role=role, value=facts.number(path), citation=path))
    level = f"allocation.weights.{symbol}"
    steps.append(Step(label="proposed", role="level", value=facts.number(level), citation=level))
    if facts.has("approval.weights"):
        edited = f"approval.weights.{symbol}"
        steps.append(_change("a person's edit", facts, edited, level))
        level = edited
    for i in clamps_on(facts, symbol):
        clamp = f"verdict.clamps[{i}]"
        steps += _rest(facts, f"{clamp}.before", level)
        steps.append(_change(str(facts.get(f"{clamp}.limit")), facts, f"{clamp}.after", f"{clamp}.before"))
        level = f"{clamp}.after"
    final = f"verdict.weights.{symbol}"
    steps += _rest(facts, final, level)
    steps.append(Step(label="final", role="level", value=facts.number(final), citation=final))
    return Waterfall(symbol=symbol, steps=tuple(steps))


def _change(label: str, facts: Facts, after: str, before: str) -> Step:
    citation = f"{after} - {before}"
    return Step(label=label, role="change", value=facts.number(citation), citation=citation)


def _rest(facts: Facts, after: str, before: str) -> list[Step]:
    """What moved the weight without a clamp of its own: cash taking up what limits freed, or a halt."""
    step = _change("what limits left", facts, after, before)
    return [step] if abs(step.value) > SETTLED else []
