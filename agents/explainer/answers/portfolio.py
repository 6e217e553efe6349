"""The portfolio as a whole: the decision in short, positions, changes, cash, the book's value."""

from __future__ import annotations

from agents.explainer.answers.oversight import verdict_line
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
    return [*lines, *_movers(ask, 3), *_largest(ask, 3)]


def positions(ask: Ask) -> list[str]:
    """The largest allowed weights, and the sums by asset class."""
    lines = _largest(ask, MOST_LINES)
    classes = ask.facts.keys("verdict.classes")
    ranked = sorted(classes, key=lambda c: (-ask.facts.number(f"verdict.classes.{c}"), c))
    if ranked:
        lines += ["By asset class:", *bullets(f"`{c}` {ask.cite.percent(f'verdict.classes.{c}')}" for c in ranked)]
    return [*lines, f"Cash: {ask.cite.percent(f'verdict.weights.{CASH}')}."]


def changes(ask: Ask) -> list[str]:
    """The largest moves from opening to allowed weights."""
    return [*_movers(ask, MOST_LINES), *_turnover(ask)]


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
    locks = ask.facts.items("opening.locks")
    for i in range(len(locks)):
        symbol = str(locks[i].get("symbol", ""))
        whom = f"{symbol} [opening.locks.{i}.symbol] is kept out" if symbol else "It is locked"
        lines.append(f"{whom} by `{locks[i]['rule']}` {ask.cite.quote(f'opening.locks.{i}.rule')}: "
                     f"{ask.cite.quote(f'opening.locks.{i}.detail')}.")  # fmt: skip
    return lines


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


def _largest(ask: Ask, most: int) -> list[str]:
    held = [s for s in ask.ranked("verdict.weights") if abs(ask.facts.number(f"verdict.weights.{s}")) > SAME_WEIGHT]
    if not held:
        return [f"Nothing is held: cash is {ask.cite.percent(f'verdict.weights.{CASH}')}."]
    return ["Largest positions:", *bullets(f"{s} {ask.cite.percent(f'verdict.weights.{s}')}" for s in held[:most])]


def _movers(ask: Ask, most: int) -> list[str]:
    moves = {s: ask.move(s) for s in sorted(ask.facts.symbols)}
    ranked = [s for s in sorted(moves, key=lambda s: (-abs(moves[s]), s)) if abs(moves[s]) >= SAME_WEIGHT]
    if not ranked:
        return [f"No weight changed: turnover of all {ask.cite.count('verdict.weights')} weights is nil."]
    return ["Largest changes:", *bullets(_moved(ask, s) for s in ranked[:most])]


def _moved(ask: Ask, symbol: str) -> str:
    opening, final = f"opening.weights.{symbol}", f"verdict.weights.{symbol}"
    verb = "grew" if ask.move(symbol) > 0.0 else "shrank"
    return f"{symbol} {verb} from {ask.cite.percent(opening)} to {ask.cite.percent(final)}."
