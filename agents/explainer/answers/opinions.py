"""What agents thought, which of them abstained, and who moved the weights."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.waterfall import sources


def views(ask: Ask) -> list[str]:
    """Opinions of the agents named on the symbols named; of all where none was named."""
    agents = ask.intent.agents or ask.facts.agents
    return [line for agent in agents for line in _view(ask, agent)]


def _view(ask: Ask, agent: str) -> list[str]:
    if ask.facts.get(f"views.{agent}.abstained"):
        return [f"`{agent}` abstained: {ask.cite.quote(f'views.{agent}.reason')}."]
    if ask.intent.symbols:
        return [_on(ask, agent, symbol) for symbol in ask.intent.symbols]
    by = f", formed by {ask.cite.quote(f'views.{agent}.model')}" if ask.facts.has(f"views.{agent}.model") else ""
    lines = [f"`{agent}` has {ask.cite.count(f'views.{agent}.opinions')} opinions{by}."]
    ranked = sorted(
        ask.facts.keys(f"views.{agent}.opinions"),
        key=lambda s: (-abs(ask.facts.number(f"views.{agent}.opinions.{s}.score")), s),
    )
    shown = 5 if ask.intent.agents else 1
    return lines + bullets(_on(ask, agent, symbol) for symbol in ranked[:shown])


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
    """Who moved the symbols named, or all weights together, the strongest first."""
    if ask.intent.symbols:
        return [line for symbol in ask.intent.symbols for line in _on_symbol(ask, symbol)]
    moved = {s: f"sum abs allocation.contributions.{s}.*" for s in sources(ask.facts) if s != "prior"}
    ranked = sorted(moved, key=lambda s: (-ask.facts.number(moved[s]), s))
    if not ranked:
        return ["Nobody moved any weight: the allocation is the prior [allocation.contributions.prior]."]
    lines = ["Weight moved away from the prior, up and down together, cash included:"]
    lines += bullets(f"`{s}` {ask.cite.percent(moved[s])}{_mostly(ask, s)}" for s in ranked)
    return [*lines, "These are exact Shapley values: each agent's effect, averaged over all orders of speaking."]


def _mostly(ask: Ask, source: str) -> str:
    """The symbol a source moved most."""
    path = f"allocation.contributions.{source}"
    symbol = next(iter(ask.ranked(path)), "")
    if not symbol or ask.facts.number(f"{path}.{symbol}") == 0.0:
        return ""
    return f", most of all {symbol} by {ask.cite.percent(f'{path}.{symbol}', signed=True)}"


def _on_symbol(ask: Ask, symbol: str) -> list[str]:
    paths = {s: f"allocation.contributions.{s}.{symbol}" for s in sources(ask.facts)}
    ranked = sorted(paths, key=lambda s: (-abs(ask.facts.number(paths[s])), s))
    lines = [f"Contributions to the proposed {ask.cite.percent(f'allocation.weights.{symbol}')} of {symbol}:"]
    return lines + bullets(f"`{s}` {ask.cite.percent(paths[s], signed=True)}" for s in ranked[:MOST_LINES])
