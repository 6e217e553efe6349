"""What stood behind opinions: features, releases, headlines and posts, by the references that views give."""

from __future__ import annotations

from agents.explainer.ask import MOST_LINES, Ask, bullets


def evidence(ask: Ask) -> list[str]:
    """The evidence on the symbols named, or the texts of the snapshot where none was."""
    if not ask.intent.symbols:
        return _texts(ask)
    return [line for symbol in ask.intent.symbols for line in _on(ask, symbol)]


def _on(ask: Ask, symbol: str) -> list[str]:
    lines: list[str] = []
    for agent in _agents(ask, symbol):
        path = f"views.{agent}.opinions.{symbol}"
        score, sure = ask.cite.number(f"{path}.score", 2), ask.cite.number(f"{path}.confidence", 2)
        grounds = "; ".join(evidence_lines(ask, agent, symbol)) or "no reference given"
        lines.append(f"`{agent}` scores {symbol} {score} with confidence {sure}. Grounds: {grounds}.")
    return bullets(lines) or [f"No agent has an opinion on {symbol} [verdict.weights.{symbol}]."]


def evidence_lines(ask: Ask, agent: str, symbol: str) -> list[str]:
    """Each reference of an opinion with the figure or words it points at; those the record lacks are left out."""
    path = f"views.{agent}.opinions.{symbol}.evidence"
    found = (_resolved(ask, str(ref), f"{path}.{i}", symbol) for i, ref in enumerate(ask.facts.get(path)))
    return [line for line in found if line]


def _resolved(ask: Ask, reference: str, path: str, symbol: str) -> str:
    kind, _, name = reference.partition(":")
    match kind:
        case "feature" if ask.facts.has(f"snapshot.features.{symbol}.{name}"):
            return f"`{name}` {ask.cite.number(f'snapshot.features.{symbol}.{name}')}"
        case "market" if ask.facts.has(f"snapshot.market.{name}"):
            return f"`{name}` {ask.cite.number(f'snapshot.market.{name}')}"
        case "macro" if ask.facts.has(f"snapshot.macro.{name}.value"):
            return f"`{name}` {ask.cite.number(f'snapshot.macro.{name}.value')}"
        case "news" | "post" if ask.facts.has(_text(kind, name)):
            return ask.cite.quote(_text(kind, name))
        case _:
            return ask.cite.quote(path)


def _text(kind: str, name: str) -> str:
    return f"snapshot.{'news' if kind == 'news' else 'posts'}.{name}.text"


def _agents(ask: Ask, symbol: str) -> list[str]:
    speaking = [a for a in ask.facts.agents if ask.facts.has(f"views.{a}.opinions.{symbol}")]
    return [a for a in speaking if a in ask.intent.agents] or speaking


def _texts(ask: Ask) -> list[str]:
    """The newest headlines and posts, and how many there were."""
    lines: list[str] = []
    for kind, word in (("news", "headlines"), ("posts", "posts")):
        if ask.facts.has(f"snapshot.unavailable.{kind}"):
            lines.append(f"No {word} could be had: {ask.cite.quote(f'snapshot.unavailable.{kind}')}.")
            continue
        items = ask.facts.items(f"snapshot.{kind}")
        lines.append(f"The snapshot holds {ask.cite.count(f'snapshot.{kind}')} {word}.")
        newest = sorted(range(len(items)), key=lambda i: (str(items[i]["known_at"]), str(items[i]["id"])), reverse=True)
        lines += bullets(
            f"{ask.cite.date(f'snapshot.{kind}.{i}.known_at')} {ask.cite.quote(f'snapshot.{kind}.{i}.text')}"
            for i in newest[: MOST_LINES // 2]
        )
    return lines
