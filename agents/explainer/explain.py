"""The explainer: a question and a record in, a checked answer out. It reads nothing but the dossier, asks no model.

question -> understand -> write (every figure with its citation) -> check -> answer, or an honest refusal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agents.explainer.answer import Answer, Waterfall
from agents.explainer.answers.compare import compare
from agents.explainer.answers.counterfactual import counterfactual
from agents.explainer.answers.evidence import evidence
from agents.explainer.answers.gains import gains
from agents.explainer.answers.history import history
from agents.explainer.answers.opinions import abstentions, contributors, views
from agents.explainer.answers.oversight import approval, limits, risk
from agents.explainer.answers.portfolio import book, cash, changes, decision, positions, turnover
from agents.explainer.answers.provenance import data, fallback, identity, macro, policies, regime
from agents.explainer.answers.quote import quote
from agents.explainer.answers.refusals import absent, beyond, empty, unknown, usage
from agents.explainer.answers.settings import settings
from agents.explainer.answers.state import state
from agents.explainer.answers.symbols import why
from agents.explainer.answers.trading import costs, orders
from agents.explainer.ask import Ask
from agents.explainer.checker import check, citations
from agents.explainer.cite import Cite
from agents.explainer.dossier import NOTHING, Archive, dossier
from agents.explainer.facts import Facts
from agents.explainer.intents import Intent, understand
from agents.explainer.patterns import Kind
from agents.explainer.waterfall import waterfall
from data.errors import NotFound
from data.market import CASH

Writer = Callable[[Ask], list[str]]

WRITERS: dict[Kind, Writer] = {
    "why": why,
    "decision": decision,
    "changes": changes,
    "positions": positions,
    "contributors": contributors,
    "limits": limits,
    "approval": approval,
    "evidence": evidence,
    "views": views,
    "abstentions": abstentions,
    "risk": risk,
    "turnover": turnover,
    "orders": orders,
    "costs": costs,
    "cash": cash,
    "book": book,
    "data": data,
    "policies": policies,
    "fallback": fallback,
    "state": state,
    "gains": gains,
    "history": history,
    "counterfactual": counterfactual,
    "compare": compare,
    "quote": quote,
    "settings": settings,
    "help": usage,
    "beyond": beyond,
    "regime": regime,
    "macro": macro,
    "identity": identity,
    "absent": absent,
    "empty": empty,
    "unknown": unknown,
}
WITHHELD = "The answer is withheld: it could not be proven against the record."


def explain(
    record: Mapping[str, Any], question: str, archive: Archive | None = None, earlier: Intent | None = None
) -> Answer:
    """Answer a question about one CycleRecord (its JSON form) from its dossier: the record and, with an `archive`,
    the book's other cycles, the cards of its policies and counterfactual runs. `earlier` is what was asked before.

    Raises CorruptFile where the record is not one. An answer with a claim that the checker cannot prove is withheld,
    and says so; a question that is not understood, or names a symbol that is not in the record, is answered with that.
    """
    facts, intent = prepare(record, question, archive, earlier)
    return written(facts, intent)


def prepare(
    record: Mapping[str, Any], question: str, archive: Archive | None = None, earlier: Intent | None = None
) -> tuple[Facts, Intent]:
    """What the question means, and the facts it takes to answer it."""
    facts = Facts(record)
    intent = understand(question, facts, earlier)
    if archive is not None and intent.wants != NOTHING:
        facts = Facts(dossier(record, archive, intent.wants))
    return facts, intent


def written(facts: Facts, intent: Intent) -> Answer:
    """The written answer to an intent, checked against the facts."""
    try:
        lines = WRITERS[intent.kind](Ask(facts, Cite(facts), intent))
    except NotFound as error:
        return Answer(text=f"The record does not hold what it takes to answer: {error.message}.", kind=intent.kind)
    text = "\n".join(lines)
    unproven = check(text, facts)
    if unproven:
        claims = "; ".join(f"{u.claim} ({u.why})" for u in unproven)
        return Answer(text=f"{WITHHELD} Unproven: {claims}", kind=intent.kind)
    return Answer(
        text=text, kind=intent.kind, citations=citations(text), waterfall=_waterfall(facts, intent.kind, intent.symbols)
    )


def _waterfall(facts: Facts, kind: Kind, symbols: tuple[str, ...]) -> Waterfall | None:
    """Of the first symbol in question; of cash where cash is asked about."""
    if kind == "cash":
        return waterfall(facts, CASH)
    return waterfall(facts, symbols[0]) if symbols and kind in ("why", "contributors") else None
