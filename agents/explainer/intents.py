"""From a person's words to a kind of question, the symbols and agents named, and what is taken for granted.

Deterministic: names are found in the record, then masked; the router says which kinds the rest resembles. A question
that resembles none well enough, or two about as well, is not understood: the answer says so and offers what was near.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from agents.explainer.dossier import Wants
from agents.explainer.facts import Facts
from agents.explainer.features import AGENT, SYMBOL
from agents.explainer.omissions import omissions
from agents.explainer.patterns import PREMISES, Kind, Premise
from agents.explainer.router import Likeness, likeness, sure
from agents.explainer.words import agents_in, called_by_name, mask, strangers_in, symbols_in

_OF_THE_WHOLE: frozenset[Kind] = frozenset({"changes", "positions", "decision", "cash", "book", "identity", "turnover"})
"""Kinds about the whole portfolio: a question that names a symbol means that symbol instead."""
_OF_SYMBOLS: frozenset[Kind] = frozenset(
    {"why", "orders", "costs", "views", "evidence", "contributors", "limits", "history", "counterfactual", "compare",
     "gains", "quote", "beyond", "unknown"}
)  # fmt: skip
"""Kinds that a name which is not in the record turns into "absent"."""
_BACK = re.compile(r"\b(it|its|it's|that one|this one|the same|that stock|this symbol|them|they|those)\b")
_ELLIPSIS = re.compile(r"^(and|what about|how about|and what about|same for|also|or|ok and|then)\b")
_LEFT_OUT = re.compile(r"\b(what if|without|suppose|imagine|ignor\w+|exclud\w+|if .*(had|were|was|is))\b")
"""Where an agent is left out it is called by its bare name: "what if news had said nothing"."""
_LEAST = re.compile(
    r"\b(smallest|least|lowest|tiniest|cheapest|weakest|fewest|worst|biggest loser|most in the red|bottom|minimum)\b"
)
_MOST = re.compile(
    r"\b(biggest|largest|most|highest|top|strongest|best|hardest|heaviest|main|dearest|greatest|number one|no\. 1)\b"
)
Sense = Literal["most", "least", ""]


@dataclass(frozen=True, slots=True)
class Intent:
    """What was asked. `symbols` and `agents` are of the record; `strangers` were named but are not in it."""

    kind: Kind
    symbols: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    premise: Premise = ""
    sense: Sense = ""
    """The end of a ranking that is asked for."""
    without: tuple[str, ...] = ()
    """What a counterfactual leaves out, in the names of `Archive.counterfactual`."""
    near: tuple[Kind, ...] = ()
    """Of a question that is not understood: the kinds it is nearest to."""
    words: str = ""
    """The question in lower case, for the few writers that look for a name of their own kind in it."""

    @property
    def wants(self) -> Wants:
        """What of the archive it takes to answer."""
        return Wants(
            history=self.kind in ("history", "orders", "costs"),
            cards=self.kind == "policies",
            without=self.without if self.kind == "counterfactual" else (),
        )


def understand(question: str, facts: Facts, earlier: Intent | None = None) -> Intent:
    """The intent behind a question about one record; `earlier` is what was asked before it in a conversation."""
    words = " ".join(question.replace("\u2019", "'").split())
    if not words:
        return Intent("empty")
    found = _Found(symbols_in(words, facts), agents_in(words, facts), ())
    found = replace(found, strangers=() if found.symbols else strangers_in(words, facts))
    if earlier is not None and not found.symbols and not found.strangers and _BACK.search(words.lower()):
        found = replace(found, symbols=earlier.symbols, recalled=True)
    bare = called_by_name(words, facts) if _LEFT_OUT.search(words.lower()) else ()
    near = likeness(mask(words, (*found.symbols, *found.strangers), SYMBOL, AGENT, bare))
    kind = _kind(near, found, words.lower())
    if earlier is not None and _ELLIPSIS.search(words.lower()) and _only_names(words, found):
        kind = earlier.kind
    intent = Intent(kind, found.symbols, found.agents, found.strangers, _premise(words.lower()), _sense(words.lower()))
    intent = replace(intent, words=words.lower(), near=_near(near) if kind == "unknown" else ())
    return _completed(intent, words, facts)


@dataclass(frozen=True, slots=True)
class _Found:
    symbols: tuple[str, ...]
    agents: tuple[str, ...]
    strangers: tuple[str, ...]
    recalled: bool = False

    @property
    def names_one(self) -> bool:
        return bool(self.symbols or self.strangers)


def _kind(near: Likeness, found: _Found, words: str) -> Kind:
    """The likeliest kind that the names in the question allow."""
    kind: Kind = "unknown"
    if sure(near):
        kind = next(_fitting(near, found))
    elif found.names_one and not re.search(r"[a-z]{3,} .*[a-z]{3,}", words):
        kind = "why"  # a symbol and next to nothing else
    if found.strangers and kind in _OF_SYMBOLS:
        return "absent"
    return kind


def _fitting(near: Likeness, found: _Found) -> Iterator[Kind]:
    """Kinds from the likeliest on, without those for which a name is lacking or one too many."""
    for kind, _ in near.ranked:
        if kind in _OF_THE_WHOLE and found.symbols and not found.recalled:
            yield "why"
        elif (kind != "compare" or len(found.symbols) > 1 or found.strangers) and (kind != "why" or found.names_one):
            yield kind


def _near(near: Likeness) -> tuple[Kind, ...]:
    return tuple(kind for kind, margin in near.ranked[:3] if margin > -0.9)


def _premise(words: str) -> Premise:
    for premise, pattern in PREMISES:
        if pattern.search(words):
            return premise
    return ""


def _sense(words: str) -> Sense:
    return "least" if _LEAST.search(words) else "most" if _MOST.search(words) else ""


def _only_names(words: str, found: _Found) -> bool:
    """Whether a follow-up says nothing but whom it is about: "and KO?"."""
    rest = mask(words, (*found.symbols, *found.strangers), " ", " ")
    rest = _ELLIPSIS.sub("", rest.strip())
    return (found.names_one or bool(found.agents)) and not re.search(r"[a-z]{3,}", rest)


def _completed(intent: Intent, words: str, facts: Facts) -> Intent:
    """With agents that are called by their bare name where only an agent can be meant, and what is left out."""
    if intent.kind in ("counterfactual", "contributors", "views") and not intent.agents:
        intent = replace(intent, agents=called_by_name(words, facts))
    if intent.kind == "counterfactual":
        intent = replace(intent, without=omissions(words.lower(), intent.agents, facts))
    return intent
