"""Names in a person's words: symbols and agents of the record, and names that are not in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agents.explainer.facts import Facts
from data.market import CASH


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Za-z0-9^$][A-Za-z0-9.\-=^_/]*")
ORDINARY = _words(
    """a about all am an and any are as at be been being best big book but buy by can car care case cash cat come cost
    could cut day desk did do does done down each end even ever fast few fill for form from fun fund gain get give go
    good got grow had has have he her here high him his hold how i if in is it its just keep key kind know last less let
    like line live long look lot love low main make man many may me mean mid more most much must my near net new news no
    not now of off oh ok on one only open or order our out over own pay peak plan play post price pro put real risk run
    safe say see sell set she short show size so some stay stock such sun take tell than thank that the their them then
    there they this those time to today told too top trade true two up us use very view want was way we well were what
    when where which who why will with work worth would yes yet you your"""
)
"""Words that are not taken for a ticker unless written in capitals or with a dollar sign."""
CAPITALS = _words(
    """A I AI API CPI CVAR ETF ETFS EU FED GDP ID LLM ML NAV OK P&L PNL PPO RL SAC TLDR UK US USA USD UTC VAR VADER
    WHY WHAT WHO HOW WHICH WHEN TL DR EOD Q QA FAQ CEO CFO IPO EPS ESG TCA PE RSI MACD ATR OBV SMA EMA"""
)
"""Words in capitals that are not taken for an unknown ticker."""
_MOVED = (
    r"\b(?:did|does|is|was|has|are|were)\s+([\w.\-=^$]+)\s+(?:shrink|grow|rise|fall|drop|change|move|held|cut|sold"
    r"|bought|reduced|increased|trimmed)\b"
)
_TRADED = (
    r"\b(?:buy|sell|bought|sold|hold|holding|own|trim|cut|dump|short|avoid|add|(?:news|headlines) (?:on|about|for))"
    r"\s+([\w.\-=^$]+)\s*[?.!]*$"
)
_NOT_A_NAME = ORDINARY | _words(
    """anything everything something nothing nobody anyone someone everyone these portfolio exposure weights weight
    position positions holdings holding allocation turnover volatility drawdown value limits limit orders trades agents
    agent analysts analyst specialists specialist momentum reversion social macro policy policies controller market
    stocks bonds crypto equities symbols symbol names commodities forex options futures back because during today's
    yesterday actually really still suddenly again either neither please right funds shares kept left going being
    getting"""
)


def symbols_in(words: str, facts: Facts) -> tuple[str, ...]:
    """Symbols of the record, in the order of their first mention: as written, or in any case where no ordinary word."""
    by_lower = {s.lower(): s for s in sorted(facts.symbols)}
    found: dict[str, None] = {}
    for raw in _WORD.findall(words):
        word = raw.rstrip(".-/").removeprefix("$")
        marked = raw.startswith("$")
        if word in facts.symbols and (marked or not word.islower() or word not in ORDINARY):
            if words.isupper() and word.lower() in ORDINARY and not marked:
                continue
            found[word] = None
        elif word.lower() in by_lower and (marked or word.lower() not in ORDINARY):
            found[by_lower[word.lower()]] = None
    return tuple(found)


_ROLE = r"(?:'s)?\s*(?:analysts?|specialists?|agents?|views?|opinions?|scores?)"
_AGENT = {
    "news": rf"\bnews{_ROLE}",
    "social": rf"\bsocial(?: media)?{_ROLE}",
    "macro": rf"\bmacro{_ROLE}",
    "momentum": rf"\bmomentum(?:{_ROLE})?",
    "mean_reversion": rf"\b(?:mean[ _-]?reversion|reversal)(?:{_ROLE})?",
    "risk": rf"\brisk{_ROLE}",
    "policy": rf"\b(?:polic(?:y|ies)|symbol|rl){_ROLE}",
}
"""How people name each agent: some by their own name, the others only together with what they are."""
_ANY_AGENT = re.compile(rf"(?:the )?(?:{'|'.join(_AGENT.values())})")


def agents_in(words: str, facts: Facts) -> tuple[str, ...]:
    """Agents of the record that are meant."""
    return tuple(a for a in facts.agents if re.search(_AGENT.get(a, rf"\b{re.escape(a)}\b"), words.lower()))


def called_by_name(words: str, facts: Facts) -> tuple[str, ...]:
    """Agents of the record whose bare name stands in a question in which it can mean nothing else."""
    plain = words.lower().replace("-", " ")
    return tuple(a for a in facts.agents if re.search(rf"\b{re.escape(a).replace('_', '[ _]')}\b", plain))


def mask(words: str, symbols: Iterable[str], symbol: str, agent: str, bare: Iterable[str] = ()) -> str:
    """The words in lower case, symbols and agents masked: a question of "the risk specialist" is not one of risk.

    `bare` are agents that are called by their name alone.
    """
    out = words
    for name in sorted(symbols, key=len, reverse=True):
        out = re.sub(rf"(?<![\w.])\$?{re.escape(name)}(?!\w)", symbol, out, flags=re.IGNORECASE)
    out = _ANY_AGENT.sub(agent, out.lower())
    for name in bare:
        out = re.sub(rf"\b{re.escape(name).replace('_', '[ _-]')}\b(?! (?:limit|cap|check))", agent, out)
    return out


def strangers_in(words: str, facts: Facts) -> tuple[str, ...]:
    """Names that look like a symbol but are not in the record: tickers in capitals, $names, "did tesla shrink"."""
    found: dict[str, None] = {}
    for raw in _WORD.findall(words):
        word = raw.rstrip(".-/").removeprefix("$")
        ticker = len(word) > 1 and word.isupper() and any(c.isalpha() for c in word) and not words.isupper()
        if (
            word
            and (raw.startswith("$") or ticker)
            and word.upper() not in CAPITALS | {CASH}
            and not _known(word, facts)
        ):
            found[word] = None
    for pattern in (_MOVED, _TRADED):
        for name in re.findall(pattern, words, flags=re.IGNORECASE):
            word = name.rstrip(".-").removeprefix("$")
            if len(word) > 1 and word.lower() not in _NOT_A_NAME and not _known(word, facts):
                found[word] = None
    return tuple(found)


def _known(word: str, facts: Facts) -> bool:
    return word.lower() in {s.lower() for s in facts.symbols} or word.lower() == CASH.lower()
