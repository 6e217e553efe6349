"""The checker: proves every figure, date, quotation, name and symbol of an answer against the record, or names it.

An answer is text in which each claim is followed by its citation in brackets. The checker reads the text alone; it
shares nothing with the code that wrote it but the meaning of a path (`Facts`).

* A number, percentage or date must be followed by its citation and equal it at the decimals that are shown.
* “Quoted words” must be the cited text, whole or cut with an ellipsis.
* A symbol, and a `name` between backticks, must stand in the citation next to it, in its path or as its value.
* "grew from A to B" needs B > A, "shrank from A to B" needs B < A, "stayed at" claims a difference of nothing.
* Any other token with a digit in it, or in capitals like a ticker, is unproven.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.explainer.cite import CITATION, number, quoted
from agents.explainer.facts import Facts
from data.errors import NotFound
from data.market import CASH

PLAIN_CAPITALS = frozenset({"UTC", "LLM", "VADER"})
"""Words in capitals that are not tickers."""

_BODY = r"(?:[^\[\]]|\[[^\[\]]*\])+"
_CITE = rf"\s*\[(?P<{{0}}>{_BODY})\]"
_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<quote>“[^”]*”)" + _CITE.format("quote_cite"),
            r"`(?P<name>[^`]+)`",
            r"(?P<date>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?)(?![\w-])"
            + _CITE.format("date_cite"),
            r"(?P<number>(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?%?)(?![\w%])" + _CITE.format("number_cite"),
            r"(?P<bare>“[^”]*”?)",
            rf"\[(?P<lone>{_BODY})\]",
            r"(?P<word>[^\s\[\]“”`()]+)",
        )
    )
)
_MOVES = re.compile(
    rf"\b(?P<verb>grew|shrank) from [+-]?[\d,.]+%? \[(?P<from>{_BODY})\] to [+-]?[\d,.]+%? \[(?P<to>{_BODY})\]"
)
_STAYED = re.compile(rf"\bstayed at [+-]?[\d,.]+%? \[(?P<to>{_BODY})\], as before \[(?P<from>{_BODY})\]")
_TICKER = re.compile(r"^[A-Z][A-Z0-9.\-=^_/]+$")
SAME_WEIGHT = 5e-5
"""Weights closer than this (half a basis point, unseen at two decimals of a percent) are called the same."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """A claim that the record does not bear out."""

    claim: str
    citation: str
    why: str


def check(text: str, facts: Facts) -> tuple[Unproven, ...]:
    """Every claim of `text` that the record does not prove; empty where all hold."""
    found: list[Unproven] = []
    for line in text.splitlines():
        found += _check_line(line, facts)
        found += _check_moves(line, facts)
    return tuple(found)


def citations(text: str) -> tuple[str, ...]:
    """The citations of a text, in order, without repeats."""
    return tuple(dict.fromkeys(re.findall(CITATION, text)))


def _check_line(line: str, facts: Facts) -> list[Unproven]:
    """Tokens of one line; names and symbols look at the citation before and behind them in the line."""
    found: list[Unproven] = []
    names: list[tuple[int, str]] = []
    cites: list[tuple[int, str]] = []
    for token in _TOKEN.finditer(line):
        kind = token.lastgroup or ""
        cite = next((token[g] for g in ("quote_cite", "date_cite", "number_cite", "lone") if token[g]), "")
        if cite:
            cites.append((token.start(), cite))
            why = _refuted(token, cite, facts)
            found += [Unproven(token[0].split(" [")[0], cite, why)] if why else []
        elif kind == "bare":
            found.append(Unproven(token["bare"], "", "no citation follows"))
        elif kind == "name":
            names.append((token.start(), token["name"]))
        elif kind == "word":
            word = token["word"].strip(".,;:!?'\"").removesuffix("'s")
            if word in facts.symbols or word == CASH:
                names.append((token.start(), word))
            elif re.search(r"\d", word) or (_TICKER.match(word) and word not in PLAIN_CAPITALS):
                found.append(Unproven(word, "", "no citation follows"))
    return found + [
        Unproven(name, "", "the citations beside it do not name it")
        for at, name in names
        if not any(_names(cite, name, facts) for cite in _beside(at, cites))
    ]


def _refuted(token: re.Match[str], cite: str, facts: Facts) -> str:
    """Why a cited claim does not hold, or ""."""
    try:
        value = facts.evaluate(cite)
    except (NotFound, TypeError) as error:
        return str(error)
    if token["quote"]:
        return "" if _quotes(token["quote"], value) else f"the record says {value!r}"
    if token["date"]:
        return "" if _same_date(token["date"], value) else f"the record says {value!r}"
    if token["number"]:
        return "" if _equals(token["number"], value) else f"the record says {value!r}"
    return "" if not cite.startswith("absent ") or value is True else "the record has it"


def _equals(shown: str, value: Any) -> bool:
    """Equal at the decimals shown; a percentage shows two, a number without decimals is whole."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    digits = shown.rstrip("%").lstrip("+").replace(",", "")
    decimals = len(digits.partition(".")[2])
    if shown.endswith("%"):
        return decimals == 2 and digits == number(float(value) * 100.0, 2).replace(",", "")
    if decimals == 0 and float(value) != round(float(value)):
        return False
    return digits == number(float(value), decimals).replace(",", "")


def _quotes(shown: str, value: Any) -> bool:
    said = quoted(str(value).lower() if isinstance(value, bool) else str(value))
    return shown == said


def _same_date(shown: str, value: Any) -> bool:
    try:
        return str(value) == shown and bool(datetime.fromisoformat(shown))
    except ValueError:
        return False


def _beside(at: int, cites: list[tuple[int, str]]) -> list[str]:
    before = [cite for where, cite in cites if where < at]
    behind = [cite for where, cite in cites if where >= at]
    return before[-1:] + behind[:1]


def _names(cite: str, name: str, facts: Facts) -> bool:
    """Whether a citation speaks of a name: in its path, as the value of the item it cites, or as its value."""
    if re.search(rf"(?:^|[ .\[]){re.escape(name)}(?:$|[ .\]\[])", cite):
        return True
    for path in cite.split(" - "):
        item = path.rpartition(".")[0]
        if any(facts.has(p) and facts.get(p) == name for p in (path, f"{item}.symbol", f"{item}.limit")):
            return True
    return False


def _check_moves(line: str, facts: Facts) -> list[Unproven]:
    found: list[Unproven] = []
    for move in (*_MOVES.finditer(line), *_STAYED.finditer(line)):
        try:
            change = facts.number(move["to"]) - facts.number(move["from"])
        except NotFound as error:
            found.append(Unproven(move[0], move["to"], error.message))
            continue
        verb = move.groupdict().get("verb", "stayed")
        said = "stayed" if abs(change) < SAME_WEIGHT else "grew" if change > 0 else "shrank"
        if said != verb:
            found.append(Unproven(move[0], move["to"], f"by the record it {said}"))
    return found
