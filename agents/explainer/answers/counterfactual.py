"""What would have been decided without an agent, a feature group, a limit, or with another prior: runs of the cycle."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.checker import SAME_WEIGHT


def counterfactual(ask: Ask) -> list[str]:
    """The weights of each run that leaves out what was named."""
    if not ask.intent.without:
        named = ", ".join(f"`{a}` [views.{a}.agent]" for a in ask.facts.agents)
        return [f"It is not clear what to leave out. The agents of this record are {named}."]
    return [line for name in ask.intent.without for line in _without(ask, name)]


def _without(ask: Ask, name: str) -> list[str]:
    view = f"views.{name}"
    if ask.facts.has(f"{view}.abstained") and ask.facts.get(f"{view}.abstained"):
        return [f"Nothing would differ without `{name}`: it abstained, {ask.cite.quote(f'{view}.reason')}."]
    if not ask.facts.has(f"counterfactuals.{name}.weights"):
        return _not_run(ask, name)
    if ask.intent.symbols:
        return [_on(ask, name, symbol) for symbol in ask.intent.symbols]
    changes = ask.ranked(f"counterfactuals.{name}.difference")
    moved = [s for s in changes if abs(ask.facts.number(_difference(name, s))) >= SAME_WEIGHT]
    if not moved:
        count = ask.cite.count(f"counterfactuals.{name}.difference")
        return [f"{_leaving_out(name)} no weight would differ: of {count} weights none moves by half a basis point."]
    lines = [f"{_leaving_out(name)} these weights would differ most:"]
    return lines + bullets(_on(ask, name, symbol) for symbol in moved[:MOST_LINES])


def _on(ask: Ask, name: str, symbol: str) -> str:
    would, is_now = f"counterfactuals.{name}.weights.{symbol}", f"verdict.weights.{symbol}"
    if not ask.facts.has(would):
        cited = f"[verdict.weights.{symbol}]"
        return f"The run without `{name}` [counterfactuals.{name}.weights] does not weigh {symbol} {cited}."
    held, would_be = (abs(ask.facts.number(path)) > SAME_WEIGHT for path in (is_now, would))
    change = ask.cite.percent(_difference(name, symbol), signed=True)
    if ask.facts.has("approval.weights"):
        return (f"{_leaving_out(name)} the desk would have proposed {ask.cite.percent(would)} of {symbol}, {change} "
                f"against its own proposal; a person then edited it: {ask.cite.quote('approval.answer')}.")  # fmt: skip
    told = "would still be held" if held and would_be else "would not be held" if held else "would be held"
    verdict = f"{symbol} {told}" if held or would_be else f"{symbol} would not be held either"
    return (f"{_leaving_out(name)} {verdict}: {ask.cite.percent(would)} instead of {ask.cite.percent(is_now)}, "
            f"a difference of {change}.")  # fmt: skip


def _not_run(ask: Ask, name: str) -> list[str]:
    """Nobody ran it; an agent's Shapley value is told, and that it is something else."""
    lines = ["The cycle was not run again without that, so what would have been is not known here."]
    if name not in ask.facts.agents:
        return lines
    paths = {s: f"allocation.contributions.{name}.{s}" for s in ask.intent.symbols}
    shown = [f"{s} {ask.cite.percent(path, signed=True)}" for s, path in paths.items() if ask.facts.has(path)]
    if not shown:
        shown = [f"{ask.cite.percent(f'sum abs allocation.contributions.{name}.*')} of weight, up and down together"]
    lines.append("Its exact share in the decision (Shapley value, not the effect of leaving it out) is:")
    return [*lines, *bullets(f"`{name}`: {line}" for line in shown)]


def _leaving_out(name: str) -> str:
    return f"With `{name}`" if name.startswith("prior=") else f"Without `{name}`"


def _difference(name: str, symbol: str) -> str:
    return f"counterfactuals.{name}.difference.{symbol}"
