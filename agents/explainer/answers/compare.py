"""Two symbols side by side: weights, who favoured which, limits, opinions."""

from __future__ import annotations

import re

from agents.explainer.ask import Ask, bullets
from agents.explainer.checker import SAME_WEIGHT
from agents.explainer.limit_words import limit_words
from agents.explainer.waterfall import clamps_on, sources

_MORE = re.compile(r"\b(more|bigger|larger|prefer|rather|instead|over|better|higher|outweigh)\b")
_LESS = re.compile(r"\b(less|smaller|lower|fewer)\b")
_SHOWN = 4


def compare(ask: Ask) -> list[str]:
    """The first symbol against each of the others."""
    first, *others = ask.intent.symbols
    return [line for other in others for line in _pair(ask, first, other)]


def _pair(ask: Ask, a: str, b: str) -> list[str]:
    return [
        *_headline(ask, a, b),
        f"Before, {a} was {ask.cite.percent(f'opening.weights.{a}')} and "
        f"{b} {ask.cite.percent(f'opening.weights.{b}')}.",
        *_proposed(ask, a, b),
        *[line for symbol in (a, b) for line in _clamped(ask, symbol)],
        *_opinions(ask, a, b),
    ]


def _headline(ask: Ask, a: str, b: str) -> list[str]:
    """Which is larger, and that a premise was false where it was."""
    first, second = (f"{s} {ask.cite.percent(f'verdict.weights.{s}')}" for s in (a, b))
    gap = ask.facts.number(f"verdict.weights.{a} - verdict.weights.{b}")
    apart = ask.cite.percent(f"verdict.weights.{a} - verdict.weights.{b}", signed=True)
    if abs(gap) < SAME_WEIGHT:
        return [f"They weigh the same: {first}, {second}."]
    claimed = 1 if _MORE.search(ask.intent.words) else -1 if _LESS.search(ask.intent.words) else 0
    false = claimed * gap < 0.0
    verb = "more" if gap > 0.0 else "less"
    head = "It is the other way round: there" if false else "There"
    return [f"{head} is {verb} {first} than {second}, a difference of {apart}."]


def _proposed(ask: Ask, a: str, b: str) -> list[str]:
    """The sources by how far they set the two apart."""
    paths = {s: f"allocation.contributions.{s}" for s in sources(ask.facts)}
    apart = {s: f"{path}.{a} - {path}.{b}" for s, path in paths.items()}
    ranked = sorted(apart, key=lambda s: (-abs(ask.facts.number(apart[s])), s))
    proposed = [ask.cite.percent(f"allocation.weights.{s}") for s in (a, b)]
    head = f"Proposed: {a} {proposed[0]}, {b} {proposed[1]}. What sets them apart most, first less second:"
    return [head, *bullets(f"`{s}` {ask.cite.percent(apart[s], signed=True)}" for s in ranked[:_SHOWN])]


def _clamped(ask: Ask, symbol: str) -> list[str]:
    lines: list[str] = []
    for i in clamps_on(ask.facts, symbol)[:_SHOWN]:
        path = f"verdict.clamps.{i}"
        limit = str(ask.facts.get(f"{path}.limit"))
        lines.append(f"`{limit}` took {symbol} from {ask.cite.percent(f'{path}.before')} to "
                     f"{ask.cite.percent(f'{path}.after')}{limit_words(limit)}.")  # fmt: skip
    return lines


def _opinions(ask: Ask, a: str, b: str) -> list[str]:
    """Scores of the agents that have an opinion on both, the furthest apart first."""
    paths = {agent: f"views.{agent}.opinions" for agent in ask.facts.agents}
    both = {agent: p for agent, p in paths.items() if ask.facts.has(f"{p}.{a}") and ask.facts.has(f"{p}.{b}")}

    def gap(agent: str) -> float:
        return ask.facts.number(f"{both[agent]}.{a}.score - {both[agent]}.{b}.score")

    ranked = sorted(both, key=lambda agent: (-abs(gap(agent)), agent))[:_SHOWN]
    lines = (
        f"`{agent}` scores {a} {ask.cite.number(f'{both[agent]}.{a}.score', 2)} and {b} "
        f"{ask.cite.number(f'{both[agent]}.{b}.score', 2)}"
        for agent in ranked
    )
    return ["Scores:", *bullets(lines)] if ranked else ["No agent has an opinion on both."]
