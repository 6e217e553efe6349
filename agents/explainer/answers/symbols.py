"""Why a symbol grew, shrank, is held or is not: opening against final weight, then how the final weight came about."""

from __future__ import annotations

from agents.explainer.answer import Waterfall
from agents.explainer.answers.evidence import evidence_lines
from agents.explainer.answers.trading import order_lines, why_nothing_was_sent
from agents.explainer.ask import Ask, bullets
from agents.explainer.checker import SAME_WEIGHT
from agents.explainer.waterfall import sources, waterfall

_FALSE_PREMISE = {"shrank": "did not shrink", "grew": "did not grow"}


def why(ask: Ask) -> list[str]:
    """The story of each symbol that was named."""
    return [line for symbol in ask.intent.symbols for line in _story(ask, symbol)]


def _story(ask: Ask, symbol: str) -> list[str]:
    steps = waterfall(ask.facts, symbol)
    return [
        _headline(ask, symbol),
        *_tradable(ask, symbol),
        *_main_reason(ask, symbol),
        "How the weight came about:",
        *bullets(_steps(ask, steps)),
        *_orders(ask, symbol),
    ]


def _headline(ask: Ask, symbol: str) -> str:
    """What happened, and that a premise was false where it was."""
    opening, final = f"opening.weights.{symbol}", f"verdict.weights.{symbol}"
    cite, premise, move = ask.cite, ask.intent.premise, ask.move(symbol)
    said = "stayed" if abs(move) < SAME_WEIGHT else "grew" if move > 0.0 else "shrank"
    if said == "stayed":
        story = f"stayed at {cite.percent(final)}, as before [{opening}]"
    else:
        change = cite.percent(f"{final} - {opening}", signed=True)
        story = f"{said} from {cite.percent(opening)} to {cite.percent(final)}, a change of {change}"
    if premise in _FALSE_PREMISE and premise != said:
        return f"{symbol} {_FALSE_PREMISE[premise]}: it {story}."
    held = ask.facts.number(final) > SAME_WEIGHT
    if premise == "held" and not held:
        return f"{symbol} is not held: it {story}."
    if premise == "not_held" and held:
        return f"{symbol} is held: it {story}."
    return f"{symbol} {story}."


def _tradable(ask: Ask, symbol: str) -> list[str]:
    if not ask.facts.has("snapshot.tradable") or ask.facts.evaluate(f"tradable {symbol}"):
        return []
    return [
        f"{symbol} could not be traded at this slot (tradable: {ask.cite.quote(f'tradable {symbol}')}): it is frozen."
    ]


def _main_reason(ask: Ask, symbol: str) -> list[str]:
    """The piece of the change that is largest among those that point its way, and the view that does so most."""
    move = ask.move(symbol)
    if abs(move) < SAME_WEIGHT:
        return []
    agents = {a: f"allocation.contributions.{a}.{symbol}" for a in sources(ask.facts) if a not in ("prior", "context")}
    pieces = {
        "prior": f"allocation.contributions.prior.{symbol} - opening.weights.{symbol}",
        "context": f"allocation.contributions.context.{symbol}",
        "limits": f"verdict.weights.{symbol} - allocation.weights.{symbol}",
    } | agents
    sign = 1.0 if move > 0.0 else -1.0
    sizes = {
        name: sign * ask.facts.number(path) for name, path in pieces.items() if ask.facts.has(path) or " - " in path
    }
    main = max(sorted(sizes), key=lambda name: sizes[name])
    keenest = max(sorted(agents), key=lambda name: sizes[name], default="")
    lines = [_piece(ask, symbol, main, pieces[main])]
    if keenest and keenest != main and sizes[keenest] >= SAME_WEIGHT:
        figure = ask.cite.percent(agents[keenest], signed=True)
        lines.append(f"Of the views, `{keenest}` pushed hardest that way: {figure}{_opinion(ask, keenest, symbol)}")
    return lines


def _piece(ask: Ask, symbol: str, name: str, path: str) -> str:
    figure = ask.cite.percent(path, signed=True)
    match name:
        case "prior":
            alone = ask.cite.percent(f"allocation.contributions.prior.{symbol}")
            return f"The largest part of it is the prior: alone it would hold {alone}, that is {figure} against before."
        case "context":
            return f"The largest part of it is the context, what the controller does with no view at all: {figure}."
        case "limits":
            return f"The largest part of it came from the risk check: {figure} against what was proposed."
        case agent:
            return f"The largest part of it came from `{agent}`: {figure}{_opinion(ask, agent, symbol)}"


def _opinion(ask: Ask, agent: str, symbol: str) -> str:
    """Score, confidence and evidence of an agent on a symbol, as the end of a sentence."""
    path = f"views.{agent}.opinions.{symbol}"
    if not ask.facts.has(path):
        return ", though it has no opinion on this symbol itself."
    score, sure = ask.cite.number(f"{path}.score", 2), ask.cite.number(f"{path}.confidence", 2)
    grounds = "; ".join(evidence_lines(ask, agent, symbol)[:3])
    return f"; its score was {score} with confidence {sure}" + (f", on the grounds of {grounds}." if grounds else ".")


def _steps(ask: Ask, steps: Waterfall) -> list[str]:
    lines: list[str] = []
    limits = {str(c["limit"]) for c in ask.facts.items("verdict.clamps")}
    for step in steps.steps:
        label = f"`{step.label}`" if step.label in (*sources(ask.facts), *limits) else step.label
        lines.append(f"{label}: {ask.cite.percent(step.citation, signed=step.role == 'change')}")
    return lines


def _orders(ask: Ask, symbol: str) -> list[str]:
    lines = order_lines(ask, (symbol,))
    return ["Orders:", *bullets(lines)] if lines else [why_nothing_was_sent(ask, symbol)]
