"""What is shown to a chat model without names and dates: aliases that stay the same for a book, numbers as they are.

A model that has read about the past may remember what followed. It remembers by name and date; both go. What it can
still tell from the numbers is not hidden (docs/leakage.md).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from agents.analysts.dates import PATTERNS, distance
from agents.analysts.documents import Document, Sheet
from agents.analysts.names import all_names
from agents.analysts.reading import ReadOpinion

_TICKERS_TOO = (
    "a all am an any are arm as at auto bar be best big bill box bro buy by can car cash cat coin cost dare dash day "
    "deck dow eat edit else ever eye fast five for fun fund gain game go gold good hack has he hope hot is it its jobs "
    "joy key kids land life live love low main man mark more next nice nine now oil on one open or out pay peak plan "
    "play plug post pro ride rock run safe sail sea see self ship sky snow so son spot star tap tech teva the tip true "
    "turn two vice wave well whey wing wish wolf work you collared condors straddle buywrite"
)
WORDS = frozenset(_TICKERS_TOO.split())
"""Words that are tickers too: hidden only where they are written in capitals."""
_SIGNS = str.maketrans({0x2019: "'", 0x2018: "'", 0x2010: "-", 0x2011: "-", 0x2013: "-", 0x2014: "-"})
_SUFFIX = r"(?:,?\s(?:inc|corp|corporation|co|company|group|holdings?|plc|ltd|limited|ag|nv|sa|se|& co)\b\.?)*"
_LINK = (
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w@.])(?:[\w-]+\.)+(?:com|net|org|io|gov|co|uk|de|fr|jp|cn|tv|info|biz|app|news)\b(?:/\S*)?"
)


@dataclass(frozen=True)
class Mask:
    """Hides the symbols and names of one universe and every date, told from the day `today`.

    `book` salts the aliases: the same symbol has the same alias in every cycle of a book, and another one elsewhere.
    """

    book: str
    today: date
    symbols: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    aliases: dict[str, str] = field(init=False)
    _pattern: re.Pattern[str] = field(init=False)
    _called: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        called = dict(_called(self.symbols, all_names(self.symbols, self.names)))
        object.__setattr__(self, "aliases", {s: _alias(self.book, s) for s in self.symbols})
        object.__setattr__(self, "_called", {_key(words): symbol for words, symbol in called.items()})
        object.__setattr__(self, "_pattern", _pattern(called))

    def text(self, words: str) -> str:
        """The text with every name, address and date replaced; numbers stay."""
        return self._pattern.sub(self._hidden, _plain(words))

    def sheet(self, sheet: Sheet) -> Sheet:
        """The sheet as a model may see it: symbols by alias, documents by number, "[day +0]" for the day."""
        kinds = [document.reference.partition(":")[0] for document in sheet.documents]
        return replace(
            sheet,
            symbols=tuple(self.aliases[s] for s in sheet.symbols),
            as_of="[day +0]",
            documents=tuple(
                Document(f"{kind}:{n}", self.aliases.get(d.symbol, ""), self.text(d.text))
                for n, (kind, d) in enumerate(zip(kinds, sheet.documents, strict=True), start=1)
            ),
        )

    def unmasked(self, read: Mapping[str, ReadOpinion], sheet: Sheet) -> dict[str, ReadOpinion]:
        """What was said of the masked sheet, in the symbols and references of the open one."""
        symbols = {self.aliases[s]: s for s in sheet.symbols}
        shown = self.sheet(sheet).documents
        references = {m.reference: d.reference for m, d in zip(shown, sheet.documents, strict=True)}
        return {
            symbols[alias]: said.model_copy(
                update={"symbol": symbols[alias], "evidence": [references[e] for e in said.evidence]}
            )
            for alias, said in read.items()
        }

    def _hidden(self, match: re.Match[str]) -> str:
        kind, words = str(match.lastgroup), match.group()
        if kind == "link":
            return "[link]"
        if kind == "account":
            return "[account]"
        if kind == "isin":
            return "[id]"
        if kind in PATTERNS:
            return distance(kind, words, self.today)
        symbol = self._called.get(_key(match.group(kind)))
        return self.aliases[symbol] if symbol else "[other]"


def _alias(book: str, symbol: str) -> str:
    """ "S-" and eight letters that no ticker is made of; they say nothing of the symbol."""
    digest = hashlib.sha256(f"{book}\x1f{symbol}".encode()).digest()[:8]
    return "S-" + "".join("BCDFGHJKLMNPQRST"[byte % 16] for byte in digest)


def _called(symbols: Sequence[str], names: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Every way in which a symbol is written, and the symbol; the longest first, so that none is cut in two."""
    said: dict[str, str] = {}
    for symbol in symbols:
        base, _, money = symbol.partition("-")
        if not money and len(symbol) >= 6 and symbol.endswith("USD"):
            base, money = symbol[:-3], "USD"
        pairs = [f"{base}{between}{money}" for between in ("", "/", "-", "_", " ")] if money else []
        for words in (symbol, re.sub(r"\W", "", symbol), base, *pairs, *names.get(symbol, ())):
            if words:
                said.setdefault(words, symbol)
    yield from sorted(said.items(), key=lambda item: (-len(item[0]), item[0]))


def _pattern(called: Mapping[str, str]) -> re.Pattern[str]:
    """One pattern, so that what was put in is never looked at again."""
    shy = [w for w in called if w.lower() in WORDS or len(w) <= 2]
    open_ = [w for w in called if w not in shy]
    ends = r"(?![A-Za-z0-9])"
    parts = [
        rf"(?P<link>{_LINK})",
        r"(?P<account>(?<!\w)@\w+)",
        r"(?P<isin>\b[A-Z]{2}(?=[A-Z0-9]*\d)[A-Z0-9]{9}\d\b)",
        *(f"(?P<{kind}>(?i:{_numbered(kind)}))" for kind in PATTERNS),
        r"\$(?P<cashtag>[A-Za-z]{1,6}(?:[.-][A-Za-z]{1,3})?)(?![A-Za-z0-9])",
        r"(?<=NYSE: |SDAQ: )(?P<listed>[A-Z]{1,6})\b",
        *([rf"(?<![A-Za-z0-9])(?P<name>(?i:{_any(open_)}))(?i:{_SUFFIX}){ends}"] if open_ else []),
        *([rf"(?<![A-Za-z0-9])(?P<shy>{_any([w.upper() for w in shy])}){ends}"] if shy else []),
    ]
    return re.compile("|".join(parts))


def _numbered(kind: str) -> str:
    """The pattern of a date, its one inner group by a name: within the whole it has another number."""
    return PATTERNS[kind].replace("([/.-])", "(?P<between>[/.-])").replace(r"\1", "(?P=between)")


def _any(words: Sequence[str]) -> str:
    """Any of the words; spaces and signs inside one may be written otherwise or left out."""
    return "|".join(re.sub(r"(?:\\?[\s.&'-])+", r"[\\s.&'_-]*", re.escape(w)) for w in words)


def _key(words: str) -> str:
    return re.sub(r"[\s.&'_/-]", "", words).casefold()


def _plain(words: str) -> str:
    """NFKC without invisible characters, dashes and quotes plain: look-alikes are the letters they look like."""
    folded = unicodedata.normalize("NFKC", words).translate(_SIGNS)
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")
