"""What kept the decision in bounds: limits, risk figures, approval, halts."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.limit_words import limit_words


def limits(ask: Ask) -> list[str]:
    """Every clamp, in the order in which the limits acted."""
    clamps = ask.facts.items("verdict.clamps")
    asked = [i for i, clamp in enumerate(clamps) if ask.asked(str(clamp["symbol"]))]
    notes = [f"{ask.cite.quote(f'verdict.notes.{i}')}." for i in range(ask.facts.size("verdict.notes"))]
    lines = [verdict_line(ask), *notes]
    if not clamps:
        return [*lines, f"No limit fired: there are {ask.cite.count('verdict.clamps')} clamps."]
    if not asked:
        named = [f"{s} [allocation.weights.{s}]" for s in ask.intent.symbols]
        return [*lines, f"No limit fired on {', '.join(named)}."]
    lines.append(f"There are {ask.cite.count('verdict.clamps')} clamps.")
    ranked = sorted(asked, key=lambda i: (-abs(float(clamps[i]["after"]) - float(clamps[i]["before"])), i))
    lines += bullets(_clamp(ask, i) for i in sorted(ranked[:MOST_LINES]))
    if len(asked) > MOST_LINES:
        lines.append("The largest are shown; the record holds them all.")
    return lines


def _clamp(ask: Ask, i: int) -> str:
    path = f"verdict.clamps.{i}"
    clamp = ask.facts.items("verdict.clamps")[i]
    detail = f", {ask.cite.quote(f'{path}.detail')}" if clamp.get("detail") else ""
    move = f"{ask.cite.percent(f'{path}.before')} to {ask.cite.percent(f'{path}.after')}"
    return f"`{clamp['limit']}` took {clamp['symbol']} from {move}{detail}{limit_words(str(clamp['limit']))}"


def verdict_line(ask: Ask) -> str:
    """The decision with its reasons."""
    reasons = [ask.cite.quote(f"verdict.reasons.{i}") for i in range(ask.facts.size("verdict.reasons"))]
    because = f", because {' and '.join(reasons)}" if reasons else ""
    return f"The verdict is {ask.cite.quote('verdict.decision')}{because}."


def approval(ask: Ask) -> list[str]:
    """Whether a person was asked, and what was said."""
    lines = [verdict_line(ask)]
    if not ask.facts.has("approval"):
        return [*lines, "The record does not say whether a person was asked."]
    lines.append(
        f"A person had to be asked: {ask.cite.quote('approval.required')}; answer: {ask.cite.quote('approval.answer')}."
    )
    for field, words in (("by", "By"), ("note", "Note")):
        if ask.facts.has(f"approval.{field}") and ask.facts.get(f"approval.{field}"):
            lines.append(f"{words}: {ask.cite.quote(f'approval.{field}')}.")
    if ask.facts.get("verdict.decision") == "halted":
        lines.append(f"A halted desk keeps what it holds and sends nothing: {ask.cite.count('orders')} orders.")
    return lines


def risk(ask: Ask) -> list[str]:
    """The measures of the allowed weights."""
    names = ask.facts.keys("verdict.measures")
    if not names:
        return [verdict_line(ask), "The record holds no risk measures."]
    lines = ["Risk figures of the allowed weights, as fractions of net asset value (per bar where they are rates):"]
    return [*lines, *bullets(f"`{name}` {ask.cite.percent(f'verdict.measures.{name}')}" for name in names)]
