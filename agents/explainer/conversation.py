"""Follow-ups: what a question leaves out is taken from the questions before it, the same way every time.

why did AAPL shrink?   and why not more?   -> and why not more AAPL?
                       what about KO?      -> why did KO shrink?
                       and momentum?       -> what did the momentum specialist think of KO?
"""

from __future__ import annotations

import re
from typing import TypedDict

from agents.explainer.facts import Facts
from agents.explainer.words import agents_in, called_by_name, strangers_in, symbols_in

MOST_TURNS = 20
"""Turns that a conversation remembers."""
_ABOUT = re.compile(r"^(?:and|or|ok|so|then|,|\s)*(?:what about|how about|same for|and for|and|or)?\s*", re.IGNORECASE)
_BACK = re.compile(r"\b(it|its|that one|this one|that|this|them|they|the same)\b", re.IGNORECASE)
_GOES_ON = re.compile(
    r"^\s*(and|but|so|then|or|why|how come|by how much|how much|when|who|which agent|since when)\b", re.IGNORECASE
)
_OWN_SUBJECT = re.compile(
    r"\b(cash|turnover|book|portfolio|desk|limits?|clamps?|costs?|orders?|fills?|polic\w+|regime|macro|data|abstain\w*|"
    r"drawdown|risky|risk|approv\w+|positions|changed|contributed|summary|cycle|decision|everything|headlines)\b",
    re.IGNORECASE,
)


class Turn(TypedDict):
    """A question as it was understood, and what it was about."""

    asked: str
    question: str
    symbols: list[str]
    answer: str


def resolve(question: str, turns: list[Turn], facts: Facts) -> str:
    """The question with what it takes from earlier turns written out; as it is where it stands by itself."""
    words = " ".join(question.split())
    if not turns or not words:
        return words
    last, named = turns[-1], symbols_in(words, facts) or strangers_in(words, facts)
    rest = _ABOUT.sub("", words).strip(" ?.!")
    if named and rest.upper() == str(named[0]).upper():
        return _with_symbol(last, named[0])
    agents = agents_in(rest, facts) or called_by_name(rest, facts)
    if not named and len(agents) == 1 and len(rest.split()) <= 3 and last["symbols"]:
        return f"what did the {agents[0]} specialist think of {last['symbols'][0]}?"
    if named or not last["symbols"]:
        return words
    goes_on = _BACK.search(words) or (_GOES_ON.search(words) and not _OWN_SUBJECT.search(words))
    return f"{words.rstrip(' ?.!')} {last['symbols'][0]}?" if goes_on else words


def _with_symbol(last: Turn, name: str) -> str:
    """The last question, asked of another symbol; of no symbol it asks why."""
    if not last["symbols"]:
        return f"{last['question'].rstrip(' ?.!')} {name}?"
    question = last["question"]
    for symbol in last["symbols"]:
        question = re.sub(rf"(?<![\w.$-]){re.escape(symbol)}(?![\w-])", lambda _: name, question, flags=re.IGNORECASE)
    return question


def turn(asked: str, question: str, answer: str, facts: Facts) -> Turn:
    """A turn to remember."""
    return Turn(asked=asked, question=question, symbols=list(symbols_in(question, facts)), answer=answer)
