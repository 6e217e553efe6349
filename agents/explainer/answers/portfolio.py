"""The portfolio as a whole: the decision in short, positions, changes, cash, the book's value."""

from __future__ import annotations

import re

from agents.explainer.answers.oversight import verdict_line
from agents.explainer.answers.state import lock_lines
from agents.explainer.ask import MOST_LINES, Ask, bullets
from agents.explainer.checker import SAME_WEIGHT
from agents.explainer.waterfall import sources
from data.market import CASH


def decision(ask: Ask) -> list[str]:
    """The cycle in a few lines."""
    used = len(ask.facts.items("allocation.fallback_chain")) - 1
    abstained = [a for a in ask.facts.agents if ask.facts.get(f"views.{a}.abstained")]
    lines = [
        f"Decided as of {ask.cite.date('as_of')} for book {ask.cite.quote('book')}, "
        f"allocated by {ask.cite.quote(f'allocation.fallback_chain.{used}.name')}.",
        verdict_line(ask),
        f"{ask.cite.count('orders')} orders were made and {ask.cite.count('fills')} fills came back.",
    ]
    lines += [f"`{agent}` abstained: {ask.cite.quote(f'views.{agent}.reason')}." for agent in abstained]
    return [*lines, *_movers(ask, 3), *_listed(ask, _held(ask), 3)]


def positions(ask: Ask) -> list[str]:
    """The largest (or smallest) allowed weights, and the sums by asset class; of the class that was named alone."""
    classes = ask.facts.keys("verdict.classes")
    named = [c for c in classes if re.search(_CLASSES.get(c, rf"\b{re.escape(c)}"), ask.intent.words)]
    ranked = sorted(named or classes, key=lambda c: (-ask.facts.number(f"verdict.classes.{c}"), c))
    by_class = bullets(f"`{c}` {ask.cite.percent(f'verdict.classes.{c}')}" for c in ranked)
    head = ["By asset class:", *by_class] if ranked else []
    members = [s for s in _held(ask) if not named or ask.facts.get(f"snapshot.asset_class.{s}") in named]
    if named:
        return [*head, *_listed(ask, members, MOST_LINES)]
    return [*_listed(ask, members, MOST_LINES), *head, f"Cash: {ask.cite.percent(f'verdict.weights.{CASH}')}."]


_CLASSES = {"stock": r"\b(stocks?|shares|equit)", "etf": r"\betfs?\b", "forex": r"\b(forex|fx|currenc)",
            "commodity": r"commodit", "option": r"\boptions?\b", "index_future": r"\b(index )?futures?\b"}  # fmt: skip


def changes(ask: Ask) -> list[str]:
    """The largest moves from opening to allowed weights, of the direction that is asked for."""
    up, down = (bool(re.search(pattern, ask.intent.words)) for pattern in (_UP, _DOWN))
    return [*_movers(ask, MOST_LINES, 0 if up == down else 1 if up else -1), *_turnover(ask)]


_UP = r"\b(grew|grow|increas\w*|rais\w*|add(s|ed)?|bigger|larger|bought|came in|went up|rose|new names?)\b"
_DOWN = r"\b(shr[aiu]nk|cuts?|reduc\w*|trim(s|med)?|smaller|sold|exit(ed)?|went (out|down)|fell|drop(s|ped)?|closed)\b"


def cash(ask: Ask) -> list[str]:
    """How the cash weight came about."""
    before, after = f"opening.weights.{CASH}", f"verdict.weights.{CASH}"
    lines = [
        f"Cash was {ask.cite.percent(before)} and is to be {ask.cite.percent(after)} of net asset value, "
        f"a change of {ask.cite.percent(f'{after} - {before}', signed=True)}.",
        "The proposed cash by source:",
    ]
    paths = {s: f"allocation.contributions.{s}.{CASH}" for s in sources(ask.facts)}
    lines += bullets(f"`{s}` {ask.cite.percent(path, signed=s != 'prior')}" for s, path in paths.items())
    lines.append(f"Proposed: {ask.cite.percent(f'allocation.weights.{CASH}')}; what limits freed went to cash: "
                 f"{ask.cite.percent(f'{after} - allocation.weights.{CASH}', signed=True)}.")  # fmt: skip
    if ask.facts.has("closing.cash"):
        lines.append(f"After fills the book holds {ask.cite.number('closing.cash', 2)} in cash.")
    return lines


def book(ask: Ask) -> list[str]:
    """Value, peak and drawdown of the book."""
    lines = [
        f"The book was worth {ask.cite.number('opening.net_asset_value', 2)} on opening, "
        f"its peak is {ask.cite.number('opening.peak_value', 2)}."
    ]
    for name, words in (("drawdown", "Drawdown from the peak"), ("day_return", "Return since the last slot")):
        if ask.facts.has(f"verdict.measures.{name}"):
            lines.append(f"{words}: {ask.cite.percent(f'verdict.measures.{name}', signed=name == 'day_return')}.")
    if ask.facts.has("closing.net_asset_value"):
        value = ask.cite.number("closing.net_asset_value", 2)
        lines.append(f"After fills and costs it stands at {value}, positions at their last marks.")
    return [*lines, *lock_lines(ask)] if ask.facts.size("opening.locks") else lines


def turnover(ask: Ask) -> list[str]:
    """How much was to be traded."""
    return [*_turnover(ask), *_movers(ask, 3)]


def _turnover(ask: Ask) -> list[str]:
    lines: list[str] = []
    if ask.facts.has("verdict.measures.turnover"):
        lines.append(
            f"Turnover: {ask.cite.percent('verdict.measures.turnover')} of net asset value, bought and sold together."
        )
    else:
        lines.append(f"The record holds no turnover: the verdict is {ask.cite.quote('verdict.decision')}.")
    return [*lines, f"Orders: {ask.cite.count('orders')}."]


def _held(ask: Ask) -> list[str]:
    """What is held after the cycle, the largest weight first."""
    return [s for s in ask.ranked("verdict.weights") if abs(ask.facts.number(f"verdict.weights.{s}")) > SAME_WEIGHT]


def _listed(ask: Ask, held: list[str], most: int) -> list[str]:
    if not held:
        return [f"Nothing of that is held: cash is {ask.cite.percent(f'verdict.weights.{CASH}')}."]
    least = ask.intent.sense == "least"
    shown = held[::-1] if least else held
    head = "Smallest positions:" if least else "Largest positions:"
    return [head, *bullets(f"{s} {ask.cite.percent(f'verdict.weights.{s}')}" for s in shown[:most])]


def _movers(ask: Ask, most: int, sign: int = 0) -> list[str]:
    """The largest changes; with `sign` only those that grew (1) or shrank (-1)."""
    moves = {s: ask.move(s) for s in sorted(ask.facts.symbols)}
    ranked = [s for s in sorted(moves, key=lambda s: (-abs(moves[s]), s)) if abs(moves[s]) >= SAME_WEIGHT]
    if not ranked:
        return [f"No weight changed: turnover of all {ask.cite.count('verdict.weights')} weights is nil."]
    shown = [s for s in ranked if moves[s] * sign >= 0.0]
    way = " up" if sign > 0 else " down" if sign < 0 else ""
    if not shown:
        return [f"No weight went{way}; {_moved(ask, ranked[0])}"]
    return [f"Largest changes{way}:", *bullets(_moved(ask, s) for s in shown[:most])]


def _moved(ask: Ask, symbol: str) -> str:
    opening, final = f"opening.weights.{symbol}", f"verdict.weights.{symbol}"
    verb = "grew" if ask.move(symbol) > 0.0 else "shrank"
    return f"{symbol} {verb} from {ask.cite.percent(opening)} to {ask.cite.percent(final)}."
