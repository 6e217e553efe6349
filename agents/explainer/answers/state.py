"""Whether the desk may trade: the kill switch, breakers and locks, and how far losses are from tripping one."""

from __future__ import annotations

from agents.explainer.answers.oversight import verdict_line
from agents.explainer.ask import Ask, bullets

_LOSSES = (("drawdown", "max_drawdown", "Drawdown from the peak"),)


def state(ask: Ask) -> list[str]:
    """The switch, the locks of the symbols named (of all where none was), and the room below the drawdown limit."""
    return [verdict_line(ask), *_switch(ask), *lock_lines(ask), *_room(ask)]


def _switch(ask: Ask) -> list[str]:
    if not ask.facts.has("halt.on"):
        return ["The record does not say whether the kill switch was on."]
    if not ask.facts.get("halt.on"):
        return [f"The kill switch was off (on: {ask.cite.quote('halt.on')})."]
    since = f" since {ask.cite.quote('halt.since')}" if ask.facts.get("halt.since") else ""
    return [f"The kill switch was on (on: {ask.cite.quote('halt.on')}){since}: {ask.cite.quote('halt.reason')}."]


def lock_lines(ask: Ask) -> list[str]:
    """Locks found on opening, and those that this cycle set."""
    before = [f"opening.locks.{i}" for i in range(ask.facts.size("opening.locks"))]
    known = [ask.facts.get(path) for path in before]
    later = [f"closing.locks.{i}" for i in range(ask.facts.size("closing.locks"))]
    fresh = [path for path in later if ask.facts.get(path) not in known]
    shown = [p for p in (*before, *fresh) if not ask.intent.symbols or _symbol(ask, p) in ("", *ask.intent.symbols)]
    if shown:
        return ["Locks:", *bullets(_lock(ask, path) for path in shown)]
    count = ask.cite.count("opening.locks")
    if ask.intent.symbols:
        named = ", ".join(f"{s} [verdict.weights.{s}]" for s in ask.intent.symbols)
        return [f"No lock holds {named}: there are {count} locks on opening."]
    return [f"No breaker holds the book: there are {count} locks on opening."]


def _lock(ask: Ask, path: str) -> str:
    symbol = _symbol(ask, path)
    whom = f"{symbol} [{ask.facts.written(f'{path}.symbol')}]" if symbol else "the whole book"
    ends = ask.facts.get(f"{path}.until")
    until = f"until {ask.cite.date(f'{path}.until')}" if ends else "until a person resumes it"
    return (f"{ask.cite.quote(f'{path}.rule')} holds {whom} since {ask.cite.date(f'{path}.since')}, {until}: "
            f"{ask.cite.quote(f'{path}.detail')}")  # fmt: skip


def _symbol(ask: Ask, path: str) -> str:
    found = ask.facts.get(path)
    return str(found.get("symbol", ""))


def _room(ask: Ask) -> list[str]:
    lines: list[str] = []
    for measure, limit, words in _LOSSES:
        figure, most = f"verdict.measures.{measure}", f"config.limits.{limit}"
        if ask.facts.has(figure) and ask.facts.has(most):
            left = ask.cite.percent(f"{most} - {figure}")
            lines.append(f"{words}: {ask.cite.percent(figure)}; the book locks beyond {ask.cite.percent(most)}, "
                         f"{left} away.")  # fmt: skip
    return lines
