"""What agents thought, which of them abstained, and who moved the weights."""

from __future__ import annotations

import re

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.waterfall import sources


def views(ask: Ask) -> list[str]:
    """Opinions of the agents named on the symbols named; of all where none was named."""
    agents = ask.intent.agents or ask.facts.agents
    if ask.intent.symbols and not ask.intent.agents:
        agents = _by_score(ask, ask.intent.symbols[0])
    return [line for agent in agents for line in _view(ask, agent)]


def _by_score(ask: Ask, symbol: str) -> list[str]:
    """Agents by their score of a symbol, the most bullish (or, where that is asked for, bearish) first."""
    paths = {a: f"views.{a}.opinions.{symbol}.score" for a in ask.facts.agents}
    known = [a for a in ask.facts.agents if ask.facts.has(paths[a])]
    sign = 1 if _bears(ask) else -1
    return [*sorted(known, key=lambda a: (sign * ask.facts.number(paths[a]), a)),
            *(a for a in ask.facts.agents if a not in known)]  # fmt: skip


def _bears(ask: Ask) -> bool:
    return bool(re.search(r"bearish|negative|dislike|against|pessimis|hate|lowest|worst", ask.intent.words))


def _bulls(ask: Ask) -> bool:
    return bool(re.search(r"bullish|positive|\blikes?\b|favou?rite|optimis|highest|best", ask.intent.words))


def _view(ask: Ask, agent: str) -> list[str]:
    if ask.facts.get(f"views.{agent}.abstained"):
        return [f"`{agent}` abstained: {ask.cite.quote(f'views.{agent}.reason')}."]
    if ask.intent.symbols:
        return [_on(ask, agent, symbol) for symbol in ask.intent.symbols]
    by = f", formed by {ask.cite.quote(f'views.{agent}.model')}" if ask.facts.has(f"views.{agent}.model") else ""
    lines = [f"`{agent}` has {ask.cite.count(f'views.{agent}.opinions')} opinions{by}."]
    scores = {s: float(o["score"]) for s, o in ask.facts.get(f"views.{agent}.opinions").items()}
    ranked = sorted(scores, key=lambda s: (_keenness(ask, scores[s]), s))
    shown = 5 if ask.intent.agents else 1
    return lines + bullets(_on(ask, agent, symbol) for symbol in ranked[:shown])


def _keenness(ask: Ask, score: float) -> float:
    """Sorts the strongest score first; the highest or the lowest where that is asked for."""
    return score if _bears(ask) else -score if _bulls(ask) else -abs(score)


def _on(ask: Ask, agent: str, symbol: str) -> str:
    path = f"views.{agent}.opinions.{symbol}"
    if ask.facts.has(path):
        score, sure = ask.cite.number(f"{path}.score", 2), ask.cite.number(f"{path}.confidence", 2)
        return f"`{agent}` on {symbol}: score {score} with confidence {sure}."
    if ask.facts.has(f"views.{agent}.unknown.{symbol}"):
        return f"`{agent}` does not know {symbol}: {ask.cite.quote(f'views.{agent}.unknown.{symbol}')}."
    return f"`{agent}` said nothing of {symbol} [allocation.contributions.{agent}.{symbol}]."


def abstentions(ask: Ask) -> list[str]:
    """Who abstained and why, and how many symbols the others did not know."""
    silent = [a for a in ask.facts.agents if ask.facts.get(f"views.{a}.abstained")]
    lines = [f"`{a}` abstained: {ask.cite.quote(f'views.{a}.reason')}." for a in silent]
    if not silent:
        lines.append(f"No agent abstained: all {ask.cite.count('views')} gave a view.")
    for agent in ask.facts.agents:
        if agent not in silent and ask.facts.keys(f"views.{agent}.unknown"):
            unknown = ask.cite.count(f"views.{agent}.unknown")
            lines.append(f"`{agent}` gave a view, but did not know {unknown} symbols.")
    return lines


def contributors(ask: Ask) -> list[str]:
    """Who moved the symbols named, or all weights together, the strongest (or weakest) first."""
    if ask.intent.symbols:
        return [line for symbol in ask.intent.symbols for line in _on_symbol(ask, symbol)]
    moved = {s: f"sum abs allocation.contributions.{s}.*" for s in _meant(ask) if s != "prior"}
    sign = 1 if ask.intent.sense == "least" else -1
    ranked = sorted(moved, key=lambda s: (sign * ask.facts.number(moved[s]), s))
    if not ranked:
        return ["Nobody moved any weight: the allocation is the prior [allocation.contributions.prior]."]
    lines = ["Weight moved away from the prior, up and down together, cash included:"]
    lines += bullets(f"`{s}` {ask.cite.percent(moved[s])}{_mostly(ask, s)}" for s in ranked)
    return [*lines, "These are exact Shapley values: each agent's effect, averaged over all orders of speaking."]


def _meant(ask: Ask) -> tuple[str, ...]:
    """The agents named that contributed, or every source."""
    known = sources(ask.facts)
    return tuple(s for s in known if s in ask.intent.agents) or known


def _mostly(ask: Ask, source: str) -> str:
    """The symbol a source moved most."""
    path = f"allocation.contributions.{source}"
    symbol = next(iter(ask.ranked(path)), "")
    if not symbol or ask.facts.number(f"{path}.{symbol}") == 0.0:
        return ""
    return f", most of all {symbol} by {ask.cite.percent(f'{path}.{symbol}', signed=True)}"


def _on_symbol(ask: Ask, symbol: str) -> list[str]:
    paths = {s: f"allocation.contributions.{s}.{symbol}" for s in _meant(ask)}
    ranked = sorted(paths, key=lambda s: (-ask.facts.number(paths[s]) * _way(ask), s) if _way(ask) else
                    (-abs(ask.facts.number(paths[s])), s))  # fmt: skip
    if ask.intent.sense == "least":
        ranked.reverse()
    lines = [f"Contributions to the proposed {ask.cite.percent(f'allocation.weights.{symbol}')} of {symbol}:"]
    return lines + bullets(f"`{s}` {ask.cite.percent(paths[s], signed=True)}" for s in ranked[:MOST_LINES])


def _way(ask: Ask) -> int:
    """Up or down where one of them is asked for, else 0."""
    up, down = (bool(re.search(rf"\b{word}\b", ask.intent.words)) for word in ("up|raised|lifted", "down|lowered|cut"))
    return int(up) - int(down)
