"""A model's sentence, read: figures, dates, names, quotations and words, each with its place, in clauses.

The reader decides nothing. What it cannot read at all becomes a token of kind "stranger", which proves nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from agents.explainer import lexicon
from agents.explainer.cite import CITATION
from agents.explainer.facts import Facts
from data.market import CASH

TokenKind = Literal["word", "number", "date", "quote", "symbol", "source", "limit", "name", "mark", "stranger"]
Unit = Literal["", "%", "points", "bps", "million", "thousand", "count"]
CLAIMING = frozenset({"number", "date"})
_SOURCES = ("prior", "context")
_AMBIGUOUS = frozenset({"news", "social", "macro", "risk", "policy"})
"""Agents whose names are ordinary words: meant where a role or a verb of speaking follows, or between backticks."""

_UNITS: dict[str, Unit] = {
    "%": "%", "percent": "%", "per cent": "%", "percentage point": "points", "percentage points": "points",
    "pp": "points", "bps": "bps", "bp": "bps", "basis point": "bps", "basis points": "bps", "million": "million",
    "thousand": "thousand",
}  # fmt: skip
_UNIT = (
    r"(?:\s*(?P<{0}>%|percentage points?\b|percent\b|per cent\b|pp\b|bps\b|bp\b|basis points?\b|million\b|thousand\b))?"
)
_MONTH = "|".join(f"{m}|{m[:3]}" for m in lexicon.MONTHS)
_WORDED = "|".join(sorted(lexicon.NUMBERS, key=len, reverse=True))


@dataclass(slots=True)
class Token:
    """One piece. `value` and `unit` of a figure as shown; `cite` is the citation that stands right behind it."""

    kind: TokenKind
    text: str
    value: float = 0.0
    unit: Unit = ""
    decimals: int = 0
    cite: str = ""

    @property
    def word(self) -> str:
        """The text in lower case."""
        return self.text.lower()


@dataclass(slots=True)
class Clause:
    """Tokens that belong together; `heirs` are the symbols and sources named last before it."""

    tokens: list[Token]
    symbols: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def has(self, kind: TokenKind) -> bool:
        """Whether a token of a kind is in it."""
        return any(t.kind == kind for t in self.tokens)

    def words(self) -> set[str]:
        """Its words, in lower case."""
        return {t.word for t in self.tokens if t.kind in ("word", "source", "symbol")}


@dataclass(slots=True)
class Sentence:
    """A sentence with everything that it cites, inline or beside it."""

    text: str
    clauses: list[Clause]
    cites: tuple[str, ...]
    tokens: list[Token] = field(default_factory=list[Token])


class Reader:
    """Reads sentences about one record: it knows the record's symbols, agents and limits by name."""

    def __init__(self, facts: Facts) -> None:
        self.symbols = facts.symbols | {CASH}
        self.sources = frozenset((*facts.agents, *_SOURCES))
        self.limits = frozenset(str(clamp["limit"]) for clamp in facts.items("verdict.clamps"))
        names = "|".join(re.escape(s) for s in sorted(facts.symbols, key=lambda s: (-len(s), s)))
        self._token = re.compile(
            "|".join(
                (
                    r"(?P<quote>“[^”]*”)",
                    r"(?P<cite>\s*" + CITATION.replace("(", "(?:", 1) + ")",
                    r"`(?P<name>[^`]+)`",
                    rf"(?P<symbol>(?<![\w$])(?:{names})(?!\w|[-=.^/]\w))" if names else r"(?P<symbol>(?!))",
                    r"(?P<date>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?)(?![\w-])",
                    rf"(?P<spoken>(?i:\b(?:{_MONTH})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b))",
                    rf"(?P<spoken2>(?i:\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})\.?,?\s+\d{{4}}\b))",
                    r"(?P<number>(?<![\w.$€£¥])[+-]?\d[\d,]*(?:\.\d+)?)(?![\w.,]*\d)"
                    + _UNIT.format("unit")
                    + r"(?![\w$€£¥])",
                    rf"(?P<worded>(?i:\b(?:{_WORDED})(?:(?:\s+and\s+|[\s-]+)(?:{_WORDED}))*\b))"
                    + _UNIT.format("worded_unit"),
                    r"(?P<word>[^\W\d_](?:(?:[\w'=^/.-]|:(?=\w))*\w)?)",
                    r"(?P<mark>'s\b|'|[,;:()\u2014\u2013.!?-])",
                    r"(?P<stranger>\S)",
                )
            )
        )

    def read(self, text: str, cites: tuple[str, ...], before: Clause | None = None) -> Sentence:
        """Text and the fields that it cites beside it; `before` is the last clause of the sentence before."""
        tokens, inline = self._tokens(_plain(text))
        self._name(tokens)
        clauses = _clauses(tokens)
        last = before
        for clause in clauses:
            _inherit(clause, last)
            last = clause
        return Sentence(text, clauses, tuple(dict.fromkeys((*inline, *cites))), tokens)

    def _tokens(self, text: str) -> tuple[list[Token], list[str]]:
        tokens: list[Token] = []
        inline: list[str] = []
        for match in self._token.finditer(text):
            kind = match.lastgroup or ""
            if match["cite"]:
                path = match["cite"].strip()[1:-1]
                inline.append(path)
                if tokens and tokens[-1].kind in ("number", "date", "quote") and not tokens[-1].cite:
                    tokens[-1].cite = path
                continue
            tokens.append(_token(match, "number" if match["number"] else "worded" if match["worded"] else kind))
        return tokens, inline

    def _name(self, tokens: list[Token]) -> None:
        """Words that are names of this record."""
        for i, token in enumerate(tokens):
            follows = next((t.word.removesuffix("'s") for t in tokens[i + 1 : i + 3] if t.word != "'s"), "")
            if token.kind == "symbol" and token.word in lexicon.HARMLESS and token.text.istitle() and i == 0:
                token.kind = "word"
            elif token.kind == "name":
                token.kind = self._kind_of(token.text)
            elif token.kind == "word":
                token.text = token.text.removesuffix("'s")
                if token.word == CASH.lower():
                    token.kind, token.text = "symbol", CASH
                elif token.text in self.limits:
                    token.kind = "limit"
                elif token.word in self.sources and (
                    token.word not in _AMBIGUOUS or follows in lexicon.ROLES | lexicon.SPEAKING
                ):
                    token.kind, token.text = "source", token.word
        _join_mean_reversion(tokens, self.sources)

    def _kind_of(self, name: str) -> TokenKind:
        if name in self.symbols:
            return "symbol"
        return "source" if name in self.sources else "limit" if name in self.limits else "name"


def _plain(text: str) -> str:
    """One line; straight quotation marks as curly ones, every minus as "-"; the quotations themselves as they are."""
    pieces = re.split(r"(“[^”]*”)", " ".join(text.split()))
    straight = (p if p.startswith("“") else re.sub(r'"([^"]*)"', r"“\1”", p) for p in pieces)
    pieces = re.split(r"(“[^”]*”)", "".join(straight))
    return "".join(p if p.startswith("“") else _folded(p) for p in pieces)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'").replace("\u2011", "-")
    for phrase, meaning in lexicon.PHRASES.items():
        folded = re.sub(rf"\b{phrase}\b", meaning, folded, flags=re.IGNORECASE)
    return re.sub(r"\b(did|do|does|was|were|is|has|had|have|could|can)n't\b", r"\1 not", folded).replace(
        "cannot", "can not"
    )


def _token(match: re.Match[str], kind: str) -> Token:
    if kind == "number":
        digits = match["number"].replace(",", "")
        unit = _UNITS.get((match["unit"] or "").lower(), "")
        return Token("number", match[0].strip(), float(digits), unit, len(digits.partition(".")[2]))
    if kind == "worded":
        value = _worded(match["worded"].lower())
        unit = _UNITS.get((match["worded_unit"] or "").lower(), "count")
        return Token("stranger" if value is None else "number", match[0].strip(), value or 0.0, unit)
    if kind in ("spoken", "spoken2"):
        return Token("date", _iso(match[0]))
    text = match[kind]
    return Token(kind if kind != "name" else "name", text)  # type: ignore[arg-type]


def _worded(words: str) -> float | None:
    """ "twenty-one" -> 21.0; None where the words make no one number."""
    total = 0
    last = 1000
    for word in re.split(r"[\s-]+(?:and\s+)?", words):
        value = lexicon.NUMBERS[word]
        if value == 100:
            total, last = (total or 1) * 100, 100
        elif value < last and (last == 1000 or last == 100 or (last >= 20 and value < 10)):
            total, last = total + value, value
        else:
            return None
    return float(total)


def _iso(spoken: str) -> str:
    """ "March 16, 2020" or "16th of March 2020" -> "2020-03-16"; "" where there is no such day."""
    words = [w for w in re.findall(r"[A-Za-z]+|\d+", spoken.lower()) if w not in ("st", "nd", "rd", "th", "of")]
    month = next(i for i, m in enumerate(lexicon.MONTHS, 1) if any(w[:3] == m[:3] and w.isalpha() for w in words))
    day, year = (int(w) for w in words if w.isdigit())
    return f"{year:04d}-{month:02d}-{day:02d}"


def _join_mean_reversion(tokens: list[Token], sources: frozenset[str]) -> None:
    """ "mean reversion" is one name."""
    for i in range(len(tokens) - 1):
        if (tokens[i].word, tokens[i + 1].word) == ("mean", "reversion") and "mean_reversion" in sources:
            tokens[i].kind, tokens[i].text = "source", "mean_reversion"
            tokens[i + 1].kind, tokens[i + 1].text = "word", "the"


def _clauses(tokens: list[Token]) -> list[Clause]:
    """Split at marks and at words that begin a thought; a piece without a claim joins the one behind it."""
    pieces: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        ends = token.kind == "mark" and token.text not in ("-", "'", "'s")
        joins = token.word == "and" and _claims(pieces[-1]) and _claims(_until_mark(tokens[i + 1 :]))
        if ends or joins or (token.kind == "word" and token.word in lexicon.SPLITTING):
            pieces.append([])
        pieces[-1].append(token)
    merged: list[list[Token]] = []
    waiting: list[Token] = []
    for piece in pieces:
        if _claims(piece):
            merged.append([*waiting, *piece])
            waiting = []
        else:
            waiting += piece
    if waiting:
        merged = [*merged[:-1], [*merged[-1], *waiting]] if merged else [waiting]
    return [Clause(piece) for piece in merged]


def _claims(tokens: list[Token]) -> bool:
    telling = (
        lexicon.UP | lexicon.DOWN | lexicon.FLAT | lexicon.GREATEST | lexicon.SMALLEST | frozenset(lexicon.MULTIPLIED)
    )
    return any(t.kind in CLAIMING or t.word in telling for t in tokens)


def _until_mark(tokens: list[Token]) -> list[Token]:
    end = next((i for i, t in enumerate(tokens) if t.kind == "mark" or t.word in lexicon.SPLITTING), len(tokens))
    return tokens[:end]


def _inherit(clause: Clause, last: Clause | None) -> None:
    named = tuple(t.text for t in clause.tokens if t.kind == "symbol")
    spoke = tuple(t.text for t in clause.tokens if t.kind == "source")
    clause.symbols = named[-1:] or (last.symbols if last else ())
    clause.sources = spoke[-1:] or (last.sources if last else ())


def cited_text(text: str, cites: tuple[str, ...], facts: Facts) -> str:
    """The sentence on one line with its citations, those that stand inline where they are, the rest at its end."""
    line = _plain(text)
    inline = re.findall(CITATION, line)
    rest = dict.fromkeys(facts.written(c) for c in cites if c not in inline)
    return " ".join((line, *(f"[{cite}]" for cite in rest)))
